//! Limits and durations of ejection, draining and overload.

use std::time::Duration;

/// When a member is ejected or gets fewer requests, and when it recovers.
///
/// The only member is never ejected. All members may be ejected for being unreachable. For their responses, or those of
/// a gateway, at most half of them are ejected, rounded up.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HealthPolicy {
    /// Consecutive attempts that could not reach the member before it is ejected. Default: 3.
    pub consecutive_connect_failures: u32,
    /// Consecutive attempts to which a gateway responded before the member is ejected. Default: 5.
    pub consecutive_gateway_failures: u32,
    /// Maximum fraction of failed responses before ejection, from 0 to 1.
    ///
    /// Failures are those of the member and of a gateway.
    /// At 1 no member is ejected for it. Default: 0.5.
    pub failure_ratio: f64,
    /// Minimum number of responses for which `failure_ratio` is evaluated. Default: 20.
    pub failure_ratio_min_responses: u32,
    /// Length of the window over which `failure_ratio` is measured. Default: 10 s.
    pub failure_ratio_window: Duration,
    /// Length of the first ejection; each further one lasts twice as long.
    ///
    /// Also the interval between probes of a
    /// draining member. Default: 1 s.
    pub base_ejection_time: Duration,
    /// Maximum length of an ejection. Default: 30 s.
    pub max_ejection_time: Duration,
    /// Fraction by which an ejection is randomly lengthened or shortened. Default: 0.2.
    pub ejection_jitter: f64,
    /// Healthy time after which one earlier ejection is forgotten. Default: 60 s.
    pub recovery_time: Duration,
    /// Timeout of a probe. Default: 3 s.
    pub probe_timeout: Duration,
    /// Time with 25 % of the share after the last overload report.
    ///
    /// A probe that finds the member unavailable
    /// extends this by the same time. Default: 5 s.
    pub overload_time: Duration,
    /// Maximum draining time after the last report or request.
    ///
    /// A probe that finds the member unavailable extends
    /// this by the same time. Default: 30 s.
    ///
    /// With a probe, the member is probed meanwhile, at intervals of [`base_ejection_time`](Self::base_ejection_time).
    /// If it is unreachable it is ejected. If it is available it is healthy at once, provided that it reported draining
    /// itself, and did not do so before within this time.
    pub max_drain_time: Duration,
    /// Time in which the share of a recovered member rises linearly from zero.
    ///
    /// It follows an ejection or draining.
    /// Zero gives it the full share at once. Default: 2 s.
    pub slow_start: Duration,
    /// The same for a member that is added to a set.
    ///
    /// Members that a set is built with get their full share at once.
    /// Default: 10 s.
    pub slow_start_new: Duration,
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
