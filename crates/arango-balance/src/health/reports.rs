//! What is reported to the health of one member: the signal of an attempt, or the result of a probe.

use tokio::time::Instant;

use crate::health::probe_result::ProbeResult;
use crate::health::signal::Signal;

/// Outcome of one attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SignalReport {
    pub(crate) signal: Signal,
    pub(crate) started: Instant,
    pub(crate) now: Instant,
    /// In the unit interval; decides how long an ejection lasts.
    pub(crate) random: f64,
    /// Number of requests that the member was sent so far.
    pub(crate) requests: u64,
}

/// Which ejections of one member are allowed, given the state of the others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EjectionLimit {
    /// For being unreachable or unrecognized: there is another member.
    pub(crate) for_connectivity: bool,
    /// For responses: there is another member, and fewer than half, rounded up, are out for responses already.
    pub(crate) for_responses: bool,
}

/// Result of one probe.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProbeReport {
    /// When the probe was due.
    pub(crate) due: Instant,
    /// `None` if there is no probe: only the time passed.
    pub(crate) result: Option<ProbeResult>,
    pub(crate) now: Instant,
    /// In the unit interval; decides how long it is until the next probe.
    pub(crate) random: f64,
    /// Number of requests that the member was sent so far.
    pub(crate) requests: u64,
}
