//! Conditions: faults that affect a whole coordinator, or the whole cluster, rather than single requests.
//!
//! A condition begins with a method of [`Coordinator`] or [`TestCluster`] and ends when the returned guard is dropped.
//! A restart of the coordinator does not end it. Several conditions may hold at once. A request is refused by the first
//! one that applies, in the order of a server's checks: shutdown, start and maintenance, then authentication, then the
//! queue.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::server::cluster::{ClusterInner, TestCluster};
use crate::server::coordinator::Coordinator;
use crate::state::conditions::Condition;
use crate::tls::HandshakeFault;

/// Ends a condition when it is dropped.
#[must_use = "the condition ends when its guard is dropped"]
pub struct ConditionGuard {
    cluster: Arc<ClusterInner>,
    id: u64,
    hits: Arc<AtomicUsize>,
}

impl Coordinator {
    /// Simulates a queue time of `time`.
    ///
    /// Every response reports it in the header `x-arango-queue-time-seconds`. A request that carries this header with a
    /// smaller limit is refused with 412 and error number 21004, before it is executed.
    ///
    /// Requests take no longer because of it; add a [`Fault::latency`](crate::Fault::latency) for that. Of several
    /// queue times the longest counts.
    pub fn queue_time(&self, time: Duration) -> ConditionGuard {
        self.begin(Condition::QueueTime(time))
    }

    /// Refuses everything with 503 and error number 21003, as with a full queue.
    ///
    /// Nothing is executed. The availability call returns 503 with error number 503.
    pub fn queue_full(&self) -> ConditionGuard {
        self.begin(Condition::QueueFull)
    }

    /// Simulates a coordinator that is starting: everything gets 503 and error number 503.
    ///
    /// This includes the availability call and requests with a password, since the users are not loaded yet. The
    /// secrets are loaded: a request without credentials, or with a token that cannot be verified, gets 401 and error
    /// number 11.
    pub fn starting(&self) -> ConditionGuard {
        self.begin(Condition::Starting)
    }

    /// Simulates a coordinator that waits for the rest of the cluster.
    ///
    /// A server does so at the end of its start and during an upgrade. Every request gets 503 and error number 503,
    /// whatever its credentials. This is not the maintenance of the supervision, which is a call of the API.
    pub fn maintenance(&self) -> ConditionGuard {
        self.begin(Condition::Maintenance)
    }

    /// Refuses everything with 503 and error number 30.
    ///
    /// It responds like a server that is shutting down, but the process keeps running.
    pub fn shutting_down(&self) -> ConditionGuard {
        self.begin(Condition::ShuttingDown)
    }

    /// Makes the coordinator's TLS handshakes fail.
    ///
    /// Established connections stay open. Without [TLS](crate::Builder::tls) it has no effect.
    pub fn fail_handshakes(&self, how: HandshakeFault) -> ConditionGuard {
        self.begin(Condition::Handshake(how))
    }

    pub(crate) fn begin(&self, condition: Condition) -> ConditionGuard {
        ConditionGuard::begin(&self.inner.cluster, Some(self.inner.index), condition)
    }
}

impl TestCluster {
    /// Makes the agency unreachable for all coordinators.
    ///
    /// Calls that change databases, collections, indexes or the cluster, and calls that read from the agency, such as
    /// health, get 500 with error number 1492, 500 or 503. Creating a database gets 400 and 1492. A real server may
    /// first wait up to a minute; here they fail at once. Documents, lists, and what coordinators report about
    /// themselves still work. Meanwhile a stopped server is not detected and no shard moves.
    pub fn agency_down(&self) -> ConditionGuard {
        ConditionGuard::begin(&self.shared, None, Condition::AgencyDown)
    }
}

impl ConditionGuard {
    pub(crate) fn begin(
        cluster: &Arc<ClusterInner>,
        coordinator: Option<usize>,
        condition: Condition,
    ) -> Self {
        let (id, hits) = {
            let mut state = cluster.state();
            // The time up to now is simulated without the new condition.
            let now = state.clock.now();
            state.advance(now);
            state.conditions.begin(coordinator, condition)
        };
        Self { cluster: Arc::clone(cluster), id, hits }
    }

    /// Returns how many requests or handshakes it has made fail so far.
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
