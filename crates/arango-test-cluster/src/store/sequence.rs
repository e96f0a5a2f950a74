//! Numbers that are never given out twice: ids of the cluster and revisions of documents.

use std::sync::atomic::{AtomicU64, Ordering};

/// The digits of a revision, in the order of their values.
const DIGITS: &[u8; 64] = b"-_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The counters of a cluster. Queries that are in progress share them.
#[derive(Debug)]
pub(crate) struct Sequence {
    id: AtomicU64,
    revision: AtomicU64,
    seed: u64,
}

impl Default for Sequence {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Sequence {
    /// Creates the counters of a cluster with this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { id: AtomicU64::new(1_010_000), revision: AtomicU64::new(1 << 36), seed }
    }

    /// Returns the seed for the random values of a document, which no other revision has.
    pub(crate) fn seed_of(&self, revision: Revision) -> u64 {
        self.seed ^ revision.0 << 8
    }

    /// Returns the next id.
    pub(crate) fn next(&self) -> u64 {
        self.reserve(1)
    }

    /// Reserves `count` ids and returns the first.
    pub(crate) fn reserve(&self, count: u64) -> u64 {
        self.id.fetch_add(count, Ordering::Relaxed) + 1
    }

    /// Continues the ids above `minimum`.
    pub(crate) fn raise(&self, minimum: u64) {
        self.id.fetch_max(minimum, Ordering::Relaxed);
    }

    /// Returns a new revision.
    pub(crate) fn revision(&self) -> Revision {
        Revision(self.revision.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// The revision of a document. Its text is opaque for clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Revision(u64);

impl Revision {
    /// Returns the text, as in `_rev`.
    pub(crate) fn text(self) -> String {
        let digit = |shift: u32| char::from(DIGITS[usize::from((self.0 >> shift & 63) as u8)]);
        let digits: String = (0..7).rev().map(|place| digit(place * 6)).collect();
        format!("_{digits}---")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_differ_and_have_eleven_characters() {
        let sequence = Sequence::default();
        let (one, other) = (sequence.revision(), sequence.revision());

        assert_ne!(one.text(), other.text());
        assert_eq!(one.text().len(), 11);
    }
}
