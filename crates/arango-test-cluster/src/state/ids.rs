//! Ids of every kind. The same seed gives the same ids.

use std::fmt::Write as _;

use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

use crate::store::sequence::Sequence;

/// Generates ids from a seed and from counters.
#[derive(Debug)]
pub(crate) struct Ids {
    random: StdRng,
    sequence: Arc<Sequence>,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed), sequence: Arc::new(Sequence::new(seed)) }
    }

    /// Returns a UUID of version 4, in lower case.
    pub(crate) fn uuid(&mut self) -> String {
        let mut bytes: [u8; 16] = self.random.random();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let mut text = String::with_capacity(36);
        for (index, byte) in bytes.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        }
        text
    }

    pub(crate) fn hex(&mut self, bytes: usize) -> String {
        let mut raw = vec![0; bytes];
        self.random.fill_bytes(&mut raw);
        raw.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }

    /// Returns the next id. Collections, shards, indexes and agency jobs share one sequence.
    pub(crate) fn next(&mut self) -> u64 {
        self.sequence.next()
    }

    /// Reserves `count` numbers and returns the first.
    pub(crate) fn reserve(&mut self, count: u64) -> u64 {
        self.sequence.reserve(count)
    }

    /// Continues the sequence above `minimum`.
    pub(crate) fn raise(&mut self, minimum: u64) {
        self.sequence.raise(minimum);
    }

    /// Returns a new document revision: opaque and unique.
    pub(crate) fn revision(&mut self) -> String {
        self.sequence.revision().text()
    }

    /// Returns the counters, for queries that are in progress.
    pub(crate) fn sequence(&self) -> Arc<Sequence> {
        self.sequence.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let (mut one, mut other, mut third) = (Ids::new(7), Ids::new(7), Ids::new(8));

        let uuid = one.uuid();
        assert_eq!(uuid, other.uuid());
        assert_ne!(uuid, third.uuid());
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
    }
}
