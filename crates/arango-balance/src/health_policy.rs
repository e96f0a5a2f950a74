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
    pub unreachable: u32,
    /// Attempts in a row that something before the member answered. Default: 5.
    pub gateway: u32,
    /// The part of its answers that may be failures, its own or a gateway's, before the member is ejected;
    /// from 0 to 1, and 1 ejects nobody. Default: 0.5.
    pub failure_rate: f64,
    /// How many answers there must be before their rate counts. Default: 20.
    pub rate_sample: u32,
    /// How far back the rate looks. Default: 10 s.
    pub rate_window: Duration,
    /// How long the first ejection lasts; each further one lasts twice as long. Also how often a member that is about to go
    /// is asked. Default: 1 s.
    pub base: Duration,
    /// The longest that an ejection lasts. Default: 30 s.
    pub cap: Duration,
    /// The part by which an ejection is lengthened or shortened by chance. Default: 0.2.
    pub spread: f64,
    /// How long a member must be well before one earlier ejection is forgotten. Default: 60 s.
    pub forgive: Duration,
    /// The longest that a probe may take. Default: 3 s.
    pub probe: Duration,
    /// How long a member takes a quarter of its share after it last said that it has too much to do; a
    /// probe that finds it busy adds as much. Default: 5 s.
    pub overloaded: Duration,
    /// How long a member is spared after it last said that it is about to go, or others did, at the longest; a probe that
    /// finds it busy adds as much. Default: 30 s.
    ///
    /// Where there is a probe the member is asked meanwhile, each time after [`base`](Self::base). Gone, it is ejected. Well,
    /// it is back at once, if it was its own word that it goes, and not for the second time within such a term.
    pub leaving: Duration,
    /// How long the share of a member that was ejected or about to go rises after it has come back, in a straight
    /// line from nothing; zero gives it the whole share at once. Default: 2 s.
    pub warm_up: Duration,
    /// The same for a member that is new in a set. Those that a set is made with take their shares at once.
    /// Default: 10 s.
    pub warm_up_new: Duration,
}

impl Default for HealthPolicy {
    fn default() -> Self {
        Self {
            unreachable: 3,
            gateway: 5,
            failure_rate: 0.5,
            rate_sample: 20,
            rate_window: Duration::from_secs(10),
            base: Duration::from_secs(1),
            cap: Duration::from_secs(30),
            spread: 0.2,
            forgive: Duration::from_secs(60),
            probe: Duration::from_secs(3),
            overloaded: Duration::from_secs(5),
            leaving: Duration::from_secs(30),
            warm_up: Duration::from_secs(2),
            warm_up_new: Duration::from_secs(10),
        }
    }
}

impl HealthPolicy {
    /// Makes numbers that no clock can hold, or that would keep a task busy, into the nearest that work.
    pub(crate) fn sane(mut self) -> Self {
        const SHORTEST: Duration = Duration::from_millis(10);
        const LONGEST: Duration = Duration::from_secs(365 * 86_400);
        let terms = [&mut self.base, &mut self.cap, &mut self.overloaded, &mut self.leaving];
        for time in terms.into_iter().chain([&mut self.forgive, &mut self.probe, &mut self.rate_window]) {
            *time = (*time).clamp(SHORTEST, LONGEST);
        }
        for time in [&mut self.warm_up, &mut self.warm_up_new] {
            *time = (*time).min(LONGEST);
        }
        self.spread = if self.spread.is_nan() { 0.0 } else { self.spread.clamp(0.0, 1.0) };
        // A limit that is none lets all pass.
        self.failure_rate = if self.failure_rate.is_nan() { 1.0 } else { self.failure_rate.clamp(0.0, 1.0) };
        self
    }

    /// How long the ejection after `earlier` others lasts; `chance` is in the unit interval.
    pub(crate) fn term(&self, earlier: u32, chance: f64) -> Duration {
        let term = self.base.saturating_mul(2_u32.saturating_pow(earlier)).min(self.cap);
        term.mul_f64(1.0 + self.spread * (2.0 * chance - 1.0))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[test]
    fn settings_that_no_clock_can_hold_are_made_into_some_that_work() {
        let wild = HealthPolicy {
            base: Duration::MAX,
            cap: Duration::MAX,
            probe: Duration::ZERO,
            overloaded: Duration::MAX,
            leaving: Duration::ZERO,
            spread: f64::NAN,
            failure_rate: f64::NAN,
            rate_window: Duration::ZERO,
            warm_up: Duration::ZERO,
            warm_up_new: Duration::MAX,
            ..HealthPolicy::default()
        };
        let sane = wild.sane();
        let _ = Instant::now() + sane.term(u32::MAX, 1.0) + sane.probe * 2;
        let _ = Instant::now() + sane.overloaded + sane.warm_up_new;
        assert!(sane.warm_up.is_zero(), "none is wanted");
        assert!(!sane.probe.is_zero() && !sane.leaving.is_zero() && !sane.rate_window.is_zero());
        assert!((0.0..=1.0).contains(&sane.failure_rate));
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        let policy = HealthPolicy::default();
        assert_eq!(policy.term(0, 0.0), Duration::from_millis(800));
        assert_eq!(policy.term(0, 1.0), Duration::from_millis(1200));
    }

    #[test]
    fn terms_from_ten_milliseconds_to_a_year_are_kept_as_they_are() {
        for (asked, kept) in [
            (Duration::from_millis(9), Duration::from_millis(10)),
            (Duration::from_millis(10), Duration::from_millis(10)),
            (Duration::from_secs(365 * 86_400), Duration::from_secs(365 * 86_400)),
            (Duration::from_secs(366 * 86_400), Duration::from_secs(365 * 86_400)),
        ] {
            let policy = HealthPolicy { leaving: asked, forgive: asked, ..HealthPolicy::default() }.sane();
            assert_eq!((policy.leaving, policy.forgive), (kept, kept));
        }
    }
}
