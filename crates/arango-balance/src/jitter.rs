//! Chance, as something that can be handed in.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A source of chance.
///
/// Everything here and above that leaves something to chance asks one of these, so that a test can
/// make it certain.
pub trait RandomSource: Send + Sync + fmt::Debug {
    /// The next number, at least 0 and less than 1.
    fn next_f64(&self) -> f64;
}

/// Takes chance from a generator of the current thread; takes no lock.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThreadRandom;

impl RandomSource for ThreadRandom {
    fn next_f64(&self) -> f64 {
        rand::rng().random()
    }
}

/// Gives the same numbers for the same seed, in the order in which they are asked for.
pub struct SeededRandom(Mutex<StdRng>);

impl SeededRandom {
    /// Begins the sequence of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl RandomSource for SeededRandom {
    fn next_f64(&self) -> f64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).random()
    }
}

impl fmt::Debug for SeededRandom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeededJitter")
    }
}

/// A number below `count`, each with the same probability; `None` if there is none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a number of members, which is small"
)]
pub(crate) fn index_below(count: usize, jitter: &dyn RandomSource) -> Option<usize> {
    if count == 0 {
        return None;
    }
    // The product may round up to `count`.
    Some(((jitter.next_f64() * count as f64) as usize).min(count - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_all_lie_in_the_unit_interval() {
        let (a, b) = (SeededRandom::new(7), SeededRandom::new(7));
        for _ in 0..1000 {
            let number = a.next_f64();
            assert!((0.0..1.0).contains(&number));
            assert_eq!(number.to_bits(), b.next_f64().to_bits());
        }
        assert!((0.0..1.0).contains(&ThreadRandom.next_f64()));
    }
}
