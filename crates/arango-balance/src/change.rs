//! Who wants to know when a member's standing changes?

use std::fmt;

use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::{Probed, Standing, Verdict};

/// How many changes are kept for a subscriber that is slow to take them.
const KEPT: usize = 64;

/// A change of one member's standing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change<K> {
    /// Whose.
    pub member: K,
    /// How it stood.
    pub before: Standing,
    /// How it stands.
    pub after: Standing,
    /// What brought it about.
    pub why: Why,
    /// When.
    pub at: Instant,
}

/// What a standing was changed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// What an attempt told.
    Attempt(Verdict),
    /// That [others say](crate::Member::send_away) that it is about to go.
    SentAway,
    /// What a probe found.
    Probe(Probed),
    /// Its term was over, and there was nobody to ask.
    Term,
}

impl<K: fmt::Display> fmt::Display for Change<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} after {} ({})", self.member, self.after, self.before, self.why)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Attempt(Verdict::Good) => "it answered",
            Self::Attempt(Verdict::Unreachable) => "it could not be reached",
            Self::Attempt(Verdict::Failed) => "too many of its answers were failures",
            Self::Attempt(Verdict::Gateway) => "something before it answered",
            Self::Attempt(Verdict::Overloaded) => "it says that it has too much to do",
            Self::Attempt(Verdict::Leaving) => "it says that it is about to go",
            Self::Attempt(Verdict::Unrecognized) => "it may not be the service that is expected",
            Self::Attempt(Verdict::Neutral) => "an attempt ended",
            Self::SentAway => "it is being sent away",
            Self::Probe(Probed::Well) => "a probe found it well",
            Self::Probe(Probed::Busy) => "a probe found it busy",
            Self::Probe(Probed::Gone) => "a probe could not reach it",
            Self::Probe(Probed::Silent) => "a probe heard nothing of it",
            Self::Probe(Probed::Unrecognized) => "it answers, but is not the service that is expected",
            Self::Probe(Probed::Unclear) => "a probe was answered",
            Self::Term => "its time was over",
        })
    }
}

/// The changes in a set of members, from the moment of the subscription on.
///
/// Whoever reports what changes a standing never waits for a subscriber. One that takes changes more slowly than they
/// come is told how many it has missed, and goes on with the oldest that is kept.
///
/// Made by [`Members::subscribe`](crate::Members::subscribe).
pub struct Changes<K>(broadcast::Receiver<Change<K>>);

impl<K: Clone> Changes<K> {
    /// Waits for the next change; `None` when the set is gone.
    ///
    /// Nothing is lost if the future is dropped.
    ///
    /// # Errors
    ///
    /// If changes were missed; the next call goes on.
    pub async fn next(&mut self) -> Option<Result<Change<K>, Lagged>> {
        match self.0.recv().await {
            Ok(change) => Some(Ok(change)),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(Err(Lagged { missed })),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

impl<K> fmt::Debug for Changes<K> {
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
pub(crate) struct Crier<K>(broadcast::Sender<Change<K>>);

impl<K> Crier<K> {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }

    pub(crate) fn subscribe(&self) -> Changes<K> {
        Changes(self.0.subscribe())
    }

    /// Whether anybody would hear.
    pub(crate) fn is_heard(&self) -> bool {
        self.0.receiver_count() > 0
    }

    pub(crate) fn tell(&self, change: Change<K>) {
        // Nobody may be there any more.
        self.0.send(change).ok();
    }
}
