//! The members of a set that are not simply healthy.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use crate::sync::{AtomicUsize, Ordering};

/// Slots of the members whose health must be read for each request. Usually empty or small.
///
/// Atomics are relaxed: everything that is read because of this set has its own lock. A member that another thread has
/// just added may get one more request, as if that had been sent earlier.
#[derive(Debug)]
pub(crate) struct DegradedSet {
    /// Number of slots: faster to read than the slots, and read for each request. A removed member counts until its
    /// last handle is dropped. That only costs an unnecessary check.
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

    /// Returns the slots, in no particular order.
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
