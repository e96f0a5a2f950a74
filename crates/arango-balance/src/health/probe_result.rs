//! Result of a probe.

/// Result of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProbeResult {
    /// The member accepts requests.
    ///
    /// An ejected member becomes half-open, any other healthy. A member that reported draining has
    /// restarted. One that drains [by request](crate::Member::drain), or that reported draining again after such a
    /// result, keeps draining.
    Available,
    /// The member responds, but accepts no requests yet, or too few.
    ///
    /// Its state is extended by a time no longer than the last.
    Unavailable,
    /// The member cannot be reached.
    ///
    /// An ejected member stays ejected, for longer. A draining member is ejected, because it is
    /// down. An overloaded member becomes healthy: requests will show its state.
    Unreachable,
    /// The member did not respond in time.
    ///
    /// An ejected member stays ejected, for longer; others are judged by requests.
    TimedOut,
    /// The response is not from the expected service.
    ///
    /// The member is ejected, unless it is the only one, for
    /// longer each time. Has no effect on a draining member.
    Unrecognized,
    /// The response does not show whether requests are accepted.
    ///
    /// An ejected member becomes half-open. A draining
    /// member keeps draining.
    Inconclusive,
}
