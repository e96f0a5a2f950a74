//! Who is out of the rotation, and for how long?
//!
//! ```text
//!            failures in a row                 the time is over, the probe is good
//!   Well ───────────────────────► Ejected ───────────────────────────────────────► Trial
//!    ▲                              ▲  │ ▲                                          │  │
//!    │                              │  └─┘ the probe is bad                         │  │
//!    │                              └───────────── the request fails ───────────────┘  │
//!    └───────────────────────────────── the request is answered ───────────────────────┘
//! ```
//!
//! Time and chance are handed in: this file neither reads a clock nor waits.

use tokio::time::Instant;

use crate::HealthPolicy;

/// What one attempt tells about the member that it went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The member answered, whatever it said: it is there.
    Good,
    /// The member could not be reached, or the connection to it broke.
    Unreachable,
    /// Something before the member answered for it.
    Gateway,
    /// The member is there and says that it has too much to do, or that it is about to go.
    Overloaded,
    /// Nothing can be concluded about the member.
    Neutral,
}

/// How a member stands in the rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// It takes its share.
    Well,
    /// It is left out until a probe finds it well.
    Ejected,
    /// A probe found it well: one request at a time is let through, and its answer decides.
    Trial,
}

/// The health of one member.
#[derive(Debug, Default)]
pub(crate) struct Health {
    state: State,
    unreachable: u32,
    gateway: u32,
    /// Ejections that are not forgotten yet.
    earlier: u32,
    /// Since when it is well, or since when it was last forgiven.
    well_since: Option<Instant>,
    /// When the state last changed: what began before that tells nothing of the member as it is.
    changed: Option<Instant>,
    last_failed: Option<Instant>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum State {
    #[default]
    Well,
    Ejected {
        until: Instant,
        by_gateway: bool,
    },
    Trial {
        under_way: bool,
    },
}

impl Health {
    pub(crate) fn standing(&self) -> Standing {
        match self.state {
            State::Well => Standing::Well,
            State::Ejected { .. } => Standing::Ejected,
            State::Trial { .. } => Standing::Trial,
        }
    }

    /// Whether a request may be sent: it is well, or on trial with no other request under way.
    pub(crate) fn open(&self) -> bool {
        matches!(self.state, State::Well | State::Trial { under_way: false })
    }

    /// Nothing has gone wrong lately, so that a good verdict would change nothing.
    pub(crate) fn is_clean(&self) -> bool {
        self.state == State::Well && self.unreachable == 0 && self.gateway == 0 && self.earlier == 0
    }

    pub(crate) fn last_failed(&self) -> Option<Instant> {
        self.last_failed
    }

    pub(crate) fn ejected_until(&self) -> Option<Instant> {
        match self.state {
            State::Ejected { until, .. } => Some(until),
            _ => None,
        }
    }

    pub(crate) fn ejected_by_gateway(&self) -> bool {
        matches!(self.state, State::Ejected { by_gateway: true, .. })
    }

    /// Takes note of an attempt. `may_eject` and `may_eject_by_gateway` say what the set allows.
    ///
    /// `began` is when the attempt began. A member that has come back is not judged by what was sent to
    /// it before it went.
    pub(crate) fn record(
        &mut self,
        verdict: Verdict,
        began: Instant,
        now: Instant,
        chance: f64,
        policy: &HealthPolicy,
        allowed: Allowed,
    ) {
        if self.changed.is_some_and(|changed| began < changed) {
            return;
        }
        match verdict {
            Verdict::Good => {
                self.unreachable = 0;
                self.gateway = 0;
                if let State::Trial { .. } = self.state {
                    self.state = State::Well;
                    self.changed = Some(now);
                    self.well_since = Some(now);
                }
                self.forgive(now, policy);
            }
            Verdict::Unreachable => {
                self.last_failed = Some(now);
                self.unreachable = self.unreachable.saturating_add(1);
                let failed_trial = matches!(self.state, State::Trial { .. });
                let enough = self.state == State::Well && self.unreachable >= policy.unreachable;
                if failed_trial || (enough && allowed.unreachable) {
                    self.eject(false, now, chance, policy);
                }
            }
            Verdict::Gateway => {
                self.last_failed = Some(now);
                self.gateway = self.gateway.saturating_add(1);
                let failed_trial = matches!(self.state, State::Trial { .. });
                let enough = self.state == State::Well && self.gateway >= policy.gateway;
                if failed_trial || (enough && allowed.gateway) {
                    self.eject(true, now, chance, policy);
                }
            }
            Verdict::Overloaded | Verdict::Neutral => {}
        }
    }

    /// Takes note of a probe that was due. `Busy` keeps it out without lengthening its term.
    pub(crate) fn probed(&mut self, found: Found, now: Instant, chance: f64, policy: &HealthPolicy) {
        let State::Ejected { by_gateway, .. } = self.state else { return };
        match found {
            Found::Well => {
                self.state = State::Trial { under_way: false };
                self.changed = Some(now);
            }
            Found::Busy => {
                let until = now + policy.term(self.earlier.saturating_sub(1), chance);
                self.state = State::Ejected { until, by_gateway };
            }
            Found::Gone => {
                self.last_failed = Some(now);
                self.eject(by_gateway, now, chance, policy);
            }
        }
    }

    /// Begins a request; tells whether it is the one request of a trial.
    pub(crate) fn begin(&mut self) -> bool {
        match &mut self.state {
            State::Trial { under_way } if !*under_way => {
                *under_way = true;
                true
            }
            _ => false,
        }
    }

    /// The one request of a trial ended; if it told nothing, the next may try.
    pub(crate) fn release_trial(&mut self) {
        if let State::Trial { under_way } = &mut self.state {
            *under_way = false;
        }
    }

    fn eject(&mut self, by_gateway: bool, now: Instant, chance: f64, policy: &HealthPolicy) {
        let until = now + policy.term(self.earlier, chance);
        self.state = State::Ejected { until, by_gateway };
        self.changed = Some(now);
        self.earlier = self.earlier.saturating_add(1);
        self.well_since = None;
    }

    fn forgive(&mut self, now: Instant, policy: &HealthPolicy) {
        let Some(since) = self.well_since else { return };
        if self.earlier > 0 && now.saturating_duration_since(since) >= policy.forgive {
            self.earlier -= 1;
            self.well_since = Some(since + policy.forgive);
        }
    }
}

/// What the set as a whole allows to be done to one member.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowed {
    /// There is another member.
    pub(crate) unreachable: bool,
    /// There is another member, and not half of them, rounded up, are out by an opinion already.
    pub(crate) gateway: bool,
}

/// What a probe found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Well,
    Busy,
    Gone,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const FREELY: Allowed = Allowed { unreachable: true, gateway: true };
    const MIDDLE: f64 = 0.5; // no jitter

    fn record(health: &mut Health, verdict: Verdict, now: Instant) {
        health.record(verdict, now, now, MIDDLE, &HealthPolicy::default(), FREELY);
    }

    fn ejected(now: Instant) -> Health {
        let mut health = Health::default();
        for _ in 0..3 {
            record(&mut health, Verdict::Unreachable, now);
        }
        health
    }

    #[test]
    fn three_failures_in_a_row_eject_and_an_answer_in_between_saves() {
        let now = Instant::now();
        let mut health = Health::default();
        for verdict in [Verdict::Unreachable, Verdict::Unreachable, Verdict::Good, Verdict::Unreachable] {
            record(&mut health, verdict, now);
        }
        assert_eq!(health.standing(), Standing::Well);
        record(&mut health, Verdict::Unreachable, now);
        record(&mut health, Verdict::Unreachable, now);
        assert_eq!(health.ejected_until(), Some(now + Duration::from_secs(1)));
    }

    #[test]
    fn what_tells_nothing_of_the_member_never_ejects() {
        let now = Instant::now();
        let mut health = Health::default();
        for _ in 0..100 {
            record(&mut health, Verdict::Neutral, now);
            record(&mut health, Verdict::Overloaded, now);
        }
        assert!(health.is_clean());
    }

    #[test]
    fn only_a_good_answer_after_a_good_probe_brings_a_member_back() {
        let now = Instant::now();
        let mut health = ejected(now);
        record(&mut health, Verdict::Good, now); // an answer that was on its way
        assert_eq!(health.standing(), Standing::Ejected);
        health.probed(Found::Well, now, MIDDLE, &HealthPolicy::default());
        assert!(health.open());
        assert!(health.begin());
        assert!(!health.open() && !health.begin(), "one request at a time");
        record(&mut health, Verdict::Good, now);
        assert_eq!(health.standing(), Standing::Well);
    }

    #[test]
    fn a_trial_that_tells_nothing_lets_the_next_request_try() {
        let now = Instant::now();
        let mut health = ejected(now);
        health.probed(Found::Well, now, MIDDLE, &HealthPolicy::default());
        assert!(health.begin());
        record(&mut health, Verdict::Neutral, now);
        health.release_trial();
        assert!(health.open());
    }

    #[test]
    fn what_was_sent_before_a_member_went_says_nothing_of_it_once_it_is_back() {
        let began = Instant::now();
        let later = began + Duration::from_secs(1);
        let mut health = ejected(began);
        let policy = HealthPolicy::default();
        health.probed(Found::Well, later, MIDDLE, &policy);
        for verdict in [Verdict::Unreachable, Verdict::Gateway, Verdict::Good] {
            health.record(verdict, began, later, MIDDLE, &policy, FREELY);
            assert_eq!(health.standing(), Standing::Trial, "{verdict:?}");
        }
        health.record(Verdict::Good, later, later, MIDDLE, &policy, FREELY);
        assert_eq!(health.standing(), Standing::Well);
    }

    #[test]
    fn terms_double_up_to_the_cap_and_a_busy_member_is_not_punished() {
        let now = Instant::now();
        let policy = HealthPolicy::default();
        let mut health = ejected(now);
        let mut terms = Vec::new();
        for _ in 0..6 {
            health.probed(Found::Gone, now, MIDDLE, &policy);
            terms.push((health.ejected_until().unwrap() - now).as_secs());
        }
        assert_eq!(terms, [2, 4, 8, 16, 30, 30]);

        let mut busy = ejected(now);
        for _ in 0..5 {
            busy.probed(Found::Busy, now, MIDDLE, &policy);
            assert_eq!(busy.ejected_until(), Some(now + Duration::from_secs(1)));
        }
    }

    #[test]
    fn a_minute_of_health_forgives_one_ejection() {
        let now = Instant::now();
        let policy = HealthPolicy::default();
        let mut health = ejected(now);
        health.probed(Found::Gone, now, MIDDLE, &policy);
        health.probed(Found::Well, now, MIDDLE, &policy);
        record(&mut health, Verdict::Good, now);
        assert_eq!(health.earlier, 2);
        record(&mut health, Verdict::Good, now + Duration::from_secs(59));
        assert_eq!(health.earlier, 2);
        record(&mut health, Verdict::Good, now + Duration::from_secs(60));
        record(&mut health, Verdict::Good, now + Duration::from_secs(120));
        assert_eq!(health.earlier, 0);
    }

    #[test]
    fn the_set_has_the_last_word() {
        let now = Instant::now();
        let mut health = Health::default();
        for _ in 0..10 {
            health.record(
                Verdict::Unreachable,
                now,
                now,
                MIDDLE,
                &HealthPolicy::default(),
                Allowed { unreachable: false, gateway: false },
            );
        }
        assert_eq!(health.standing(), Standing::Well);
    }
}
