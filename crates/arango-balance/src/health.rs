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

use crate::{HealthPolicy, Standing, Verdict};

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
mod tests;
