//! Conditions: what is the matter with a coordinator, or the cluster, as a whole, rather than with single requests.
//!
//! A condition begins with a method of [`Coordinator`] or [`TestCluster`] and ends when the returned guard is dropped, also if the coordinator
//! is restarted meanwhile. Several may hold at once; a request is refused by the first of them, in the order in which a
//! server asks: shutdown, start and maintenance, then who is there, then the queue.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::cluster::{Shared, TestCluster};
use crate::coordinator::Coordinator;
use crate::state::conditions::Condition;
use crate::tls::Handshake;

/// Ends a condition when it is dropped.
#[must_use = "the condition ends when its guard is dropped"]
pub struct ConditionGuard {
    cluster: Arc<Shared>,
    id: u64,
    hits: Arc<AtomicUsize>,
}

impl Coordinator {
    /// Lets requests wait in the queue for `time`, as far as a client sees: every answer says so in its header
    /// `x-arango-queue-time-seconds`, and a request whose own such header wants less is refused with 412 and error number
    /// 21004, before it is executed.
    ///
    /// Nothing takes longer for it; add a [`Fault::latency`](crate::Fault::latency) for that. Of several times the longest
    /// counts.
    pub fn queue_time(&self, time: Duration) -> ConditionGuard {
        self.begin(Condition::QueueTime(time))
    }

    /// Refuses everything with 503 and error number 21003 before it is executed, as with a full queue; availability
    /// answers 503 and 503.
    pub fn queue_full(&self) -> ConditionGuard {
        self.begin(Condition::QueueFull)
    }

    /// Lets the coordinator start: everything gets 503 and error number 503, availability too, and requests with a password.
    ///
    /// It has no users yet, but it has its secrets: without credentials, or with a token that it cannot verify, the answer
    /// is 401 and error number 11.
    pub fn starting(&self) -> ConditionGuard {
        self.begin(Condition::Starting)
    }

    /// Lets the coordinator wait for the rest of the cluster, as a server does at the end of its start and during an
    /// upgrade: everybody gets 503 and error number 503, whoever asks.
    ///
    /// This is not the maintenance of the supervision, which is a call of the API.
    pub fn maintenance(&self) -> ConditionGuard {
        self.begin(Condition::Maintenance)
    }

    /// Lets the coordinator refuse everything with 503 and error number 30, as a server that is about to end; this one
    /// does not.
    pub fn shutting_down(&self) -> ConditionGuard {
        self.begin(Condition::ShuttingDown)
    }

    /// Spoils the TLS handshakes of the coordinator. Connections that are there stay; without [TLS](crate::Builder::tls)
    /// there are no handshakes to spoil.
    pub fn spoil_handshakes(&self, how: Handshake) -> ConditionGuard {
        self.begin(Condition::Handshake(how))
    }

    pub(crate) fn begin(&self, condition: Condition) -> ConditionGuard {
        ConditionGuard::begin(&self.inner.cluster, Some(self.inner.index), condition)
    }
}

impl TestCluster {
    /// Takes the agency away from all coordinators.
    ///
    /// What changes databases, collections, indexes or the cluster, and what only the agency knows, such as health, answers
    /// 500 with error number 1492, 500 or 503; the creation of a database 400 and 1492. A server lets some of these calls
    /// wait for up to a minute first; here they fail at once. Documents, lists, and what coordinators say of themselves go
    /// on. Meanwhile nobody notices that a server has stopped, and no shard moves.
    pub fn agency_down(&self) -> ConditionGuard {
        ConditionGuard::begin(&self.shared, None, Condition::AgencyDown)
    }
}

impl ConditionGuard {
    pub(crate) fn begin(cluster: &Arc<Shared>, coordinator: Option<usize>, condition: Condition) -> Self {
        let (id, hits) = {
            let mut state = cluster.state();
            // What happened until now happened without it.
            let now = state.clock.now();
            state.advance(now);
            state.conditions.begin(coordinator, condition)
        };
        Self { cluster: Arc::clone(cluster), id, hits }
    }

    /// How many requests were refused, or handshakes spoilt, because of it so far.
    pub fn hits(&self) -> usize {
        self.hits.load(Ordering::Acquire)
    }
}

impl Drop for ConditionGuard {
    fn drop(&mut self) {
        let mut state = self.cluster.state();
        let now = state.clock.now();
        state.advance(now);
        state.conditions.end(self.id);
    }
}

impl fmt::Debug for ConditionGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConditionGuard")
            .field("id", &self.id)
            .field("hits", &self.hits())
            .finish_non_exhaustive()
    }
}
