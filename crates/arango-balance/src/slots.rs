//! Places in tables that go by member.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Member;

/// Numbers that no two of those who hold one have in common, as small as can be.
#[derive(Debug, Default)]
pub(crate) struct Slots(Mutex<SlotTable>);

#[derive(Debug, Default)]
struct SlotTable {
    /// How many there have ever been at once.
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

/// Where in `list` the member with this slot is.
pub(crate) fn list_index<K>(list: &[Member<K>], slot: usize) -> Option<usize> {
    let has_it = |member: &Member<K>| member.slot() == slot;
    // Where none has ever gone, it is there that it is.
    if list.get(slot).is_some_and(has_it) { Some(slot) } else { list.iter().position(has_it) }
}
