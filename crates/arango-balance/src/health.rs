//! Who is out of the rotation, and for how long?
//!
//! ```text
//!            failures in a row                 the term is over, the probe is good
//!   Well ───────────────────────► Ejected ───────────────────────────────────────► Trial
//!    ▲                              ▲  │ ▲                                          │  │
//!    │                              │  └─┘ the probe is bad                         │  │
//!    │                              └───────────── the request fails ───────────────┘  │
//!    └───────────────────────────────── the request is answered ───────────────────────┘
//!
//!            it says that it has too much to do          it says that it is about to go
//!   Well ─────────────────────────────────────► Overloaded ──────────────────────► Leaving
//!    ▲                                           │  │ ▲                             │ │ ▲
//!    │                                           │  └─┘ the probe finds it busy     │ └─┘
//!    └────────── the term is over, and a probe, if there is one, finds anything else ──┘
//! ```
//!
//! `Overloaded` and `Leaving` are there: failures eject them as they eject a member that is well, and a
//! trial that is answered by such a word ends with it. From `Well` a member may leave at once.
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
    /// When it last went or came back: what began before that tells nothing of the member as it is.
    changed: Option<Instant>,
    last_failed: Option<Instant>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum State {
    #[default]
    Well,
    Overloaded {
        until: Instant,
    },
    Leaving {
        until: Instant,
    },
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
            State::Overloaded { .. } => Standing::Overloaded,
            State::Leaving { .. } => Standing::Leaving,
            State::Ejected { .. } => Standing::Ejected,
            State::Trial { .. } => Standing::Trial,
        }
    }

    /// Whether a request may be sent: it is there, or on trial with no other request under way.
    pub(crate) fn open(&self) -> bool {
        self.is_there() || self.state == State::Trial { under_way: false }
    }

    /// Nothing has gone wrong lately, so that a good verdict would change nothing.
    pub(crate) fn is_clean(&self) -> bool {
        self.state == State::Well && self.unreachable == 0 && self.gateway == 0 && self.earlier == 0
    }

    pub(crate) fn last_failed(&self) -> Option<Instant> {
        self.last_failed
    }

    /// When its term is over, and it is to be asked how it is.
    pub(crate) fn due(&self) -> Option<Instant> {
        match self.state {
            State::Ejected { until, .. } | State::Overloaded { until } | State::Leaving { until } => {
                Some(until)
            }
            State::Well | State::Trial { .. } => None,
        }
    }

    pub(crate) fn ejected_by_gateway(&self) -> bool {
        matches!(self.state, State::Ejected { by_gateway: true, .. })
    }

    /// Takes note of an attempt.
    ///
    /// A member that has come back is not judged by what was sent to it before it went.
    pub(crate) fn record(&mut self, report: &Report, policy: &HealthPolicy, allowed: Allowed) {
        let now = report.now;
        if self.changed.is_some_and(|changed| report.began < changed) {
            return;
        }
        match report.verdict {
            Verdict::Good => {
                self.answered(now);
                self.forgive(now, policy);
            }
            Verdict::Overloaded => {
                self.answered(now);
                // One that is about to go has said so already, and is no less about to go.
                if matches!(self.state, State::Well | State::Overloaded { .. }) {
                    self.state = State::Overloaded { until: now + policy.overloaded };
                }
            }
            Verdict::Leaving => {
                self.answered(now);
                if self.is_there() {
                    self.state = State::Leaving { until: now + policy.leaving };
                }
            }
            Verdict::Unreachable => {
                self.last_failed = Some(now);
                self.unreachable = self.unreachable.saturating_add(1);
                let failed_trial = matches!(self.state, State::Trial { .. });
                let enough = self.is_there() && self.unreachable >= policy.unreachable;
                if failed_trial || (enough && allowed.unreachable) {
                    self.eject(false, now, report.chance, policy);
                }
            }
            Verdict::Gateway => {
                self.last_failed = Some(now);
                self.gateway = self.gateway.saturating_add(1);
                let failed_trial = matches!(self.state, State::Trial { .. });
                let enough = self.is_there() && self.gateway >= policy.gateway;
                if failed_trial || (enough && allowed.gateway) {
                    self.eject(true, now, report.chance, policy);
                }
            }
            Verdict::Neutral => {}
        }
    }

    /// Takes note of what was found at the end of a term.
    ///
    /// `Busy` gives the same term again. `Gone` ejects nobody who is there: a probe may fail where requests
    /// do not, and those will tell.
    pub(crate) fn probed(&mut self, found: Found, now: Instant, chance: f64, policy: &HealthPolicy) {
        match (self.state, found) {
            (State::Well | State::Trial { .. }, _) => {}
            (State::Overloaded { .. }, Found::Busy) => {
                self.state = State::Overloaded { until: now + policy.overloaded };
            }
            (State::Leaving { .. }, Found::Busy) => {
                self.state = State::Leaving { until: now + policy.leaving };
            }
            (State::Overloaded { .. } | State::Leaving { .. }, Found::Well | Found::Gone) => {
                self.state = State::Well;
                self.changed = Some(now);
            }
            (State::Ejected { .. }, Found::Well) => {
                self.state = State::Trial { under_way: false };
                self.changed = Some(now);
            }
            (State::Ejected { by_gateway, .. }, Found::Busy) => {
                let until = now + policy.term(self.earlier.saturating_sub(1), chance);
                self.state = State::Ejected { until, by_gateway };
            }
            (State::Ejected { by_gateway, .. }, Found::Gone) => {
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

    /// Neither ejected nor on trial.
    fn is_there(&self) -> bool {
        matches!(self.state, State::Well | State::Overloaded { .. } | State::Leaving { .. })
    }

    /// The member itself answered: it can be reached, which ends the rows and a trial.
    fn answered(&mut self, now: Instant) {
        self.unreachable = 0;
        self.gateway = 0;
        if let State::Trial { .. } = self.state {
            self.state = State::Well;
            self.changed = Some(now);
            self.well_since = Some(now);
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

/// What is known of one attempt that ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Report {
    pub(crate) verdict: Verdict,
    pub(crate) began: Instant,
    pub(crate) now: Instant,
    /// In the unit interval; decides how long an ejection lasts.
    pub(crate) chance: f64,
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
