//! A cursor that a request holds while it is under way, so that no other moves it meanwhile.

use std::sync::Arc;

use http::Method;

use crate::coordinator::Inner;
use crate::http::request::Request;
use crate::journal::EntryId;

/// Lets go of the cursor when it is dropped, whether the request was answered or died.
pub(crate) struct Held {
    coordinator: Arc<Inner>,
    by: EntryId,
}

impl Held {
    /// Holds the cursor that a request fetches from; `None` if it fetches from none.
    ///
    /// A cursor that another request holds stays with that one: this one is refused when its turn comes.
    pub(crate) fn by(coordinator: &Arc<Inner>, request: &Request, by: EntryId) -> Option<Self> {
        let id = fetched(request)?;
        coordinator.cluster.state().cursors.hold(id, by);
        Some(Self { coordinator: Arc::clone(coordinator), by })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.coordinator.cluster.state().cursors.release(self.by);
    }
}

/// The cursor that a request fetches from.
fn fetched(request: &Request) -> Option<u64> {
    let moves = request.method == Method::POST || request.method == Method::PUT;
    match request.parts().as_slice() {
        ["_api", "cursor", id, ..] if moves => id.parse().ok(),
        _ => None,
    }
}
