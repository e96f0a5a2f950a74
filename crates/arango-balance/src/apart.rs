//! Who is to be looked at before it is asked.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use crate::sync::{AtomicUsize, Ordering};

/// The members of a set that are not simply well. Seldom any, and seldom many.
///
/// Relaxed: nothing is read because of what is seen here, but what has a lock of its own. One that has just been
/// set apart by another thread may be asked once more, as if it had been asked before.
#[derive(Debug)]
pub(crate) struct DegradedSet {
    /// How many there are: quicker to read than the slots, and read for each request. A member that has left the set
    /// counts until its last handle is gone: that costs a look, and no more.
    count: AtomicUsize,
    slots: ArcSwap<Vec<usize>>,
}

impl DegradedSet {
    pub(crate) fn new() -> Self {
        Self { count: AtomicUsize::new(0), slots: ArcSwap::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// The slots of those that are apart, in no order.
    pub(crate) fn slots(&self) -> Guard<Arc<Vec<usize>>> {
        self.slots.load()
    }

    pub(crate) fn add(&self, slot: usize) {
        self.slots.rcu(|slots| slots.iter().copied().chain([slot]).collect::<Vec<_>>());
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn remove(&self, slot: usize) {
        self.slots.rcu(|slots| slots.iter().copied().filter(|other| *other != slot).collect::<Vec<_>>());
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}
