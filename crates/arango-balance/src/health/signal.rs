//! Outcome of one attempt, as far as it concerns the health of the member.

/// Outcome of one attempt, as far as it concerns the member's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// The member responded, with any status: it is available.
    Success,
    /// The member could not be reached, or the connection to it failed.
    Unreachable,
    /// The member responded with a failure.
    ///
    /// It is reachable, but may be unhealthy. A single failure does not eject it, because the request may be at fault.
    /// It resets the counts of consecutive `Unreachable` and `GatewayError`, and ends the half-open state, unless the
    /// member was ejected for failures: then it is ejected again.
    Failure,
    /// A gateway in front of the member responded in its place.
    GatewayError,
    /// The member is reachable, but overloaded or not ready yet.
    ///
    /// It reports so itself.
    Overloaded,
    /// The member is reachable and reports that it is shutting down.
    Draining,
    /// The response does not look like one of the expected service.
    ///
    /// One such response proves nothing, because a proxy may respond for a single path. The member is probed at once,
    /// and the result of the probe decides: see [`ProbeResult::Unrecognized`](crate::ProbeResult::Unrecognized).
    Unrecognized,
    /// The attempt allows no conclusion about the member.
    Neutral,
}
