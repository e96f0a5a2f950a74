//! Who is out of the rotation, and for how long?
//!
//! ```text
//!            failures in a row,
//!            or a high rate of them            the term is over, the probe is good
//!   Well ───────────────────────► Ejected ───────────────────────────────────────► Trial
//!    ▲                              ▲  │ ▲                                          │  │
//!    │                              │  └─┘ the probe is bad                         │  │
//!    │                              └───────────── the request fails ───────────────┘  │
//!    └───────────────────────────────── the request is answered ───────────────────────┘
//!
//!            it says that it has too much to do          it says that it is about to go, or others do
//!   Well ─────────────────────────────────────► Overloaded ──────────────────────► Leaving ──► Ejected
//!    ▲                                           │  │ ▲                             │  a look finds it gone
//!    │                                           │  └─┘ the probe finds it busy     │
//!    └── the term is over, and the probe finds it anything but busy ─┘                │
//!    └──────── the term is over, or a look finds that it is back: see `Farewell` ─────┘
//! ```
//!
//! A member whose answers do not look like the service's is `Doubted`: it keeps its share and is probed at once, and only
//! what the probe finds ejects it.
//!
//! A member that comes back from `Trial` or `Leaving`, or has just come, takes a share that rises: see [`WarmUp`].
//! `Overloaded` and `Leaving` are there: failures eject them as they eject a member that is well, and a
//! trial that is answered by such a word ends with it. From `Well` a member may leave at once.
//!
//! Time and chance are handed in: this file neither reads a clock nor waits.

use tokio::time::Instant;

use crate::failure_rate::FailureRate;
use crate::farewell::{Farewell, Shown, Word};
use crate::warm_up::WarmUp;
use crate::{HealthPolicy, Standing, Verdict};

/// What an overloaded member keeps of its share.
const QUARTER: f64 = 0.25;

/// The health of one member.
#[derive(Debug)]
pub(crate) struct Health {
    state: State,
    unreachable: u32,
    gateway: u32,
    failures: FailureRate,
    /// Ejections that are not forgotten yet.
    earlier: u32,
    /// Since when it is well, or since when it was last forgiven.
    well_since: Option<Instant>,
    /// When it last went or came back: what began before that tells nothing of the member as it is.
    changed: Option<Instant>,
    /// When it last failed, unless it has answered since, or is on trial: that is how far it can be trusted where
    /// standings cannot.
    last_failed: Option<Instant>,
    /// It has just come, or come back.
    warm_up: Option<WarmUp>,
    /// When a look last found it well that was about to go by its own word.
    taken_back: Option<Instant>,
    /// When a probe last settled a doubt, whichever way.
    doubt_settled: Option<Instant>,
    /// Since when it stands as it does.
    since: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Well,
    /// As if it were well, until the probe that is due has said whether it is the service that is expected.
    Doubted {
        since: Instant,
    },
    Overloaded {
        until: Instant,
    },
    Leaving(Farewell),
    Ejected {
        until: Instant,
        cause: Cause,
    },
    Trial {
        under_way: bool,
        cause: Cause,
    },
}

/// What a member was ejected for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cause {
    /// A fact: it could not be reached.
    Unreachable,
    /// A fact: a probe found that it is not the service that is expected.
    Unrecognized,
    /// An opinion: others answered for it.
    Gateway,
    /// An opinion: too much of what it answered were failures.
    Failures,
}

impl Health {
    /// A member of which nothing is known yet.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            state: State::Well,
            unreachable: 0,
            gateway: 0,
            failures: FailureRate::since(now, 0),
            earlier: 0,
            well_since: None,
            changed: None,
            last_failed: None,
            warm_up: None,
            taken_back: None,
            doubt_settled: None,
            since: now,
        }
    }

    /// A member that has come to a set which takes requests already: what it keeps in memory is to be filled.
    pub(crate) fn newcomer(now: Instant, policy: &HealthPolicy) -> Self {
        Self { warm_up: WarmUp::new(now, policy.warm_up_new), ..Self::new(now) }
    }

    pub(crate) fn standing(&self) -> Standing {
        match self.state {
            State::Well | State::Doubted { .. } => Standing::Well,
            State::Overloaded { .. } => Standing::Overloaded,
            State::Leaving(_) => Standing::Leaving,
            State::Ejected { .. } => Standing::Ejected,
            State::Trial { .. } => Standing::Trial,
        }
    }

    /// Whether a request may be sent: it is there, or on trial with no other request under way.
    pub(crate) fn open(&self) -> bool {
        self.is_there() || matches!(self.state, State::Trial { under_way: false, .. })
    }

    /// Nothing has gone wrong lately, so that a good verdict would change nothing.
    pub(crate) fn is_clean(&self) -> bool {
        self.state == State::Well && self.unreachable == 0 && self.gateway == 0 && self.earlier == 0
    }

    /// Whether it is to be looked at before it is asked.
    pub(crate) fn is_apart(&self) -> bool {
        self.state != State::Well || self.warm_up.is_some()
    }

    /// The part that it takes of the share that the policy would give it.
    pub(crate) fn weight(&self, now: Instant) -> f64 {
        let share = self.warm_up.map_or(1.0, |warm_up| warm_up.share(now));
        if self.standing() == Standing::Overloaded { share * QUARTER } else { share }
    }

    /// Ends a time of warming up that is over.
    pub(crate) fn settle(&mut self, now: Instant) {
        self.warm_up = self.warm_up.filter(|warm_up| !warm_up.is_over(now));
    }

    /// Since when it stands as it does.
    pub(crate) fn since(&self) -> Instant {
        self.since
    }

    /// Notes that it stands otherwise from now on.
    pub(crate) fn stands_since(&mut self, now: Instant) {
        self.since = now;
    }

    pub(crate) fn last_failed(&self) -> Option<Instant> {
        self.last_failed
    }

    /// When it is to be asked how it is: its term is over, or may as well be.
    pub(crate) fn due(&self) -> Option<Instant> {
        match self.state {
            State::Ejected { until, .. } | State::Overloaded { until } => Some(until),
            State::Doubted { since } => Some(since),
            State::Leaving(farewell) => Some(farewell.look()),
            State::Well | State::Trial { .. } => None,
        }
    }

    /// Whether it is out, or not wholly back, by an opinion rather than a fact.
    pub(crate) fn out_by_opinion(&self) -> bool {
        match self.state {
            State::Ejected { cause, .. } | State::Trial { cause, .. } => {
                matches!(cause, Cause::Gateway | Cause::Failures)
            }
            State::Well | State::Doubted { .. } | State::Overloaded { .. } | State::Leaving(_) => false,
        }
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
                self.answered(now, policy);
                self.forgive(now, policy);
            }
            Verdict::Overloaded => {
                self.answered(now, policy);
                // One that is about to go has said so already, and is no less about to go.
                if matches!(self.state, State::Well | State::Doubted { .. } | State::Overloaded { .. }) {
                    self.state = State::Overloaded { until: now + policy.overloaded };
                }
            }
            Verdict::Leaving => {
                self.answered(now, policy);
                self.leave(Word::Own, now, report.chance, policy);
            }
            Verdict::Failed => {
                // It can be reached, which is all that a trial of one that could not be asks for.
                if !matches!(self.state, State::Trial { cause: Cause::Failures, .. }) {
                    self.answered(now, policy);
                }
                let too_many = self.failed(report, policy);
                self.went_wrong(Cause::Failures, too_many, report, policy, allowed);
            }
            Verdict::Unreachable => {
                self.last_failed = Some(now);
                self.unreachable = self.unreachable.saturating_add(1);
                let enough = self.unreachable >= policy.unreachable;
                self.went_wrong(Cause::Unreachable, enough, report, policy, allowed);
            }
            Verdict::Gateway => {
                self.last_failed = Some(now);
                self.gateway = self.gateway.saturating_add(1);
                let too_many = self.failed(report, policy);
                let enough = self.gateway >= policy.gateway || too_many;
                self.went_wrong(Cause::Gateway, enough, report, policy, allowed);
            }
            Verdict::Unrecognized => self.doubt(report, policy),
            Verdict::Neutral => {}
        }
    }

    /// Has the member probed, unless that has just been done: odd answers alone never eject it.
    fn doubt(&mut self, report: &Report, policy: &HealthPolicy) {
        let is_settled = self.doubt_settled.is_some_and(|settled| report.now < settled + policy.overloaded);
        match self.state {
            State::Well if !is_settled => self.state = State::Doubted { since: report.now },
            // The answer to the one request contradicts what the probe has found.
            State::Trial { cause, .. } => {
                self.last_failed = Some(report.now);
                self.state = State::Ejected { until: report.now + policy.term(0, report.chance), cause };
                self.changed = Some(report.now);
            }
            _ => {}
        }
    }

    /// Takes note of what was found when it was due, if that is still in force: what requests have told meanwhile is newer
    /// than what the probe has found.
    ///
    /// One who is there, and has not said that it is about to go, is not ejected: a probe may fail where requests do not,
    /// and those will tell.
    pub(crate) fn probed(&mut self, look: &Look, policy: &HealthPolicy, allowed: Allowed) {
        let Look { due, found, now, chance, requests } = *look;
        if self.due() != Some(due) {
            return;
        }
        match (self.state, found) {
            (State::Well | State::Trial { .. }, _) => {}
            (State::Doubted { .. } | State::Overloaded { .. }, Found::Unrecognized) if allowed.by_fact => {
                self.doubt_settled = Some(now);
                self.last_failed = Some(now);
                self.failures = FailureRate::since(now, requests);
                self.eject(Cause::Unrecognized, now, chance, policy);
            }
            (State::Doubted { .. }, _) => {
                self.doubt_settled = Some(now);
                self.state = State::Well;
            }
            (State::Overloaded { .. }, Found::Busy) => {
                self.state = State::Overloaded { until: now + policy.overloaded };
            }
            (State::Overloaded { .. }, _) => {
                self.state = State::Well;
                self.changed = Some(now);
            }
            (State::Leaving(farewell), found) => {
                // Where nobody else is left, that it does not answer is all that matters.
                let found = if found == Found::Gone && !allowed.by_fact { Found::Silent } else { found };
                let shown = farewell.looked(found, now, now + policy.term(0, chance), policy);
                match shown {
                    Shown::Leaving(farewell) => self.state = State::Leaving(farewell),
                    Shown::Gone => {
                        self.last_failed = Some(now);
                        self.failures = FailureRate::since(now, requests);
                        self.eject(Cause::Unreachable, now, chance, policy);
                    }
                    Shown::Back | Shown::Unknown => {
                        if shown == Shown::Back {
                            self.warm_up = WarmUp::new(now, policy.warm_up);
                            self.taken_back = Some(now);
                        }
                        self.state = State::Well;
                        self.changed = Some(now);
                    }
                }
            }
            // Whether something hides the answer, or nobody is there to ask: a request will tell.
            (State::Ejected { cause, .. }, Found::Well | Found::Unclear | Found::Unasked) => {
                self.state = State::Trial { under_way: false, cause };
                self.changed = Some(now);
                self.last_failed = None;
            }
            (State::Ejected { cause, .. }, Found::Busy) => {
                let until = now + policy.term(self.earlier.saturating_sub(1), chance);
                self.state = State::Ejected { until, cause };
            }
            (State::Ejected { .. }, Found::Unrecognized) => {
                self.last_failed = Some(now);
                self.eject(Cause::Unrecognized, now, chance, policy);
            }
            (State::Ejected { cause, .. }, Found::Gone | Found::Silent) => {
                self.last_failed = Some(now);
                self.eject(cause, now, chance, policy);
            }
        }
    }

    /// Spares it by the word of others: whoever sends it away knows that it is about to go.
    pub(crate) fn sent_away(&mut self, now: Instant, chance: f64, policy: &HealthPolicy) {
        self.leave(Word::Others, now, chance, policy);
    }

    fn leave(&mut self, word: Word, now: Instant, chance: f64, policy: &HealthPolicy) {
        let look = now + policy.term(0, chance);
        // It was well when it was looked at, and is about to go nevertheless: a look does not show which of the two it is.
        let refuted = self.taken_back.is_some_and(|back| now < back + policy.leaving);
        let word = if refuted { Word::Others } else { word };
        self.state = State::Leaving(match self.state {
            // It is no less gone, or not yet back, for what is said of it.
            State::Ejected { .. } | State::Trial { .. } => return,
            State::Well | State::Doubted { .. } | State::Overloaded { .. } => {
                Farewell::new(word, now, look, policy)
            }
            State::Leaving(farewell) => farewell.again(word, now, look, policy),
        });
    }

    /// Begins a request; tells whether it is the one request of a trial.
    pub(crate) fn begin(&mut self) -> bool {
        match &mut self.state {
            State::Trial { under_way, .. } if !*under_way => {
                *under_way = true;
                true
            }
            _ => false,
        }
    }

    /// The one request of a trial ended; if it told nothing, the next may try.
    pub(crate) fn release_trial(&mut self) {
        if let State::Trial { under_way, .. } = &mut self.state {
            *under_way = false;
        }
    }

    /// Neither ejected nor on trial.
    fn is_there(&self) -> bool {
        !matches!(self.state, State::Ejected { .. } | State::Trial { .. })
    }

    /// The member itself answered: it can be reached, which ends the rows and a trial.
    fn answered(&mut self, now: Instant, policy: &HealthPolicy) {
        self.unreachable = 0;
        self.gateway = 0;
        self.last_failed = None;
        if let State::Trial { .. } = self.state {
            self.state = State::Well;
            self.changed = Some(now);
            self.well_since = Some(now);
            self.warm_up = WarmUp::new(now, policy.warm_up);
        }
    }

    /// Counts a failure of a member that is there; tells whether there were too many lately.
    fn failed(&mut self, report: &Report, policy: &HealthPolicy) -> bool {
        if !self.is_there() {
            return false;
        }
        let counts = self.failures.note(report.now, report.requests, policy.rate_window);
        counts.answers >= u64::from(policy.rate_sample) && counts.rate() > policy.failure_rate
    }

    /// Ejects it if it was on trial, or if `enough` went wrong and the set allows it.
    fn went_wrong(
        &mut self,
        cause: Cause,
        enough: bool,
        report: &Report,
        policy: &HealthPolicy,
        allowed: Allowed,
    ) {
        let cause = match (self.state, cause) {
            (State::Ejected { .. }, _) => return,
            // It goes out again for what it was out before: so opinions never eject more than the set allows.
            (State::Trial { cause: earlier, .. }, Cause::Gateway | Cause::Failures) => earlier,
            (State::Trial { .. }, Cause::Unreachable | Cause::Unrecognized) => cause,
            (_, Cause::Unreachable | Cause::Unrecognized) if enough && allowed.by_fact => cause,
            (_, Cause::Gateway | Cause::Failures) if enough && allowed.by_opinion => cause,
            _ => return,
        };
        self.last_failed = Some(report.now);
        self.failures = FailureRate::since(report.now, report.requests);
        self.eject(cause, report.now, report.chance, policy);
    }

    fn eject(&mut self, cause: Cause, now: Instant, chance: f64, policy: &HealthPolicy) {
        let until = now + policy.term(self.earlier, chance);
        self.state = State::Ejected { until, cause };
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
    /// How many requests the member was sent so far.
    pub(crate) requests: u64,
}

/// What the set as a whole allows to be done to one member.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowed {
    /// There is another member.
    pub(crate) by_fact: bool,
    /// There is another member, and not half of them, rounded up, are out by an opinion already.
    pub(crate) by_opinion: bool,
}

/// What is known of a member that was looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// When it was due.
    pub(crate) due: Instant,
    pub(crate) found: Found,
    pub(crate) now: Instant,
    /// In the unit interval; decides how long it is until the next.
    pub(crate) chance: f64,
    /// How many requests the member was sent so far.
    pub(crate) requests: u64,
}

/// What a probe found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Well,
    Busy,
    Unrecognized,
    Gone,
    Silent,
    Unclear,
    /// There is no probe.
    Unasked,
}

#[cfg(test)]
mod tests;
