//! What holds for a whole set, without a look at each of its members.

use crate::sync::{AtomicBool, AtomicUsize, Ordering};

/// What the members of a set share with it.
///
/// Relaxed: nothing is read because of what is seen here, but what has a lock of its own. One that has just been
/// set apart by another thread may be asked once more, as if it had been asked before.
#[derive(Debug)]
pub(crate) struct Glance {
    /// How many members are to be looked at before they are asked. A member that has left the set counts until its
    /// last handle is gone: that costs a look, and no more.
    apart: AtomicUsize,
    /// A policy wants to know how much members have to do.
    measured: AtomicBool,
}

impl Glance {
    pub(crate) fn new() -> Self {
        Self { apart: AtomicUsize::new(0), measured: AtomicBool::new(false) }
    }

    /// Whether every member may be asked without a look at it.
    pub(crate) fn all_plain(&self) -> bool {
        self.apart() == 0
    }

    pub(crate) fn apart(&self) -> usize {
        self.apart.load(Ordering::Relaxed)
    }

    pub(crate) fn set_apart(&self) {
        self.apart.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn rejoin(&self) {
        self.apart.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn measure(&self) {
        self.measured.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_measured(&self) -> bool {
        self.measured.load(Ordering::Relaxed)
    }
}
