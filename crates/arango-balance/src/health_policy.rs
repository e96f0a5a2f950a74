//! The numbers by which a member is spared or taken out of the rotation, and comes back.

use std::time::Duration;

/// When a member is spared or taken out of the rotation, and when it may come back.
///
/// The only member is never ejected. All may be ejected for being unreachable, which is a fact; for what
/// they or their gateways answer at most half of them are, rounded up.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HealthPolicy {
    /// Attempts in a row that could not reach the member before it is ejected. Default: 3.
    pub consecutive_connect_failures: u32,
    /// Attempts in a row that something before the member answered. Default: 5.
    pub consecutive_gateway_failures: u32,
    /// The part of its answers that may be failures, its own or a gateway's, before the member is ejected;
    /// from 0 to 1, and 1 ejects nobody. Default: 0.5.
    pub failure_ratio: f64,
    /// How many answers there must be before their rate counts. Default: 20.
    pub failure_ratio_min_responses: u32,
    /// How far back the rate looks. Default: 10 s.
    pub failure_ratio_window: Duration,
    /// How long the first ejection lasts; each further one lasts twice as long. Also how often a member that is about to go
    /// is asked. Default: 1 s.
    pub base_ejection_time: Duration,
    /// The longest that an ejection lasts. Default: 30 s.
    pub max_ejection_time: Duration,
    /// The part by which an ejection is lengthened or shortened by chance. Default: 0.2.
    pub ejection_jitter: f64,
    /// How long a member must be well before one earlier ejection is forgotten. Default: 60 s.
    pub recovery_time: Duration,
    /// The longest that a probe may take. Default: 3 s.
    pub probe_timeout: Duration,
    /// How long a member takes a quarter of its share after it last said that it has too much to do; a
    /// probe that finds it busy adds as much. Default: 5 s.
    pub overload_time: Duration,
    /// How long a member is spared after it last said that it is about to go, or others did, at the longest; a probe that
    /// finds it busy adds as much. Default: 30 s.
    ///
    /// Where there is a probe the member is asked meanwhile, each time after [`base`](Self::base). Gone, it is ejected. Well,
    /// it is back at once, if it was its own word that it goes, and not for the second time within such a term.
    pub max_drain_time: Duration,
    /// How long the share of a member that was ejected or about to go rises after it has come back, in a straight
    /// line from nothing; zero gives it the whole share at once. Default: 2 s.
    pub slow_start: Duration,
    /// The same for a member that is new in a set. Those that a set is made with take their shares at once.
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
    /// Makes numbers that no clock can hold, or that would keep a task busy, into the nearest that work.
    pub(crate) fn clamped(mut self) -> Self {
        const SHORTEST: Duration = Duration::from_millis(10);
        const LONGEST: Duration = Duration::from_secs(365 * 86_400);
        let terms = [
            &mut self.base_ejection_time,
            &mut self.max_ejection_time,
            &mut self.overload_time,
            &mut self.max_drain_time,
        ];
        for time in terms.into_iter().chain([
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
        // A limit that is none lets all pass.
        self.failure_ratio =
            if self.failure_ratio.is_nan() { 1.0 } else { self.failure_ratio.clamp(0.0, 1.0) };
        self
    }

    /// How long the ejection after `earlier` others lasts; `chance` is in the unit interval.
    pub(crate) fn ejection_time(&self, earlier: u32, chance: f64) -> Duration {
        let term =
            self.base_ejection_time.saturating_mul(2_u32.saturating_pow(earlier)).min(self.max_ejection_time);
        term.mul_f64(1.0 + self.ejection_jitter * (2.0 * chance - 1.0))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[test]
    fn settings_that_no_clock_can_hold_are_made_into_some_that_work() {
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
        assert!(sane.slow_start.is_zero(), "none is wanted");
        assert!(
            !sane.probe_timeout.is_zero()
                && !sane.max_drain_time.is_zero()
                && !sane.failure_ratio_window.is_zero()
        );
        assert!((0.0..=1.0).contains(&sane.failure_ratio));
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        let policy = HealthPolicy::default();
        assert_eq!(policy.ejection_time(0, 0.0), Duration::from_millis(800));
        assert_eq!(policy.ejection_time(0, 1.0), Duration::from_millis(1200));
    }

    #[test]
    fn terms_from_ten_milliseconds_to_a_year_are_kept_as_they_are() {
        for (asked, kept) in [
            (Duration::from_millis(9), Duration::from_millis(10)),
            (Duration::from_millis(10), Duration::from_millis(10)),
            (Duration::from_secs(365 * 86_400), Duration::from_secs(365 * 86_400)),
            (Duration::from_secs(366 * 86_400), Duration::from_secs(365 * 86_400)),
        ] {
            let policy =
                HealthPolicy { max_drain_time: asked, recovery_time: asked, ..HealthPolicy::default() }
                    .clamped();
            assert_eq!((policy.max_drain_time, policy.recovery_time), (kept, kept));
        }
    }
}
