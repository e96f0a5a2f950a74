//! Interval and limit of polling.

use std::time::Duration;

/// The longest limit and the longest interval: timers do not reach as far as `Duration::MAX`.
pub(super) const MAX_DURATION: Duration = Duration::from_secs(365 * 86_400);

/// How often and for how long an operation is polled.
///
/// The first poll is sent at once. Each interval is twice as long as the one before, up to the maximum. Jitter
/// shortens it by up to half, so that clients that started together do not poll together.
///
/// ```
/// use arango::long_running::PollOptions;
/// use std::time::Duration;
///
/// let options = PollOptions::default().timeout(Duration::from_secs(6 * 3600));
/// # let _ = options;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollOptions {
    pub(super) min_interval: Duration,
    pub(super) max_interval: Duration,
    pub(super) timeout: Duration,
}

impl Default for PollOptions {
    fn default() -> Self {
        Self {
            min_interval: Duration::from_millis(250),
            max_interval: Duration::from_secs(5),
            timeout: Duration::from_secs(3600),
        }
    }
}

impl PollOptions {
    /// Limits the whole operation.
    ///
    /// This covers all polls and the intervals between them. Default: an hour. The maximum is a year. A call that
    /// changes something has the limits of any call, and is never aborted by this limit. What a server has started
    /// continues after it.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit.min(MAX_DURATION);
        self
    }

    /// Sets the first and the longest interval.
    ///
    /// Default: 250 milliseconds and 5 seconds. The first is at least a millisecond, the longest at most a year. The
    /// supervision processes its jobs once a second, so more than one poll a second is of little use.
    #[must_use]
    pub fn intervals(mut self, shortest: Duration, longest: Duration) -> Self {
        self.min_interval = shortest.clamp(Duration::from_millis(1), MAX_DURATION);
        self.max_interval = longest.clamp(self.min_interval, MAX_DURATION);
        self
    }

    /// Returns the `nth` interval, counted from zero. `random` is between zero and one.
    pub(super) fn interval(&self, nth: u32, random: f64) -> Duration {
        let grown = self.min_interval.saturating_mul(2_u32.saturating_pow(nth)).min(self.max_interval);
        let half = grown / 2;
        half + half.mul_f64(random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_grow_to_the_maximum_and_jitter_takes_at_most_half() {
        let options = PollOptions::default().intervals(Duration::from_secs(1), Duration::from_secs(6));
        let whole = [0, 1, 2, 3, 99].map(|nth| options.interval(nth, 1.0).as_secs());
        assert_eq!(whole, [1, 2, 4, 6, 6]);
        assert_eq!(options.interval(1, 0.0), Duration::from_secs(1));
        let invalid = options.intervals(Duration::ZERO, Duration::ZERO);
        assert!(!invalid.interval(0, 0.0).is_zero(), "polls are never sent without an interval");
    }
}
