//! The options of an import.

use std::fmt;

use crate::data::bulk::chunks::{MAX_BYTES, MAX_ITEMS};
use crate::data::bulk::import::progress::ImportProgress;

/// How many failed items a report keeps.
const KEPT_FAILURES: usize = 1000;
/// The most requests in progress by default.
const MAX_IN_FLIGHT: usize = 16;

type ShowProgress = dyn Fn(&ImportProgress) + Send + Sync;

/// The options of an import.
pub(super) struct ImportOptions {
    pub(super) in_flight: Option<usize>,
    pub(super) chunk_bytes: usize,
    pub(super) chunk_items: usize,
    pub(super) progress: Option<Box<ShowProgress>>,
    pub(super) stop_after: Option<u64>,
    pub(super) kept_failures: usize,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            in_flight: None,
            chunk_bytes: MAX_BYTES,
            chunk_items: MAX_ITEMS,
            progress: None,
            stop_after: None,
            kept_failures: KEPT_FAILURES,
        }
    }
}

impl ImportOptions {
    /// Returns how many requests may be in progress with so many coordinators.
    #[inline]
    pub(super) fn in_flight(&self, coordinators: usize) -> usize {
        self.in_flight.unwrap_or_else(|| (2 * coordinators).clamp(1, MAX_IN_FLIGHT))
    }
}

impl fmt::Debug for ImportOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportOptions")
            .field("in_flight", &self.in_flight)
            .field("chunk_bytes", &self.chunk_bytes)
            .field("chunk_items", &self.chunk_items)
            .field("stop_after", &self.stop_after)
            .finish_non_exhaustive()
    }
}
