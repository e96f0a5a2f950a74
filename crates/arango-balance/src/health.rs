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

use crate::failure_rate::FailureWindow;
use crate::farewell::{DrainProgress, DrainSource, Draining};
use crate::warm_up::SlowStart;
use crate::{HealthPolicy, MemberState, Signal};

/// What an overloaded member keeps of its share.
const QUARTER: f64 = 0.25;

/// The health of one member.
#[derive(Debug)]
pub(crate) struct Health {
    state: HealthState,
    connect_failures: u32,
    gateway_failures: u32,
    failure_window: FailureWindow,
    /// Ejections that are not forgotten yet.
    ejections: u32,
    /// Since when it is well, or since when it was last forgiven.
    healthy_since: Option<Instant>,
    /// When it last went or came back: what began before that tells nothing of the member as it is.
    last_change: Option<Instant>,
    /// When it last failed, unless it has answered since, or is on trial: that is how far it can be trusted where
    /// standings cannot.
    last_failed: Option<Instant>,
    /// It has just come, or come back.
    slow_start: Option<SlowStart>,
    /// When a look last found it well that was about to go by its own word.
    drain_cancelled_at: Option<Instant>,
    /// When a probe last settled a doubt, whichever way.
    suspicion_resolved_at: Option<Instant>,
    /// Since when it stands as it does.
    state_since: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum HealthState {
    Healthy,
    /// As if it were well, until the probe that is due has said whether it is the service that is expected.
    Suspect {
        since: Instant,
    },
    Overloaded {
        until: Instant,
    },
    Draining(Draining),
    Ejected {
        until: Instant,
        cause: EjectionCause,
    },
    HalfOpen {
        under_way: bool,
        cause: EjectionCause,
    },
}

/// What a member was ejected for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum EjectionCause {
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
            state: HealthState::Healthy,
            connect_failures: 0,
            gateway_failures: 0,
            failure_window: FailureWindow::since(now, 0),
            ejections: 0,
            healthy_since: None,
            last_change: None,
            last_failed: None,
            slow_start: None,
            drain_cancelled_at: None,
            suspicion_resolved_at: None,
            state_since: now,
        }
    }

    /// A member that has come to a set which takes requests already: what it keeps in memory is to be filled.
    pub(crate) fn slow_starting(now: Instant, policy: &HealthPolicy) -> Self {
        Self { slow_start: SlowStart::new(now, policy.slow_start_new), ..Self::new(now) }
    }

    pub(crate) fn state(&self) -> MemberState {
        match self.state {
            HealthState::Healthy | HealthState::Suspect { .. } => MemberState::Healthy,
            HealthState::Overloaded { .. } => MemberState::Overloaded,
            HealthState::Draining(_) => MemberState::Draining,
            HealthState::Ejected { .. } => MemberState::Ejected,
            HealthState::HalfOpen { .. } => MemberState::HalfOpen,
        }
    }

    /// Whether a request may be sent: it is there, or on trial with no other request under way.
    pub(crate) fn is_open(&self) -> bool {
        self.is_available() || matches!(self.state, HealthState::HalfOpen { under_way: false, .. })
    }

    /// Nothing has gone wrong lately, so that a good verdict would change nothing.
    pub(crate) fn is_clean(&self) -> bool {
        self.state == HealthState::Healthy
            && self.connect_failures == 0
            && self.gateway_failures == 0
            && self.ejections == 0
    }

    /// Whether it is to be looked at before it is asked.
    pub(crate) fn is_degraded(&self) -> bool {
        self.state != HealthState::Healthy || self.slow_start.is_some()
    }

    /// The part that it takes of the share that the policy would give it.
    pub(crate) fn weight(&self, now: Instant) -> f64 {
        let share = self.slow_start.map_or(1.0, |warm_up| warm_up.share(now));
        if self.state() == MemberState::Overloaded { share * QUARTER } else { share }
    }

    /// Ends a time of warming up that is over.
    pub(crate) fn end_slow_start(&mut self, now: Instant) {
        self.slow_start = self.slow_start.filter(|warm_up| !warm_up.is_over(now));
    }

    /// Since when it stands as it does.
    pub(crate) fn state_since(&self) -> Instant {
        self.state_since
    }

    /// Notes that it stands otherwise from now on.
    pub(crate) fn set_state_since(&mut self, now: Instant) {
        self.state_since = now;
    }

    pub(crate) fn last_failed(&self) -> Option<Instant> {
        self.last_failed
    }

    /// When it is to be asked how it is: its term is over, or may as well be.
    pub(crate) fn next_probe(&self) -> Option<Instant> {
        match self.state {
            HealthState::Ejected { until, .. } | HealthState::Overloaded { until } => Some(until),
            HealthState::Suspect { since } => Some(since),
            HealthState::Draining(farewell) => Some(farewell.next_probe()),
            HealthState::Healthy | HealthState::HalfOpen { .. } => None,
        }
    }

    /// Whether it is out, or not wholly back, by an opinion rather than a fact.
    pub(crate) fn is_out_for_responses(&self) -> bool {
        match self.state {
            HealthState::Ejected { cause, .. } | HealthState::HalfOpen { cause, .. } => {
                matches!(cause, EjectionCause::Gateway | EjectionCause::Failures)
            }
            HealthState::Healthy
            | HealthState::Suspect { .. }
            | HealthState::Overloaded { .. }
            | HealthState::Draining(_) => false,
        }
    }

    /// Takes note of an attempt.
    ///
    /// A member that has come back is not judged by what was sent to it before it went.
    pub(crate) fn record(&mut self, report: &SignalReport, policy: &HealthPolicy, allowed: EjectionLimit) {
        let now = report.now;
        if self.last_change.is_some_and(|changed| report.started < changed) {
            return;
        }
        match report.signal {
            Signal::Success => {
                self.record_response(now, policy);
                self.forget_ejections(now, policy);
            }
            Signal::Overloaded => {
                self.record_response(now, policy);
                // One that is about to go has said so already, and is no less about to go.
                if matches!(
                    self.state,
                    HealthState::Healthy | HealthState::Suspect { .. } | HealthState::Overloaded { .. }
                ) {
                    self.state = HealthState::Overloaded { until: now + policy.overload_time };
                }
            }
            Signal::Draining => {
                self.record_response(now, policy);
                self.drain(DrainSource::Member, now, report.random, policy);
            }
            Signal::Failure => {
                // It can be reached, which is all that a trial of one that could not be asks for.
                if !matches!(self.state, HealthState::HalfOpen { cause: EjectionCause::Failures, .. }) {
                    self.record_response(now, policy);
                }
                let too_many = self.record_failure(report, policy);
                self.maybe_eject(EjectionCause::Failures, too_many, report, policy, allowed);
            }
            Signal::Unreachable => {
                self.last_failed = Some(now);
                self.connect_failures = self.connect_failures.saturating_add(1);
                let enough = self.connect_failures >= policy.consecutive_connect_failures;
                self.maybe_eject(EjectionCause::Unreachable, enough, report, policy, allowed);
            }
            Signal::GatewayError => {
                self.last_failed = Some(now);
                self.gateway_failures = self.gateway_failures.saturating_add(1);
                let too_many = self.record_failure(report, policy);
                let enough = self.gateway_failures >= policy.consecutive_gateway_failures || too_many;
                self.maybe_eject(EjectionCause::Gateway, enough, report, policy, allowed);
            }
            Signal::Unrecognized => self.suspect(report, policy),
            Signal::Neutral => {}
        }
    }

    /// Has the member probed, unless that has just been done: odd answers alone never eject it.
    fn suspect(&mut self, report: &SignalReport, policy: &HealthPolicy) {
        let is_settled =
            self.suspicion_resolved_at.is_some_and(|settled| report.now < settled + policy.overload_time);
        match self.state {
            HealthState::Healthy if !is_settled => self.state = HealthState::Suspect { since: report.now },
            // The answer to the one request contradicts what the probe has found.
            HealthState::HalfOpen { cause, .. } => {
                self.last_failed = Some(report.now);
                self.state = HealthState::Ejected {
                    until: report.now + policy.ejection_time(0, report.random),
                    cause,
                };
                self.last_change = Some(report.now);
            }
            _ => {}
        }
    }

    /// Takes note of what was found when it was due, if that is still in force: what requests have told meanwhile is newer
    /// than what the probe has found.
    ///
    /// One who is there, and has not said that it is about to go, is not ejected: a probe may fail where requests do not,
    /// and those will tell.
    pub(crate) fn probed(&mut self, look: &ProbeReport, policy: &HealthPolicy, allowed: EjectionLimit) {
        let ProbeReport { due, outcome: found, now, random: chance, requests } = *look;
        if self.next_probe() != Some(due) {
            return;
        }
        match (self.state, found) {
            (HealthState::Healthy | HealthState::HalfOpen { .. }, _) => {}
            (HealthState::Suspect { .. } | HealthState::Overloaded { .. }, ProbeOutcome::Unrecognized)
                if allowed.for_connectivity =>
            {
                self.suspicion_resolved_at = Some(now);
                self.last_failed = Some(now);
                self.failure_window = FailureWindow::since(now, requests);
                self.eject(EjectionCause::Unrecognized, now, chance, policy);
            }
            (HealthState::Suspect { .. }, _) => {
                self.suspicion_resolved_at = Some(now);
                self.state = HealthState::Healthy;
            }
            (HealthState::Overloaded { .. }, ProbeOutcome::Unavailable) => {
                self.state = HealthState::Overloaded { until: now + policy.overload_time };
            }
            (HealthState::Overloaded { .. }, _) => {
                self.state = HealthState::Healthy;
                self.last_change = Some(now);
            }
            (HealthState::Draining(farewell), found) => {
                // Where nobody else is left, that it does not answer is all that matters.
                let found = if found == ProbeOutcome::Unreachable && !allowed.for_connectivity {
                    ProbeOutcome::TimedOut
                } else {
                    found
                };
                let shown = farewell.probed(found, now, now + policy.ejection_time(0, chance), policy);
                match shown {
                    DrainProgress::Draining(farewell) => self.state = HealthState::Draining(farewell),
                    DrainProgress::Gone => {
                        self.last_failed = Some(now);
                        self.failure_window = FailureWindow::since(now, requests);
                        self.eject(EjectionCause::Unreachable, now, chance, policy);
                    }
                    DrainProgress::Restarted | DrainProgress::Expired => {
                        if shown == DrainProgress::Restarted {
                            self.slow_start = SlowStart::new(now, policy.slow_start);
                            self.drain_cancelled_at = Some(now);
                        }
                        self.state = HealthState::Healthy;
                        self.last_change = Some(now);
                    }
                }
            }
            // Whether something hides the answer, or nobody is there to ask: a request will tell.
            (
                HealthState::Ejected { cause, .. },
                ProbeOutcome::Available | ProbeOutcome::Inconclusive | ProbeOutcome::NotProbed,
            ) => {
                self.state = HealthState::HalfOpen { under_way: false, cause };
                self.last_change = Some(now);
                self.last_failed = None;
            }
            (HealthState::Ejected { cause, .. }, ProbeOutcome::Unavailable) => {
                let until = now + policy.ejection_time(self.ejections.saturating_sub(1), chance);
                self.state = HealthState::Ejected { until, cause };
            }
            (HealthState::Ejected { .. }, ProbeOutcome::Unrecognized) => {
                self.last_failed = Some(now);
                self.eject(EjectionCause::Unrecognized, now, chance, policy);
            }
            (HealthState::Ejected { cause, .. }, ProbeOutcome::Unreachable | ProbeOutcome::TimedOut) => {
                self.last_failed = Some(now);
                self.eject(cause, now, chance, policy);
            }
        }
    }

    /// Spares it by the word of others: whoever sends it away knows that it is about to go.
    pub(crate) fn drain_requested(&mut self, now: Instant, chance: f64, policy: &HealthPolicy) {
        self.drain(DrainSource::Caller, now, chance, policy);
    }

    fn drain(&mut self, word: DrainSource, now: Instant, chance: f64, policy: &HealthPolicy) {
        let look = now + policy.ejection_time(0, chance);
        // It was well when it was looked at, and is about to go nevertheless: a look does not show which of the two it is.
        let refuted = self.drain_cancelled_at.is_some_and(|back| now < back + policy.max_drain_time);
        let word = if refuted { DrainSource::Caller } else { word };
        self.state = HealthState::Draining(match self.state {
            // It is no less gone, or not yet back, for what is said of it.
            HealthState::Ejected { .. } | HealthState::HalfOpen { .. } => return,
            HealthState::Healthy | HealthState::Suspect { .. } | HealthState::Overloaded { .. } => {
                Draining::new(word, now, look, policy)
            }
            HealthState::Draining(farewell) => farewell.extend(word, now, look, policy),
        });
    }

    /// Begins a request; tells whether it is the one request of a trial.
    pub(crate) fn start_half_open(&mut self) -> bool {
        match &mut self.state {
            HealthState::HalfOpen { under_way, .. } if !*under_way => {
                *under_way = true;
                true
            }
            _ => false,
        }
    }

    /// The one request of a trial ended; if it told nothing, the next may try.
    pub(crate) fn release_half_open(&mut self) {
        if let HealthState::HalfOpen { under_way, .. } = &mut self.state {
            *under_way = false;
        }
    }

    /// Neither ejected nor on trial.
    fn is_available(&self) -> bool {
        !matches!(self.state, HealthState::Ejected { .. } | HealthState::HalfOpen { .. })
    }

    /// The member itself answered: it can be reached, which ends the rows and a trial.
    fn record_response(&mut self, now: Instant, policy: &HealthPolicy) {
        self.connect_failures = 0;
        self.gateway_failures = 0;
        self.last_failed = None;
        if let HealthState::HalfOpen { .. } = self.state {
            self.state = HealthState::Healthy;
            self.last_change = Some(now);
            self.healthy_since = Some(now);
            self.slow_start = SlowStart::new(now, policy.slow_start);
        }
    }

    /// Counts a failure of a member that is there; tells whether there were too many lately.
    fn record_failure(&mut self, report: &SignalReport, policy: &HealthPolicy) -> bool {
        if !self.is_available() {
            return false;
        }
        let counts = self.failure_window.record(report.now, report.requests, policy.failure_ratio_window);
        counts.responses >= u64::from(policy.failure_ratio_min_responses)
            && counts.ratio() > policy.failure_ratio
    }

    /// Ejects it if it was on trial, or if `enough` went wrong and the set allows it.
    fn maybe_eject(
        &mut self,
        cause: EjectionCause,
        enough: bool,
        report: &SignalReport,
        policy: &HealthPolicy,
        allowed: EjectionLimit,
    ) {
        let cause = match (self.state, cause) {
            (HealthState::Ejected { .. }, _) => return,
            // It goes out again for what it was out before: so opinions never eject more than the set allows.
            (
                HealthState::HalfOpen { cause: earlier, .. },
                EjectionCause::Gateway | EjectionCause::Failures,
            ) => earlier,
            (HealthState::HalfOpen { .. }, EjectionCause::Unreachable | EjectionCause::Unrecognized) => cause,
            (_, EjectionCause::Unreachable | EjectionCause::Unrecognized)
                if enough && allowed.for_connectivity =>
            {
                cause
            }
            (_, EjectionCause::Gateway | EjectionCause::Failures) if enough && allowed.for_responses => cause,
            _ => return,
        };
        self.last_failed = Some(report.now);
        self.failure_window = FailureWindow::since(report.now, report.requests);
        self.eject(cause, report.now, report.random, policy);
    }

    fn eject(&mut self, cause: EjectionCause, now: Instant, chance: f64, policy: &HealthPolicy) {
        let until = now + policy.ejection_time(self.ejections, chance);
        self.state = HealthState::Ejected { until, cause };
        self.last_change = Some(now);
        self.ejections = self.ejections.saturating_add(1);
        self.healthy_since = None;
    }

    fn forget_ejections(&mut self, now: Instant, policy: &HealthPolicy) {
        let Some(since) = self.healthy_since else { return };
        if self.ejections > 0 && now.saturating_duration_since(since) >= policy.recovery_time {
            self.ejections -= 1;
            self.healthy_since = Some(since + policy.recovery_time);
        }
    }
}

/// What is known of one attempt that ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SignalReport {
    pub(crate) signal: Signal,
    pub(crate) started: Instant,
    pub(crate) now: Instant,
    /// In the unit interval; decides how long an ejection lasts.
    pub(crate) random: f64,
    /// How many requests the member was sent so far.
    pub(crate) requests: u64,
}

/// What the set as a whole allows to be done to one member.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EjectionLimit {
    /// There is another member.
    pub(crate) for_connectivity: bool,
    /// There is another member, and not half of them, rounded up, are out by an opinion already.
    pub(crate) for_responses: bool,
}

/// What is known of a member that was looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProbeReport {
    /// When it was due.
    pub(crate) due: Instant,
    pub(crate) outcome: ProbeOutcome,
    pub(crate) now: Instant,
    /// In the unit interval; decides how long it is until the next.
    pub(crate) random: f64,
    /// How many requests the member was sent so far.
    pub(crate) requests: u64,
}

/// What a probe found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProbeOutcome {
    Available,
    Unavailable,
    Unrecognized,
    Unreachable,
    TimedOut,
    Inconclusive,
    /// There is no probe.
    NotProbed,
}

#[cfg(test)]
mod tests;
