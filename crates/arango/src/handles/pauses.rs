//! Pauses before a request is sent again, within the time of its call and the retry budget of the client.

use std::time::Duration;

use arango_transport::Transport;
use arango_transport::balance::RandomSource;
use tokio::time::sleep;

/// Pauses of which each is twice as long as the one before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pauses {
    first: Duration,
    longest: Duration,
}

impl Pauses {
    /// The pauses after a conflict with another write.
    #[cfg(feature = "data")]
    pub(crate) const AFTER_CONFLICT: Self = Self::from_millis(5, 500);

    pub(crate) const fn from_millis(first: u64, longest: u64) -> Self {
        Self { first: Duration::from_millis(first), longest: Duration::from_millis(longest) }
    }

    /// Returns the pause before the n-th repetition, from 0: a random part of it, at least half.
    pub(crate) fn pause(self, nth: u32, random: &dyn RandomSource) -> Duration {
        let pause = self.first.saturating_mul(2_u32.saturating_pow(nth));
        at_least_half(pause.min(self.longest), random)
    }
}

/// Returns a random part of a pause, at least half.
///
/// Clients that failed at the same time do not send again at the same time.
pub(crate) fn at_least_half(pause: Duration, random: &dyn RandomSource) -> Duration {
    pause / 2 + (pause / 2).mul_f64(random.next_f64())
}

/// Pauses, and pays for the request that follows. `false` if no time would be left, or the retry budget is used up.
#[inline]
pub(crate) async fn pause_and_pay(transport: &Transport, pause: Duration, left: Duration) -> bool {
    if pause >= left {
        return false;
    }
    if !pause.is_zero() {
        sleep(pause).await;
    }
    transport.pay_for_retry()
}

/// Waits until the retry budget pays for the request that follows, and tries that after each pause. `false` if it does not
/// pay in time.
#[cfg(feature = "data")]
#[inline]
pub(crate) async fn wait_until_paid(transport: &Transport, pause: Duration, left: Duration) -> bool {
    let began = tokio::time::Instant::now();
    while !transport.pay_for_retry() {
        if pause >= left.saturating_sub(began.elapsed()) {
            return false;
        }
        sleep(pause).await;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same number, always.
    #[derive(Debug)]
    struct Fixed(f64);

    impl RandomSource for Fixed {
        fn next_f64(&self) -> f64 {
            self.0
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_are_at_least_the_half() {
        let doubling = Pauses::from_millis(100, 1000);
        let pauses = |random| [0, 1, 2, 3, 4, 99].map(|nth| doubling.pause(nth, &Fixed(random)).as_millis());
        assert_eq!(pauses(1.0), [100, 200, 400, 800, 1000, 1000]);
        assert_eq!(pauses(0.0), [50, 100, 200, 400, 500, 500]);
    }
}
