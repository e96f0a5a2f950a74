//! State of a whole set that is read without reading each member.

use std::sync::PoisonError;

use crate::members::degraded_set::DegradedSet;
use crate::sync::{AtomicBool, Mutex, MutexGuard, Ordering};

/// State that the members of a set share.
#[derive(Debug)]
pub(crate) struct SetFlags {
    /// Members whose health must be read before they get a request.
    pub(crate) degraded: DegradedSet,
    /// Whether a policy uses the load of members.
    is_load_measured: AtomicBool,
    /// Held while a member may be ejected for its responses: how many may be depends on the state of the others.
    response_ejections: Mutex<()>,
}

impl SetFlags {
    pub(crate) fn new() -> Self {
        Self {
            degraded: DegradedSet::new(),
            is_load_measured: AtomicBool::new(false),
            response_ejections: Mutex::new(()),
        }
    }

    pub(crate) fn lock_response_ejections(&self) -> MutexGuard<'_, ()> {
        self.response_ejections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn measure_load(&self) {
        self.is_load_measured.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_load_measured(&self) -> bool {
        self.is_load_measured.load(Ordering::Relaxed)
    }
}
