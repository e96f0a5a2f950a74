//! Chance, as something that can be handed in.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A source of chance.
///
/// Everything here and above that leaves something to chance asks one of these, so that a test can
/// make it certain.
pub trait Jitter: Send + Sync + fmt::Debug {
    /// The next number, at least 0 and less than 1.
    fn unit(&self) -> f64;
}

/// Takes chance from a generator of the current thread; takes no lock.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThreadJitter;

impl Jitter for ThreadJitter {
    fn unit(&self) -> f64 {
        rand::rng().random()
    }
}

/// Gives the same numbers for the same seed, in the order in which they are asked for.
pub struct SeededJitter(Mutex<StdRng>);

impl SeededJitter {
    /// Begins the sequence of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Jitter for SeededJitter {
    fn unit(&self) -> f64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).random()
    }
}

impl fmt::Debug for SeededJitter {
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
pub(crate) fn below(count: usize, jitter: &dyn Jitter) -> Option<usize> {
    if count == 0 {
        return None;
    }
    // The product may round up to `count`.
    Some(((jitter.unit() * count as f64) as usize).min(count - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_all_lie_in_the_unit_interval() {
        let (a, b) = (SeededJitter::new(7), SeededJitter::new(7));
        for _ in 0..1000 {
            let number = a.unit();
            assert!((0.0..1.0).contains(&number));
            assert_eq!(number.to_bits(), b.unit().to_bits());
        }
        assert!((0.0..1.0).contains(&ThreadJitter.unit()));
    }
}
