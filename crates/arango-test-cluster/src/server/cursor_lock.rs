//! Locks a cursor for the time of a request, so that no other request advances it.

use std::sync::Arc;

use http::Method;

use crate::http::request::Request;
use crate::journal::EntryId;
use crate::server::coordinator::CoordinatorInner;

/// Unlocks the cursor when dropped, whether or not the request got a response.
pub(crate) struct CursorLock {
    coordinator: Arc<CoordinatorInner>,
    request: EntryId,
}

impl CursorLock {
    /// Locks the cursor that a request fetches from. `None` if it fetches from none.
    ///
    /// A cursor that another request has locked stays with that one; this request is refused when it is executed.
    pub(crate) fn acquire(
        coordinator: &Arc<CoordinatorInner>,
        request: &Request,
        by: EntryId,
    ) -> Option<Self> {
        let id = fetched_cursor(request)?;
        let mut state = coordinator.cluster.state();
        let now = state.clock.now();
        state.cursors.lock(id, by, now);
        drop(state);
        Some(Self { coordinator: Arc::clone(coordinator), request: by })
    }
}

impl Drop for CursorLock {
    fn drop(&mut self) {
        let mut state = self.coordinator.cluster.state();
        let now = state.clock.now();
        state.unlock_cursor(self.request, now);
    }
}

/// Returns the cursor that a request fetches from.
fn fetched_cursor(request: &Request) -> Option<u64> {
    let moves = request.method == Method::POST || request.method == Method::PUT;
    match request.parts().as_slice() {
        ["_api", "cursor", id, ..] if moves => id.parse().ok(),
        _ => None,
    }
}
