//! Intervals and timeouts of discovery.

use std::time::Duration;

/// How often discovery looks for members.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DiscoveryPolicy {
    /// Interval between requests for the list of members. Default: 60 s.
    pub interval: Duration,
    /// Part by which the interval is randomly increased or decreased. Default: 0.1.
    pub jitter: f64,
    /// Minimum interval between two requests for the list.
    ///
    /// Also the first delay before an unverified member that failed is identified
    /// again; it doubles each time. Default: 2 s.
    pub min_interval: Duration,
    /// Retry interval for unverified members when all are known to be unusable.
    ///
    /// Default: 10 min.
    pub unusable_interval: Duration,
    /// Timeout of a list, and of the identification of one member. Default: 10 s.
    pub timeout: Duration,
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
        self.interval.mul_f64(1.0 + self.jitter * (2.0 * random - 1.0))
    }

    /// Returns the delay after this many consecutive failures.
    pub(crate) fn retry_delay(&self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.min_interval.saturating_mul(doubled).min(self.interval)
    }
}
