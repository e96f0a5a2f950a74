//! Slots: small indices by which per-member tables are addressed.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::members::member::Member;

/// Allocates slots: numbers that are not in use, and no larger one than needed.
#[derive(Debug, Default)]
pub(crate) struct Slots(Mutex<SlotTable>);

#[derive(Debug, Default)]
struct SlotTable {
    /// The highest number of slots ever in use at once.
    next: usize,
    free: Vec<usize>,
}

impl Slots {
    pub(crate) fn allocate(&self) -> usize {
        let mut taken = self.lock();
        taken.free.pop().unwrap_or_else(|| {
            taken.next += 1;
            taken.next - 1
        })
    }

    pub(crate) fn free(&self, slot: usize) {
        self.lock().free.push(slot);
    }

    fn lock(&self) -> MutexGuard<'_, SlotTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the index in `list` of the member with this slot.
pub(crate) fn list_index<K>(list: &[Member<K>], slot: usize) -> Option<usize> {
    let has_it = |member: &Member<K>| member.slot() == slot;
    // As long as no member was removed, the slot is the index.
    if list.get(slot).is_some_and(has_it) { Some(slot) } else { list.iter().position(has_it) }
}
