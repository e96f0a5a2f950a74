//! Public health state of a member.

use std::fmt;

use tokio::time::Instant;

/// Health state of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MemberState {
    /// It gets its full share.
    Healthy,
    /// It reported that it is overloaded: it gets 25 % of its share.
    Overloaded,
    /// It is shutting down, by its own report or the caller's.
    ///
    /// It gets only requests that no other member can take.
    Draining,
    /// It is excluded until a probe succeeds.
    ///
    /// Without a probe, it is excluded until the ejection is over.
    Ejected,
    /// A probe succeeded.
    ///
    /// One request at a time is let through, and its response decides the next state. Without requests it stays half-open.
    HalfOpen,
}

impl fmt::Display for MemberState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Healthy => "healthy",
            Self::Overloaded => "overloaded",
            Self::Draining => "draining",
            Self::Ejected => "ejected",
            Self::HalfOpen => "half-open",
        })
    }
}

/// Health state of a member at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemberStatus {
    /// The state.
    pub state: MemberState,
    /// Since when the member has been in this state.
    pub since: Instant,
    /// Time of the next probe.
    ///
    /// At the end of the ejection or of the overload time, or at the next check while it is
    /// draining. In the past for a healthy member with an [unrecognized](crate::Signal::Unrecognized) response, until it
    /// was probed. `None` if it is half-open or otherwise healthy.
    pub next_probe: Option<Instant>,
}
