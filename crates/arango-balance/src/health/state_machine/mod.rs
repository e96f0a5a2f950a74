//! State machine of one member: when it is ejected, drained or overloaded, and how it recovers.
//!
//! ```text
//!            consecutive failures,
//!            or a high failure ratio          ejection over, probe succeeds
//!  Healthy ─────────────────────► Ejected ──────────────────────────────────► HalfOpen
//!    ▲                              ▲  │ ▲                                      │  │
//!    │                              │  └─┘ probe fails                          │  │
//!    │                              └──────────────── request fails ────────────┘  │
//!    └──────────────────────────────────────────── request succeeds ───────────────┘
//!
//!            it reports overload                it reports shutdown, or the caller drains it
//!  Healthy ────────────────────────► Overloaded ───────────────────────► Draining ──► Ejected
//!    ▲                                │  │ ▲                               │  probe: unreachable
//!    │                                │  └─┘ probe: unavailable            │
//!    ├── time over, any other result ─┘                                    │
//!    └── time over, or a probe finds it restarted: see `Draining` ─────────┘
//! ```
//!
//! A member whose responses do not look like the expected service is `Suspect`: it keeps its share, is probed at once,
//! and is ejected only by the result of that probe.
//!
//! The share of a member that recovers from `HalfOpen` or `Draining`, or that was just added, rises: see [`SlowStart`].
//! `Overloaded` and `Draining` members are available: failures eject them like healthy members. A half-open member that
//! reports one of the two enters that state. A `Healthy` member may start draining directly.
//!
//! Time and random numbers are parameters: this module reads no clock and never waits.

use std::num::NonZeroU32;

use tokio::time::Instant;

use crate::health::draining::{DrainProgress, DrainSource, Draining};
use crate::health::failure_window::FailureWindow;
use crate::health::policy::HealthPolicy;
use crate::health::probe_result::ProbeResult;
use crate::health::reports::{EjectionLimit, ProbeReport, SignalReport};
use crate::health::signal::Signal;
use crate::health::slow_start::SlowStart;
use crate::health::state::MemberState;

/// Part of its share that an overloaded member gets.
const OVERLOAD_WEIGHT: f64 = 0.25;

/// The health of one member.
#[derive(Debug)]
pub(crate) struct Health {
    state: HealthState,
    connect_failures: u32,
    gateway_failures: u32,
    failure_window: FailureWindow,
    /// Ejections that are not forgotten yet.
    ejections: u32,
    /// Since when it has been healthy, or since an ejection was last forgotten.
    healthy_since: Option<Instant>,
    /// When it was last ejected or last recovered. Attempts that started earlier are ignored.
    last_change: Option<Instant>,
    /// When it last failed, unless it has responded since or is half-open. Ranks members when ejections are
    /// disregarded.
    last_failed: Option<Instant>,
    /// It was just added, or has just recovered.
    slow_start: Option<SlowStart>,
    /// When a probe last ended draining that the member had reported itself.
    drain_cancelled_at: Option<Instant>,
    /// When a probe last resolved the suspicion, with either result.
    suspicion_resolved_at: Option<Instant>,
    /// The next request that is let through while it is half-open.
    next_half_open: HalfOpenRequest,
    /// Since when it has been in its state.
    state_since: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum HealthState {
    Healthy,
    /// Like healthy, until the pending probe shows whether it is the expected service.
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
        /// The single request that is let through, while it is in flight.
        in_flight: Option<HalfOpenRequest>,
        cause: EjectionCause,
    },
}

/// Number of a request that a half-open member was sent, among all such requests.
///
/// A request may end after the member was ejected and let another one through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HalfOpenRequest(NonZeroU32);

/// Why a member was ejected.
#[derive(Debug, Clone, Copy, PartialEq)]
enum EjectionCause {
    /// It could not be reached.
    Unreachable,
    /// A probe found that it is not the expected service.
    Unrecognized,
    /// A gateway responded in its place. Limited to half of the members.
    Gateway,
    /// Too many of its responses were failures. Limited to half of the members.
    Failures,
}

impl Health {
    /// Returns the health of a member without any history.
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
            next_half_open: HalfOpenRequest(NonZeroU32::MIN),
            state_since: now,
        }
    }

    /// Returns the health of a member added to a running set: its share rises, so that its caches can fill.
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

    /// Whether it may get a request: it is available, or half-open with no other request in flight.
    pub(crate) fn accepts_request(&self) -> bool {
        self.is_available() || matches!(self.state, HealthState::HalfOpen { in_flight: None, .. })
    }

    /// Whether it has no recent failures, so that a success would change nothing.
    pub(crate) fn is_clean(&self) -> bool {
        self.state == HealthState::Healthy
            && self.connect_failures == 0
            && self.gateway_failures == 0
            && self.ejections == 0
    }

    /// Whether its health must be read before it gets a request.
    pub(crate) fn is_degraded(&self) -> bool {
        self.state != HealthState::Healthy || self.slow_start.is_some()
    }

    /// Returns the part of its share that it gets, from 0 to 1.
    pub(crate) fn weight(&self, now: Instant) -> f64 {
        let share = self.slow_start.map_or(1.0, |slow_start| slow_start.share(now));
        if self.state() == MemberState::Overloaded { share * OVERLOAD_WEIGHT } else { share }
    }

    /// Whether the time of slow start is over, and slow start was not ended yet.
    pub(crate) fn is_slow_start_over(&self, now: Instant) -> bool {
        self.slow_start.is_some_and(|slow_start| slow_start.is_over(now))
    }

    /// Ends slow start if its time is over.
    pub(crate) fn end_slow_start(&mut self, now: Instant) {
        self.slow_start = self.slow_start.filter(|slow_start| !slow_start.is_over(now));
    }

    /// Returns since when it has been in its state.
    pub(crate) fn state_since(&self) -> Instant {
        self.state_since
    }

    /// Sets since when it has been in its state.
    pub(crate) fn set_state_since(&mut self, now: Instant) {
        self.state_since = now;
    }

    pub(crate) fn last_failed(&self) -> Option<Instant> {
        self.last_failed
    }

    /// Returns when it must be probed next; `None` if it is healthy or half-open.
    pub(crate) fn next_probe(&self) -> Option<Instant> {
        match self.state {
            HealthState::Ejected { until, .. } | HealthState::Overloaded { until } => Some(until),
            HealthState::Suspect { since } => Some(since),
            HealthState::Draining(draining) => Some(draining.next_probe()),
            HealthState::Healthy | HealthState::HalfOpen { .. } => None,
        }
    }

    /// Whether it is ejected, or half-open, because of responses rather than connectivity.
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

    /// Records the outcome of an attempt.
    ///
    /// Ignores an attempt that started before the member was last ejected or last recovered.
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
                // A draining or half-open member does not become overloaded.
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
                // It can be reached. That ends the half-open state, unless it was ejected for failures.
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

    /// Has the member probed, unless that was done recently. Unrecognized responses alone never eject it.
    fn suspect(&mut self, report: &SignalReport, policy: &HealthPolicy) {
        let is_resolved =
            self.suspicion_resolved_at.is_some_and(|resolved| report.now < resolved + policy.overload_time);
        match self.state {
            HealthState::Healthy if !is_resolved => self.state = HealthState::Suspect { since: report.now },
            // The response to the one request contradicts the probe.
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

    /// Applies the result of the probe that was due at `due`. Ignores it if the time of the next probe has changed
    /// since: then the signals of requests are newer.
    ///
    /// An overloaded member is not ejected because a probe fails: requests may still succeed, and will show its state.
    pub(crate) fn probed(&mut self, report: &ProbeReport, policy: &HealthPolicy, allowed: EjectionLimit) {
        let ProbeReport { due, result, now, random, requests } = *report;
        if self.next_probe() != Some(due) {
            return;
        }
        match (self.state, result) {
            (HealthState::Healthy | HealthState::HalfOpen { .. }, _) => {}
            (
                HealthState::Suspect { .. } | HealthState::Overloaded { .. },
                Some(ProbeResult::Unrecognized),
            ) if allowed.for_connectivity => {
                self.suspicion_resolved_at = Some(now);
                self.last_failed = Some(now);
                self.failure_window = FailureWindow::since(now, requests);
                self.eject(EjectionCause::Unrecognized, now, random, policy);
            }
            (HealthState::Suspect { .. }, _) => {
                self.suspicion_resolved_at = Some(now);
                self.state = HealthState::Healthy;
            }
            (HealthState::Overloaded { .. }, Some(ProbeResult::Unavailable)) => {
                self.state = HealthState::Overloaded { until: now + policy.overload_time };
            }
            (HealthState::Overloaded { .. }, _) => {
                self.state = HealthState::Healthy;
                self.last_change = Some(now);
            }
            (HealthState::Draining(draining), result) => {
                // The only member is not ejected: then it makes no difference why it does not respond.
                let result = if result == Some(ProbeResult::Unreachable) && !allowed.for_connectivity {
                    Some(ProbeResult::TimedOut)
                } else {
                    result
                };
                let progress = draining.probed(result, now, now + policy.ejection_time(0, random), policy);
                match progress {
                    DrainProgress::Draining(draining) => self.state = HealthState::Draining(draining),
                    DrainProgress::Unreachable => {
                        self.last_failed = Some(now);
                        self.failure_window = FailureWindow::since(now, requests);
                        self.eject(EjectionCause::Unreachable, now, random, policy);
                    }
                    DrainProgress::Restarted | DrainProgress::Expired => {
                        if progress == DrainProgress::Restarted {
                            self.slow_start = SlowStart::new(now, policy.slow_start);
                            self.drain_cancelled_at = Some(now);
                        }
                        self.state = HealthState::Healthy;
                        self.last_change = Some(now);
                    }
                }
            }
            // Also if the probe was inconclusive, or there is none: one request will show its state.
            (
                HealthState::Ejected { cause, .. },
                Some(ProbeResult::Available | ProbeResult::Inconclusive) | None,
            ) => {
                self.state = HealthState::HalfOpen { in_flight: None, cause };
                self.last_change = Some(now);
                self.last_failed = None;
            }
            (HealthState::Ejected { cause, .. }, Some(ProbeResult::Unavailable)) => {
                let until = now + policy.ejection_time(self.ejections.saturating_sub(1), random);
                self.state = HealthState::Ejected { until, cause };
            }
            (HealthState::Ejected { .. }, Some(ProbeResult::Unrecognized)) => {
                self.last_failed = Some(now);
                self.eject(EjectionCause::Unrecognized, now, random, policy);
            }
            (HealthState::Ejected { cause, .. }, Some(ProbeResult::Unreachable | ProbeResult::TimedOut)) => {
                self.last_failed = Some(now);
                self.eject(cause, now, random, policy);
            }
        }
    }

    /// Starts draining at the caller's request.
    pub(crate) fn drain_requested(&mut self, now: Instant, random: f64, policy: &HealthPolicy) {
        self.drain(DrainSource::Caller, now, random, policy);
    }

    fn drain(&mut self, source: DrainSource, now: Instant, random: f64, policy: &HealthPolicy) {
        let next_probe = now + policy.ejection_time(0, random);
        // It drains again soon after an available probe: such a probe does not show whether it has restarted.
        let is_repeated = self.drain_cancelled_at.is_some_and(|at| now < at + policy.max_drain_time);
        let source = if is_repeated { DrainSource::Caller } else { source };
        self.state = HealthState::Draining(match self.state {
            // Neither ejection nor the half-open state is ended by it.
            HealthState::Ejected { .. } | HealthState::HalfOpen { .. } => return,
            HealthState::Healthy | HealthState::Suspect { .. } | HealthState::Overloaded { .. } => {
                Draining::new(source, now, next_probe, policy)
            }
            HealthState::Draining(draining) => draining.extend(source, now, next_probe, policy),
        });
    }

    /// Starts a request; returns its number if it is the single request of the half-open state.
    pub(crate) fn start_half_open(&mut self) -> Option<HalfOpenRequest> {
        let HealthState::HalfOpen { in_flight: in_flight @ None, .. } = &mut self.state else { return None };
        let HalfOpenRequest(number) = self.next_half_open;
        *in_flight = Some(self.next_half_open);
        self.next_half_open = HalfOpenRequest(number.checked_add(1).unwrap_or(NonZeroU32::MIN));
        *in_flight
    }

    /// Ends a request of the half-open state. If it is still the single one, and showed nothing, the next may follow.
    pub(crate) fn end_half_open(&mut self, request: HalfOpenRequest) {
        if let HealthState::HalfOpen { in_flight, .. } = &mut self.state {
            in_flight.take_if(|current| *current == request);
        }
    }

    /// Whether it is neither ejected nor half-open.
    fn is_available(&self) -> bool {
        !matches!(self.state, HealthState::Ejected { .. } | HealthState::HalfOpen { .. })
    }

    /// Records a response of the member itself: it can be reached, which ends counts of failures and the half-open
    /// state.
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

    /// Counts a failure of an available member; returns whether the failure ratio is too high.
    fn record_failure(&mut self, report: &SignalReport, policy: &HealthPolicy) -> bool {
        if !self.is_available() {
            return false;
        }
        let counts = self.failure_window.record(report.now, report.requests, policy.failure_ratio_window);
        counts.responses >= u64::from(policy.failure_ratio_min_responses)
            && counts.ratio() > policy.failure_ratio
    }

    /// Ejects it if it is half-open, or if `enough` failed and `allowed` permits it.
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
            // It keeps its earlier cause: so no more members are ejected for responses than allowed.
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

    fn eject(&mut self, cause: EjectionCause, now: Instant, random: f64, policy: &HealthPolicy) {
        let until = now + policy.ejection_time(self.ejections, random);
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

#[cfg(test)]
mod tests;
