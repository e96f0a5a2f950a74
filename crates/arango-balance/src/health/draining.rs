//! Draining: how long a member drains, and which probe results end it.
//!
//! A member drains for a limited time, which restarts with each report. Meanwhile it is probed repeatedly, because the
//! limit is only an estimate of how long shutdown and restart take:
//!
//! | probe result | the member reported it | the caller requested it |
//! |---|---|---|
//! | unreachable | it is down: ejected, and recovers like any ejected member | the same |
//! | available | it has restarted, or forwarded another's report: healthy | no change: it may not have shut down yet |
//! | unavailable | still draining: the time restarts | the same |
//! | inconclusive | no change | no change |
//!
//! A member that reports draining again within one drain time of such a recovery has not shut down yet. From then on
//! its own report counts like a request of the caller.
//!
//! When the time is over the member is healthy again, unless the last probe found it unavailable or unreachable.
//! Without a probe only the end of the time ends draining.

use tokio::time::Instant;

use crate::health::policy::HealthPolicy;
use crate::health::probe_result::ProbeResult;

/// How long a member drains, and when it is probed next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Draining {
    until: Instant,
    next_probe: Instant,
    source: DrainSource,
}

/// Origin of the information that a member is draining.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DrainSource {
    /// The member reported it.
    Member,
    /// The caller requested it; or the member reported it again after an available probe.
    Caller,
}

/// Result of a probe of a draining member.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum DrainProgress {
    /// It is still draining.
    Draining(Draining),
    /// It is unreachable.
    Unreachable,
    /// It has restarted, as far as a probe can show.
    Restarted,
    /// The time is over, and no probe has found it restarted or unreachable. Requests will show its state.
    Expired,
}

impl Draining {
    /// Starts draining; the first probe is due at `next_probe`.
    pub(crate) fn new(source: DrainSource, now: Instant, next_probe: Instant, policy: &HealthPolicy) -> Self {
        let until = now + policy.max_drain_time;
        Self { until, next_probe: next_probe.min(until), source }
    }

    /// Restarts the time after another report. A probe that is still to come keeps its time.
    pub(crate) fn extend(
        self,
        source: DrainSource,
        now: Instant,
        next_probe: Instant,
        policy: &HealthPolicy,
    ) -> Self {
        // Once the caller has requested it, a report by the member proves nothing more: it may only forward another's.
        let source = if self.source == DrainSource::Caller { self.source } else { source };
        Self::new(source, now, if self.next_probe > now { self.next_probe } else { next_probe }, policy)
    }

    /// Returns when the next probe is due.
    pub(crate) fn next_probe(self) -> Instant {
        self.next_probe
    }

    /// Applies the result of a probe; the one after it would be due at `again`.
    pub(crate) fn probed(
        self,
        result: Option<ProbeResult>,
        now: Instant,
        again: Instant,
        policy: &HealthPolicy,
    ) -> DrainProgress {
        let over = now >= self.until;
        let next = |at: Instant| DrainProgress::Draining(Self { next_probe: at.min(self.until), ..self });
        match result {
            Some(ProbeResult::Unreachable) => DrainProgress::Unreachable,
            Some(ProbeResult::Unavailable) => {
                DrainProgress::Draining(Self::new(self.source, now, again, policy))
            }
            Some(ProbeResult::Available) if over || self.source == DrainSource::Member => {
                DrainProgress::Restarted
            }
            None if over => DrainProgress::Restarted,
            Some(ProbeResult::Inconclusive | ProbeResult::TimedOut | ProbeResult::Unrecognized) if over => {
                DrainProgress::Expired
            }
            // There is no probe: wait for the end of the drain time.
            None => next(self.until),
            Some(
                ProbeResult::Available
                | ProbeResult::Inconclusive
                | ProbeResult::TimedOut
                | ProbeResult::Unrecognized,
            ) => next(again),
        }
    }
}
