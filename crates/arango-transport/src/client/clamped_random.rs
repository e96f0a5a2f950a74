//! The random source of the program, within its contract.

use std::fmt;
use std::sync::Arc;

use arango_balance::RandomSource;

/// Returns the numbers of another source, at least 0 and less than 1.
///
/// Pauses and ages are multiplied by them, which panics for a negative number and for NaN.
pub(crate) struct ClampedRandom(pub(crate) Arc<dyn RandomSource>);

impl RandomSource for ClampedRandom {
    fn next_f64(&self) -> f64 {
        // The maximum of NaN and 0 is 0.
        self.0.next_f64().max(0.0).min(1.0_f64.next_down())
    }
}

impl fmt::Debug for ClampedRandom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Fixed(f64);

    impl RandomSource for Fixed {
        fn next_f64(&self) -> f64 {
            self.0
        }
    }

    #[test]
    fn every_number_lies_in_the_unit_interval() {
        for number in [f64::NAN, f64::NEG_INFINITY, -1.0, -0.0, 0.5, 1.0, 7.0, f64::INFINITY] {
            let clamped = ClampedRandom(Arc::new(Fixed(number))).next_f64();
            assert!((0.0..1.0).contains(&clamped), "{number}: {clamped}");
        }
        assert!((ClampedRandom(Arc::new(Fixed(0.5))).next_f64() - 0.5).abs() < f64::EPSILON);
    }
}
