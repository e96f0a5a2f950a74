//! Requests that middleware created.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts requests that left the middleware without the extensions of a call.
///
/// They cannot be attributed to a call. Therefore the outcome of every call inside middleware at that time
/// becomes at least unknown.
#[derive(Debug, Clone, Default)]
pub(crate) struct UntrackedRequests(Arc<AtomicU64>);

impl UntrackedRequests {
    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
