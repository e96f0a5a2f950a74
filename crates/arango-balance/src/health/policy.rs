//! Limits and durations of ejection, draining and overload.

use std::time::Duration;

/// When a member is ejected, and when it recovers.
///
/// Also when it gets fewer requests. The only member is never ejected. All members may be ejected for being
/// unreachable. For their responses, or those of a gateway, at most half of them are ejected, rounded up.
///
/// Times are clamped to between 10 ms and one year, those of slow start to at most one year; fractions to between 0
/// and 1.
///
/// ```
/// use arango_balance::HealthPolicy;
/// use std::time::Duration;
///
/// let policy = HealthPolicy::default().consecutive_connect_failures(1).max_ejection_time(Duration::from_secs(5));
/// ```
#[derive(Debug, Clone)]
pub struct HealthPolicy {
    pub(crate) consecutive_connect_failures: u32,
    pub(crate) consecutive_gateway_failures: u32,
    pub(crate) failure_ratio: f64,
    pub(crate) failure_ratio_min_responses: u32,
    pub(crate) failure_ratio_window: Duration,
    pub(crate) base_ejection_time: Duration,
    pub(crate) max_ejection_time: Duration,
    pub(crate) ejection_jitter: f64,
    pub(crate) recovery_time: Duration,
    pub(crate) probe_timeout: Duration,
    pub(crate) overload_time: Duration,
    pub(crate) max_drain_time: Duration,
    pub(crate) slow_start: Duration,
    pub(crate) slow_start_new: Duration,
}

impl Default for HealthPolicy {
    fn default() -> Self {
        Self {
            consecutive_connect_failures: 3,
            consecutive_gateway_failures: 5,
            failure_ratio: 0.5,
            failure_ratio_min_responses: 20,
            failure_ratio_window: Duration::from_secs(10),
            base_ejection_time: Duration::from_secs(1),
            max_ejection_time: Duration::from_secs(30),
            ejection_jitter: 0.2,
            recovery_time: Duration::from_secs(60),
            probe_timeout: Duration::from_secs(3),
            overload_time: Duration::from_secs(5),
            max_drain_time: Duration::from_secs(30),
            slow_start: Duration::from_secs(2),
            slow_start_new: Duration::from_secs(10),
        }
    }
}

impl HealthPolicy {
    /// Sets how many consecutive attempts that cannot reach a member eject it.
    ///
    /// Default: 3.
    #[must_use]
    pub fn consecutive_connect_failures(mut self, count: u32) -> Self {
        self.consecutive_connect_failures = count;
        self
    }

    /// Sets how many consecutive responses of a gateway eject a member.
    ///
    /// Default: 5.
    #[must_use]
    pub fn consecutive_gateway_failures(mut self, count: u32) -> Self {
        self.consecutive_gateway_failures = count;
        self
    }

    /// Sets the fraction of failed responses above which a member is ejected.
    ///
    /// Default: 0.5. Failures are those of the member and of a gateway. At 1 no member is ejected for them.
    #[must_use]
    pub fn failure_ratio(mut self, fraction: f64) -> Self {
        self.failure_ratio = fraction;
        self
    }

    /// Sets the minimum number of responses for which [`failure_ratio`](Self::failure_ratio) is evaluated.
    ///
    /// Default: 20.
    #[must_use]
    pub fn failure_ratio_min_responses(mut self, count: u32) -> Self {
        self.failure_ratio_min_responses = count;
        self
    }

    /// Sets the window over which [`failure_ratio`](Self::failure_ratio) is measured. Default: 10 s.
    #[must_use]
    pub fn failure_ratio_window(mut self, time: Duration) -> Self {
        self.failure_ratio_window = time;
        self
    }

    /// Sets the length of the first ejection. Default: 1 s.
    ///
    /// Each further one lasts twice as long.
    ///
    /// Also the interval between probes of a draining member.
    #[must_use]
    pub fn base_ejection_time(mut self, time: Duration) -> Self {
        self.base_ejection_time = time;
        self
    }

    /// Sets the maximum length of an ejection. Default: 30 s.
    #[must_use]
    pub fn max_ejection_time(mut self, time: Duration) -> Self {
        self.max_ejection_time = time;
        self
    }

    /// Sets the fraction by which an ejection is randomly lengthened or shortened.
    ///
    /// Default: 0.2.
    #[must_use]
    pub fn ejection_jitter(mut self, fraction: f64) -> Self {
        self.ejection_jitter = fraction;
        self
    }

    /// Sets the healthy time after which one earlier ejection is forgotten.
    ///
    /// Default: 60 s.
    #[must_use]
    pub fn recovery_time(mut self, time: Duration) -> Self {
        self.recovery_time = time;
        self
    }

    /// Sets the timeout of a probe. Default: 3 s.
    #[must_use]
    pub fn probe_timeout(mut self, time: Duration) -> Self {
        self.probe_timeout = time;
        self
    }

    /// Sets how long a member's share is reduced after it reports overload.
    ///
    /// The member gets 25 % of its share. Default: 5 s.
    ///
    /// A probe that finds the member unavailable extends this by the same time.
    #[must_use]
    pub fn overload_time(mut self, time: Duration) -> Self {
        self.overload_time = time;
        self
    }

    /// Sets how long a member drains. Default: 30 s.
    ///
    /// Counted from the last report or request to drain.
    ///
    /// A probe that finds the member unavailable extends this by the same time.
    ///
    /// With a probe, the member is probed meanwhile, at intervals of [`base_ejection_time`](Self::base_ejection_time).
    /// If it is unreachable it is ejected. If it is available it is healthy at once, provided that it reported draining
    /// itself, and did not do so before within this time.
    #[must_use]
    pub fn max_drain_time(mut self, time: Duration) -> Self {
        self.max_drain_time = time;
        self
    }

    /// Sets the slow start time of a recovered member. Default: 2 s.
    ///
    /// In this time the share of the member rises linearly from zero. The slow start follows an ejection or draining.
    /// Zero gives the full share at once.
    #[must_use]
    pub fn slow_start(mut self, time: Duration) -> Self {
        self.slow_start = time;
        self
    }

    /// Sets the slow start time of an added member. Default: 10 s.
    ///
    /// In this time the share of a member added to a set rises from zero. Members that a set is built with get
    /// their full share at once.
    #[must_use]
    pub fn slow_start_new(mut self, time: Duration) -> Self {
        self.slow_start_new = time;
        self
    }

    /// Replaces values that overflow a clock, or would keep a task busy, by the nearest usable ones.
    pub(crate) fn clamped(mut self) -> Self {
        const SHORTEST: Duration = Duration::from_millis(10);
        const LONGEST: Duration = Duration::from_secs(365 * 86_400);
        let times = [
            &mut self.base_ejection_time,
            &mut self.max_ejection_time,
            &mut self.overload_time,
            &mut self.max_drain_time,
        ];
        for time in times.into_iter().chain([
            &mut self.recovery_time,
            &mut self.probe_timeout,
            &mut self.failure_ratio_window,
        ]) {
            *time = (*time).clamp(SHORTEST, LONGEST);
        }
        for time in [&mut self.slow_start, &mut self.slow_start_new] {
            *time = (*time).min(LONGEST);
        }
        self.ejection_jitter =
            if self.ejection_jitter.is_nan() { 0.0 } else { self.ejection_jitter.clamp(0.0, 1.0) };
        // An invalid ratio ejects no member.
        self.failure_ratio =
            if self.failure_ratio.is_nan() { 1.0 } else { self.failure_ratio.clamp(0.0, 1.0) };
        self
    }

    /// Returns the length of an ejection after `earlier` others; `random` is in the unit interval.
    pub(crate) fn ejection_time(&self, earlier: u32, random: f64) -> Duration {
        let time =
            self.base_ejection_time.saturating_mul(2_u32.saturating_pow(earlier)).min(self.max_ejection_time);
        time.mul_f64(1.0 + self.ejection_jitter * (2.0 * random - 1.0))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[test]
    fn values_that_overflow_a_clock_are_replaced_by_usable_ones() {
        let wild = HealthPolicy {
            base_ejection_time: Duration::MAX,
            max_ejection_time: Duration::MAX,
            probe_timeout: Duration::ZERO,
            overload_time: Duration::MAX,
            max_drain_time: Duration::ZERO,
            ejection_jitter: f64::NAN,
            failure_ratio: f64::NAN,
            failure_ratio_window: Duration::ZERO,
            slow_start: Duration::ZERO,
            slow_start_new: Duration::MAX,
            ..HealthPolicy::default()
        };
        let sane = wild.clamped();
        let _ = Instant::now() + sane.ejection_time(u32::MAX, 1.0) + sane.probe_timeout * 2;
        let _ = Instant::now() + sane.overload_time + sane.slow_start_new;
        assert!(sane.slow_start.is_zero(), "zero disables slow start");
        assert!(
            !sane.probe_timeout.is_zero()
                && !sane.max_drain_time.is_zero()
                && !sane.failure_ratio_window.is_zero()
        );
        assert!((0.0..=1.0).contains(&sane.failure_ratio));
    }

    #[test]
    fn ejection_jitter_is_at_most_a_fifth() {
        let policy = HealthPolicy::default();
        assert_eq!(policy.ejection_time(0, 0.0), Duration::from_millis(800));
        assert_eq!(policy.ejection_time(0, 1.0), Duration::from_millis(1200));
    }

    #[test]
    fn durations_from_ten_milliseconds_to_a_year_are_kept() {
        for (given, kept) in [
            (Duration::from_millis(9), Duration::from_millis(10)),
            (Duration::from_millis(10), Duration::from_millis(10)),
            (Duration::from_secs(365 * 86_400), Duration::from_secs(365 * 86_400)),
            (Duration::from_secs(366 * 86_400), Duration::from_secs(365 * 86_400)),
        ] {
            let policy =
                HealthPolicy { max_drain_time: given, recovery_time: given, ..HealthPolicy::default() }
                    .clamped();
            assert_eq!((policy.max_drain_time, policy.recovery_time), (kept, kept));
        }
    }
}
