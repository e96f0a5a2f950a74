//! What holds for a whole set, without a look at each of its members.

use crate::apart::Apart;
use crate::sync::{AtomicBool, Ordering};

/// What the members of a set share with it.
#[derive(Debug)]
pub(crate) struct Glance {
    /// Who is to be looked at before it is asked.
    pub(crate) apart: Apart,
    /// A policy wants to know how much members have to do.
    measured: AtomicBool,
}

impl Glance {
    pub(crate) fn new() -> Self {
        Self { apart: Apart::new(), measured: AtomicBool::new(false) }
    }

    pub(crate) fn measure(&self) {
        self.measured.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_measured(&self) -> bool {
        self.measured.load(Ordering::Relaxed)
    }
}
