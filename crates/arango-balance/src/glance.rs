//! What holds for a whole set, without a look at each of its members.

use crate::apart::DegradedSet;
use crate::sync::{AtomicBool, Ordering};

/// What the members of a set share with it.
#[derive(Debug)]
pub(crate) struct SetFlags {
    /// Who is to be looked at before it is asked.
    pub(crate) degraded: DegradedSet,
    /// A policy wants to know how much members have to do.
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
