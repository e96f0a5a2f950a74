//! How often is looked, and for how long.

use std::time::Duration;

/// The longest limit, and the longest pause: clocks do not reach as far as a `Duration` does.
pub(super) const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// How often a client looks how far something has come, and for how long it goes on looking.
///
/// The first look is made at once. Each pause is twice as long as the one before, up to the longest, and chance shortens it
/// by up to half, so that clients that began together do not look together.
///
/// ```
/// use arango::follow::Pace;
/// use std::time::Duration;
///
/// let patient = Pace::default().limit(Duration::from_secs(6 * 3600));
/// # let _ = patient;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub(super) shortest: Duration,
    pub(super) longest: Duration,
    pub(super) limit: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            shortest: Duration::from_millis(250),
            longest: Duration::from_secs(5),
            limit: Duration::from_secs(3600),
        }
    }
}

impl Pace {
    /// Limits the whole: all looks and the pauses between them. A call that changes something has the limits of any call,
    /// and is never cut off by this one. What a server has begun goes on after it. Default: an hour; more than a year is a
    /// year.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit.min(LONGEST);
        self
    }

    /// Sets the first pause, at least a millisecond, and the longest, at most a year. Default: 250 milliseconds and
    /// 5 seconds.
    ///
    /// The supervision looks at its jobs once a second, so more than a look a second brings little.
    #[must_use]
    pub fn pauses(mut self, shortest: Duration, longest: Duration) -> Self {
        self.shortest = shortest.clamp(Duration::from_millis(1), LONGEST);
        self.longest = longest.clamp(self.shortest, LONGEST);
        self
    }

    /// The `nth` pause, counted from zero, with this chance.
    pub(super) fn pause(&self, nth: u32, chance: f64) -> Duration {
        let grown = self.shortest.saturating_mul(2_u32.saturating_pow(nth)).min(self.longest);
        let half = grown / 2;
        half + half.mul_f64(chance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_longest_and_chance_takes_at_most_half() {
        let pace = Pace::default().pauses(Duration::from_secs(1), Duration::from_secs(6));
        let whole = [0, 1, 2, 3, 99].map(|nth| pace.pause(nth, 1.0).as_secs());
        assert_eq!(whole, [1, 2, 4, 6, 6]);
        assert_eq!(pace.pause(1, 0.0), Duration::from_secs(1));
        let nonsense = pace.pauses(Duration::ZERO, Duration::ZERO);
        assert!(!nonsense.pause(0, 0.0).is_zero(), "nobody looks without a pause");
    }
}
