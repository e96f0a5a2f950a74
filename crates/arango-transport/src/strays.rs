//! Requests that a layer of the user's made up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts requests that came out of the user's layers without what we had put on them.
///
/// Nobody can say which call such a request belongs to. So each call that was within those layers at
/// the time must take it for its own: its request may have been sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Strays(Arc<AtomicU64>);

impl Strays {
    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
