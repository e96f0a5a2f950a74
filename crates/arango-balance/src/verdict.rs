//! What an attempt tells about a member, and how the member stands after it.

use tokio::time::Instant;

use std::fmt;

/// What one attempt tells about the member that it went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// The member answered, whatever it said: it is there.
    Success,
    /// The member could not be reached, or the connection to it broke.
    Unreachable,
    /// The member answered with a failure of its own: it is there, but may not be well.
    ///
    /// One tells nothing, for the request may be at fault. It ends a row of `Unreachable` or `Gateway`, and a
    /// trial, unless the member was ejected for such failures: then it is ejected again.
    Failure,
    /// Something before the member answered for it.
    GatewayError,
    /// The member is there and says that it has too much to do, or cannot do it yet.
    Overloaded,
    /// The member is there and says that it is about to go.
    Draining,
    /// The answer does not look like one of the service that is expected.
    ///
    /// One such answer proves nothing: a proxy may answer for a single path. It has the member probed at once, and the
    /// probe decides: see [`Probed::Unrecognized`](crate::Probed::Unrecognized).
    Unrecognized,
    /// Nothing can be concluded about the member.
    Neutral,
}

/// How a member stands in the rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MemberState {
    /// It takes its share.
    Healthy,
    /// It said that it has too much to do: it takes a quarter of its share.
    Overloaded,
    /// It said that it is about to go, or others did: it takes only what nobody else can take.
    Draining,
    /// It is left out until a probe finds it well.
    Ejected,
    /// A probe found it well: one request at a time is let through, and its answer decides.
    HalfOpen,
}

impl fmt::Display for MemberState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Healthy => "well",
            Self::Overloaded => "overloaded",
            Self::Draining => "leaving",
            Self::Ejected => "ejected",
            Self::HalfOpen => "on trial",
        })
    }
}

/// How a member stands, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemberStatus {
    /// How it stands.
    pub state: MemberState,
    /// Since when.
    pub since: Instant,
    /// When it will be asked whether it stands otherwise: the end of an ejection, or of the time for which it is
    /// spared, or the next time that one which is about to go is asked. `None` if it is well or on trial.
    pub next_probe: Option<Instant>,
}
