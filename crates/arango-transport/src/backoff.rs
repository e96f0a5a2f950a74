//! How long to pause before a request is sent again.

use std::time::Duration;

use arango_balance::RandomSource;

use crate::rules::Pause;

impl Pause {
    /// The pause before the `nth` further attempt, counted from zero.
    ///
    /// Each kind doubles up to its own cap, and chance spreads it so that clients that failed
    /// together do not come back together.
    pub(crate) fn length(self, nth: u32, jitter: &dyn RandomSource) -> Duration {
        let grown = |base: u64, cap: u64| {
            Duration::from_millis(base)
                .saturating_mul(2_u32.saturating_pow(nth))
                .min(Duration::from_millis(cap))
        };
        let chance = jitter.next_f64();
        match self {
            Self::Connection => grown(25, 1000).mul_f64(chance),
            Self::Overload => {
                let half = grown(100, 3000) / 2;
                half + half.mul_f64(chance)
            }
            Self::Conflict => {
                let least = Duration::from_millis(5);
                least + grown(10, 500).saturating_sub(least).mul_f64(chance)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arango_balance::SeededRandom;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pauses_grow_to_their_cap_and_never_beyond(seed: u64, nth in 0_u32..100) {
            let jitter = SeededRandom::new(seed);
            let ms = |pause: Pause| pause.length(nth, &jitter).as_secs_f64() * 1000.0;
            let power = 2_f64.powi(i32::try_from(nth).unwrap());
            prop_assert!(ms(Pause::Connection) <= (25.0 * power).min(1000.0));
            let overload = ms(Pause::Overload);
            let most = (100.0 * power).min(3000.0);
            prop_assert!(overload >= most / 2.0 && overload <= most);
            let conflict = ms(Pause::Conflict);
            prop_assert!(conflict >= 5.0 && conflict <= (10.0 * power).min(500.0));
        }
    }
}
