//! Backoff before a retry.

use std::time::Duration;

/// The reason for a backoff, which determines its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backoff {
    /// The connection failed.
    Connection,
    /// The server is overloaded or starting.
    Overload,
    /// The request conflicted with another write.
    Conflict,
}

impl Backoff {
    /// Returns the backoff before retry number `nth`, counted from zero.
    ///
    /// Connection failures: up to 25 ms, cap 1 s. Overload: 50 to 100 ms, cap 3 s. Conflicts: 5 to 10 ms,
    /// cap 500 ms. Each doubles up to its cap. `random`, from 0 to 1, selects the length within its range, so
    /// that clients that failed at the same time do not retry at the same time.
    pub(crate) fn duration(self, nth: u32, random: f64) -> Duration {
        let exponential = |base: u64, cap: u64| {
            Duration::from_millis(base)
                .saturating_mul(2_u32.saturating_pow(nth))
                .min(Duration::from_millis(cap))
        };
        match self {
            Self::Connection => exponential(25, 1000).mul_f64(random),
            Self::Overload => {
                let half = exponential(100, 3000) / 2;
                half + half.mul_f64(random)
            }
            Self::Conflict => {
                let min = Duration::from_millis(5);
                min + exponential(10, 500).saturating_sub(min).mul_f64(random)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn backoff_grows_up_to_its_cap(random in 0.0..1.0, nth in 0_u32..100) {
            let ms = |pause: Backoff| pause.duration(nth, random).as_secs_f64() * 1000.0;
            let power = 2_f64.powi(i32::try_from(nth).unwrap());
            prop_assert!(ms(Backoff::Connection) <= (25.0 * power).min(1000.0));
            let overload = ms(Backoff::Overload);
            let max = (100.0 * power).min(3000.0);
            prop_assert!(overload >= max / 2.0 && overload <= max);
            let conflict = ms(Backoff::Conflict);
            prop_assert!(conflict >= 5.0 && conflict <= (10.0 * power).min(500.0));
        }
    }
}
