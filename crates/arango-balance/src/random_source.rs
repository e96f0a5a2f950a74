//! Source of random numbers, a parameter so that tests are deterministic.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A source of random numbers.
///
/// All random choices in this crate, and in the crates that build on it, use one of these. Tests pass a
/// [`SeededRandom`] to make them deterministic.
pub trait RandomSource: Send + Sync + fmt::Debug {
    /// Returns the next number, at least 0 and less than 1.
    fn next_f64(&self) -> f64;
}

/// Uses the random generator of the current thread. Takes no lock.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThreadRandom;

impl RandomSource for ThreadRandom {
    fn next_f64(&self) -> f64 {
        rand::rng().random()
    }
}

/// Returns the same sequence of numbers for the same seed.
pub struct SeededRandom(Mutex<StdRng>);

impl SeededRandom {
    /// Starts the sequence of `seed`.
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
        f.write_str("SeededRandom")
    }
}

/// Returns a random index below `count`, uniformly distributed; `None` if `count` is 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a number of members, which is small"
)]
pub(crate) fn index_below(count: usize, random: &dyn RandomSource) -> Option<usize> {
    if count == 0 {
        return None;
    }
    // The product may round up to `count`.
    Some(((random.next_f64() * count as f64) as usize).min(count - 1))
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
