//! Who wants to know when a member's standing changes?

use std::fmt;

use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::{MemberState, ProbeResult, Signal};

/// How many changes are kept for a subscriber that is slow to take them.
const KEPT: usize = 64;

/// A change of one member's standing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StateChange<K> {
    /// Whose.
    pub member: K,
    /// How it stood.
    pub before: MemberState,
    /// How it stands.
    pub after: MemberState,
    /// What brought it about.
    pub reason: Reason,
    /// When.
    pub at: Instant,
}

/// What a standing was changed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// What an attempt told.
    Signal(Signal),
    /// That [others say](crate::Member::send_away) that it is about to go.
    DrainRequested,
    /// What a probe found.
    Probe(ProbeResult),
    /// Its term was over, and there was nobody to ask.
    Expired,
}

impl<K: fmt::Display> fmt::Display for StateChange<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} after {} ({})", self.member, self.after, self.before, self.reason)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signal(Signal::Success) => "it answered",
            Self::Signal(Signal::Unreachable) => "it could not be reached",
            Self::Signal(Signal::Failure) => "too many of its answers were failures",
            Self::Signal(Signal::GatewayError) => "something before it answered",
            Self::Signal(Signal::Overloaded) => "it says that it has too much to do",
            Self::Signal(Signal::Draining) => "it says that it is about to go",
            Self::Signal(Signal::Unrecognized) => "it may not be the service that is expected",
            Self::Signal(Signal::Neutral) => "an attempt ended",
            Self::DrainRequested => "it is being sent away",
            Self::Probe(ProbeResult::Available) => "a probe found it well",
            Self::Probe(ProbeResult::Unavailable) => "a probe found it busy",
            Self::Probe(ProbeResult::Unreachable) => "a probe could not reach it",
            Self::Probe(ProbeResult::TimedOut) => "a probe heard nothing of it",
            Self::Probe(ProbeResult::Unrecognized) => "it answers, but is not the service that is expected",
            Self::Probe(ProbeResult::Inconclusive) => "a probe was answered",
            Self::Expired => "its time was over",
        })
    }
}

/// The changes in a set of members, from the moment of the subscription on.
///
/// Whoever reports what changes a standing never waits for a subscriber. One that takes changes more slowly than they
/// come is told how many it has missed, and goes on with the oldest that is kept.
///
/// Made by [`Members::subscribe`](crate::Members::subscribe).
pub struct StateChanges<K>(broadcast::Receiver<StateChange<K>>);

impl<K: Clone> StateChanges<K> {
    /// Waits for the next change; `None` when the set is gone.
    ///
    /// Nothing is lost if the future is dropped.
    ///
    /// # Errors
    ///
    /// If changes were missed; the next call goes on.
    pub async fn next(&mut self) -> Option<Result<StateChange<K>, Lagged>> {
        match self.0.recv().await {
            Ok(change) => Some(Ok(change)),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(Err(Lagged { missed })),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

impl<K> fmt::Debug for StateChanges<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes").field("waiting", &self.0.len()).finish()
    }
}

/// A subscriber was too slow, and has missed changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lagged {
    missed: u64,
}

impl Lagged {
    /// How many.
    pub fn missed(self) -> u64 {
        self.missed
    }
}

impl fmt::Display for Lagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} changes of members were missed, because they were not taken in time", self.missed)
    }
}

impl std::error::Error for Lagged {}

/// Tells all who have subscribed.
#[derive(Debug)]
pub(crate) struct Publisher<K>(broadcast::Sender<StateChange<K>>);

impl<K> Publisher<K> {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }

    pub(crate) fn subscribe(&self) -> StateChanges<K> {
        StateChanges(self.0.subscribe())
    }

    /// Whether anybody would hear.
    pub(crate) fn has_subscribers(&self) -> bool {
        self.0.receiver_count() > 0
    }

    pub(crate) fn publish(&self, change: StateChange<K>) {
        // Nobody may be there any more.
        self.0.send(change).ok();
    }
}
