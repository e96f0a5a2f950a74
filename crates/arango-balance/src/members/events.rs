//! State changes of members and their subscriptions.

use std::fmt;

use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::health::probe_result::ProbeResult;
use crate::health::signal::Signal;
use crate::health::state::MemberState;

/// How many changes are kept for a slow subscriber.
const CAPACITY: usize = 64;

/// A change of one member's state.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StateChange<K> {
    /// The key of the member.
    pub member: K,
    /// The state before the change.
    pub before: MemberState,
    /// The state after the change.
    pub after: MemberState,
    /// The cause of the change.
    pub reason: Reason,
    /// The time of the change.
    pub at: Instant,
}

/// Cause of a state change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The outcome of an attempt.
    Signal(Signal),
    /// The caller [requested](crate::Member::drain) that the member drains.
    DrainRequested,
    /// The result of a probe.
    Probe(ProbeResult),
    /// The time of its state was over, and there is no probe.
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
            Self::Signal(Signal::Success) => "it responded",
            Self::Signal(Signal::Unreachable) => "it could not be reached, or not in time",
            Self::Signal(Signal::Failure) => "too many of its responses were failures",
            Self::Signal(Signal::GatewayError) => "a gateway responded in its place",
            Self::Signal(Signal::Overloaded) => "it reports that it is overloaded, or not ready",
            Self::Signal(Signal::Draining) => "it reports that it is shutting down",
            Self::Signal(Signal::Unrecognized) => "its response is not one of the expected service",
            Self::Signal(Signal::Neutral) => "an attempt ended",
            Self::DrainRequested => "draining was requested",
            Self::Probe(ProbeResult::Available) => "a probe found it available",
            Self::Probe(ProbeResult::Unavailable) => "a probe found it unavailable",
            Self::Probe(ProbeResult::Unreachable) => "a probe could not reach it",
            Self::Probe(ProbeResult::TimedOut) => "a probe timed out",
            Self::Probe(ProbeResult::Unrecognized) => "a probe found that it is not the expected service",
            Self::Probe(ProbeResult::Inconclusive) => "a probe was inconclusive",
            Self::Expired => "the time of its state was over",
        })
    }
}

/// The state changes in a set of members, from the subscription on.
///
/// A subscriber never delays those that report signals. One that is too slow gets an error with the number of changes
/// that it missed, and continues with the oldest one that is kept.
///
/// Created by [`Members::subscribe`](crate::Members::subscribe).
pub struct StateChanges<K>(broadcast::Receiver<StateChange<K>>);

impl<K: Clone> StateChanges<K> {
    /// Waits for the next change; `None` when the set has been dropped.
    ///
    /// Cancel-safe: no change is lost if the future is dropped.
    ///
    /// # Errors
    ///
    /// If changes were missed. The next call continues with the oldest one that is kept.
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
        f.debug_struct("StateChanges").field("waiting", &self.0.len()).finish()
    }
}

/// A subscriber was too slow and missed changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lagged {
    missed: u64,
}

impl Lagged {
    /// Returns how many changes were missed.
    pub fn missed(self) -> u64 {
        self.missed
    }
}

impl fmt::Display for Lagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} member state changes were missed because the subscriber was too slow", self.missed)
    }
}

impl std::error::Error for Lagged {}

/// Sends state changes to all subscribers.
#[derive(Debug)]
pub(crate) struct Publisher<K>(broadcast::Sender<StateChange<K>>);

impl<K> Publisher<K> {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(CAPACITY))
    }

    pub(crate) fn subscribe(&self) -> StateChanges<K> {
        StateChanges(self.0.subscribe())
    }

    /// Whether there are subscribers.
    pub(crate) fn has_subscribers(&self) -> bool {
        self.0.receiver_count() > 0
    }

    pub(crate) fn publish(&self, change: StateChange<K>) {
        // An error means that all subscribers are gone.
        self.0.send(change).ok();
    }
}
