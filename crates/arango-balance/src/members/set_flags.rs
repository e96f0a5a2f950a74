//! State of a whole set that is read without reading each member.

use crate::members::degraded_set::DegradedSet;
use crate::sync::{AtomicBool, Ordering};

/// State that the members of a set share.
#[derive(Debug)]
pub(crate) struct SetFlags {
    /// Members whose health must be read before they get a request.
    pub(crate) degraded: DegradedSet,
    /// Whether a policy uses the load of members.
    is_load_measured: AtomicBool,
}

impl SetFlags {
    pub(crate) fn new() -> Self {
        Self { degraded: DegradedSet::new(), is_load_measured: AtomicBool::new(false) }
    }

    pub(crate) fn measure_load(&self) {
        self.is_load_measured.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_load_measured(&self) -> bool {
        self.is_load_measured.load(Ordering::Relaxed)
    }
}
