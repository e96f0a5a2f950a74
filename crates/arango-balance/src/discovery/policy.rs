//! Intervals and timeouts of discovery.

use std::time::Duration;

/// How often discovery looks for members.
///
/// Times are clamped to between 10 ms and one year, the jitter to between 0 and 1.
#[derive(Debug, Clone)]
pub struct DiscoveryPolicy {
    pub(crate) interval: Duration,
    pub(crate) jitter: f64,
    pub(crate) min_interval: Duration,
    pub(crate) unusable_interval: Duration,
    pub(crate) timeout: Duration,
}

impl Default for DiscoveryPolicy {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(60),
            jitter: 0.1,
            min_interval: Duration::from_secs(2),
            unusable_interval: Duration::from_secs(600),
            timeout: Duration::from_secs(10),
        }
    }
}

impl DiscoveryPolicy {
    /// Sets the interval between requests for the list of members.
    ///
    /// Default: 60 s.
    #[must_use]
    pub fn interval(mut self, time: Duration) -> Self {
        self.interval = time;
        self
    }

    /// Sets the fraction by which the interval is randomly lengthened or shortened.
    ///
    /// Default: 0.1.
    #[must_use]
    pub fn jitter(mut self, fraction: f64) -> Self {
        self.jitter = fraction;
        self
    }

    /// Sets the minimum interval between two requests for the list.
    ///
    /// Default: 2 s. Also the first delay before an unverified member that failed is identified again; it doubles each
    /// time.
    #[must_use]
    pub fn min_interval(mut self, time: Duration) -> Self {
        self.min_interval = time;
        self
    }

    /// Sets the retry interval when all unverified members are unusable.
    ///
    /// It applies when all of them are known to be unusable. Default: 10 min.
    #[must_use]
    pub fn unusable_interval(mut self, time: Duration) -> Self {
        self.unusable_interval = time;
        self
    }

    /// Sets the timeout for listing members, and for identifying one.
    ///
    /// Default: 10 s.
    #[must_use]
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = time;
        self
    }

    /// Replaces values that overflow a clock, or would keep a task busy, by the nearest usable ones.
    pub(crate) fn clamped(mut self) -> Self {
        const SHORTEST: Duration = Duration::from_millis(10);
        const LONGEST: Duration = Duration::from_secs(365 * 86_400);
        for time in
            [&mut self.interval, &mut self.min_interval, &mut self.unusable_interval, &mut self.timeout]
        {
            *time = (*time).clamp(SHORTEST, LONGEST);
        }
        self.jitter = if self.jitter.is_nan() { 0.0 } else { self.jitter.clamp(0.0, 1.0) };
        self
    }

    /// Returns the interval until the next list; `random` is in the unit interval.
    pub(crate) fn next_interval(&self, random: f64) -> Duration {
        self.interval.mul_f64(1.0 + self.jitter * (2.0 * random - 1.0)).max(self.min_interval)
    }

    /// Returns the delay after this many consecutive failures.
    pub(crate) fn retry_delay(&self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.min_interval.saturating_mul(doubled).min(self.interval.max(self.min_interval))
    }
}
