//! The numbers by which other members are looked for.

use std::time::Duration;

/// How often other members are looked for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DiscoveryPolicy {
    /// How often the list of members is asked for. Default: 60 s.
    pub interval: Duration,
    /// The part by which that is lengthened or shortened by chance. Default: 0.1.
    pub jitter: f64,
    /// The least between two lists, whatever happens; also how soon a candidate that failed is tried again, and twice
    /// as long each time. Default: 2 s.
    pub min_interval: Duration,
    /// How often candidates are tried again once it is known that none of them works. Default: 10 min.
    pub unusable_interval: Duration,
    /// The longest that a list, or finding out about one candidate, may take. Default: 10 s.
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
    /// Makes numbers that no clock can hold, or that would keep a task busy, into the nearest that work.
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

    /// When the next list is due after one at `now`; `chance` is in the unit interval.
    pub(crate) fn next_interval(&self, chance: f64) -> Duration {
        self.interval.mul_f64(1.0 + self.jitter * (2.0 * chance - 1.0))
    }

    /// How long to wait after so many failures in a row.
    pub(crate) fn retry_delay(&self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.min_interval.saturating_mul(doubled).min(self.interval)
    }
}
