//! How much a transaction may write.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::error::DocumentError;

/// A limit on the bytes that all views of a transaction write together. Clones share what is used.
#[derive(Debug, Clone)]
pub(crate) struct SizeLimit {
    most: usize,
    used: Arc<AtomicUsize>,
}

impl SizeLimit {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, used: Arc::default() }
    }

    /// Counts a write, unless it exceeds the limit.
    pub(super) fn reserve(&self, bytes: usize) -> Result<(), DocumentError> {
        let fits = |used: usize| used.checked_add(bytes).filter(|total| *total <= self.most);
        let reserved = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits);
        let text = "aborting transaction because maximal transaction size is reached";
        reserved.map(drop).map_err(|_| DocumentError::new(32, text))
    }
}
