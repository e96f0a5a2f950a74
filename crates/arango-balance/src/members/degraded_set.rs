//! The members of a set that are not simply healthy.

use std::sync::{Arc, PoisonError};

use arc_swap::{ArcSwap, Guard};

use crate::sync::{AtomicUsize, Mutex, Ordering};

/// Not a slot.
const NONE: usize = usize::MAX;

/// Slots of the members whose health must be read for each request. Usually empty or small.
///
/// Atomics are relaxed: everything that is read because of this set has its own lock. A member that another thread has
/// just added may get one more request, as if that had been sent earlier.
#[derive(Debug)]
pub(crate) struct DegradedSet {
    /// Number of slots: faster to read than the slots, and read for each request. A removed member counts until its
    /// last handle is dropped. That only costs an unnecessary check.
    count: AtomicUsize,
    /// The slot if there is one only, else [`NONE`]: read for each request while one member is down.
    only: AtomicUsize,
    slots: ArcSwap<Vec<usize>>,
    /// Held during a change, so that the last of concurrent ones leaves fields that belong together.
    changing: Mutex<()>,
}

impl DegradedSet {
    pub(crate) fn new() -> Self {
        Self {
            count: AtomicUsize::new(0),
            only: AtomicUsize::new(NONE),
            slots: ArcSwap::default(),
            changing: Mutex::new(()),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Returns the slot if there is one only.
    pub(crate) fn only(&self) -> Option<usize> {
        Some(self.only.load(Ordering::Relaxed)).filter(|slot| *slot != NONE)
    }

    /// Returns the slots, in no particular order.
    pub(crate) fn slots(&self) -> Guard<Arc<Vec<usize>>> {
        self.slots.load()
    }

    pub(crate) fn add(&self, slot: usize) {
        self.change(|slots| slots.push(slot));
    }

    pub(crate) fn remove(&self, slot: usize) {
        self.change(|slots| slots.retain(|other| *other != slot));
    }

    fn change(&self, change: impl FnOnce(&mut Vec<usize>)) {
        let changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut slots = Vec::clone(&self.slots.load());
        change(&mut slots);
        let only = if let [slot] = slots[..] { slot } else { NONE };
        self.only.store(only, Ordering::Relaxed);
        self.count.store(slots.len(), Ordering::Relaxed);
        self.slots.store(Arc::new(slots));
        drop(changing);
    }
}
