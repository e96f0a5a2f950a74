//! Holds a stream transaction for the time of a request, so that no other request uses it.

use std::sync::Arc;

use crate::http::request::Request;
use crate::journal::EntryId;
use crate::server::coordinator::CoordinatorInner;

/// Releases the transaction when dropped, whether or not the request got a response.
pub(crate) struct TransactionLease {
    coordinator: Arc<CoordinatorInner>,
    request: EntryId,
}

impl TransactionLease {
    /// Prepares to release what a request will lease. `None` if it belongs to no transaction.
    pub(crate) fn prepare(
        coordinator: &Arc<CoordinatorInner>,
        request: &Request,
        by: EntryId,
    ) -> Option<Self> {
        request.transaction()?;
        Some(Self { coordinator: Arc::clone(coordinator), request: by })
    }

    /// Leases the transaction of a request before it is executed.
    ///
    /// A transaction that another request uses stays with that one; this request waits when it is executed.
    pub(crate) fn acquire(
        coordinator: &Arc<CoordinatorInner>,
        request: &Request,
        by: EntryId,
    ) -> Option<Self> {
        let id = request.transaction()?.parse().ok()?;
        let mut state = coordinator.cluster.state();
        let now = state.clock.now();
        state.advance(now);
        state.transactions.lease(id, by, now);
        drop(state);
        Self::prepare(coordinator, request, by)
    }
}

impl Drop for TransactionLease {
    fn drop(&mut self) {
        let mut state = self.coordinator.cluster.state();
        let now = state.clock.now();
        state.transactions.release(self.request, now);
    }
}
