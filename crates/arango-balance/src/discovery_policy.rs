//! The numbers by which other members are looked for.

use std::time::Duration;

/// How often other members are looked for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DiscoveryPolicy {
    /// How often the list of members is asked for. Default: 60 s.
    pub interval: Duration,
    /// The part by which that is lengthened or shortened by chance. Default: 0.1.
    pub spread: f64,
    /// The least between two lists, whatever happens; also how soon a candidate that failed is tried again, and twice
    /// as long each time. Default: 2 s.
    pub least: Duration,
    /// How often candidates are tried again once it is known that none of them works. Default: 10 min.
    pub recheck: Duration,
    /// The longest that a list, or finding out about one candidate, may take. Default: 10 s.
    pub limit: Duration,
}

impl Default for DiscoveryPolicy {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(60),
            spread: 0.1,
            least: Duration::from_secs(2),
            recheck: Duration::from_secs(600),
            limit: Duration::from_secs(10),
        }
    }
}

impl DiscoveryPolicy {
    /// Makes numbers that no clock can hold, or that would keep a task busy, into the nearest that work.
    pub(crate) fn sane(mut self) -> Self {
        const SHORTEST: Duration = Duration::from_millis(10);
        const LONGEST: Duration = Duration::from_secs(365 * 86_400);
        for time in [&mut self.interval, &mut self.least, &mut self.recheck, &mut self.limit] {
            *time = (*time).clamp(SHORTEST, LONGEST);
        }
        self.spread = if self.spread.is_nan() { 0.0 } else { self.spread.clamp(0.0, 1.0) };
        self
    }

    /// When the next list is due after one at `now`; `chance` is in the unit interval.
    pub(crate) fn next(&self, chance: f64) -> Duration {
        self.interval.mul_f64(1.0 + self.spread * (2.0 * chance - 1.0))
    }

    /// How long to wait after so many failures in a row.
    pub(crate) fn pause(&self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.least.saturating_mul(doubled).min(self.interval)
    }
}
