//! Places in tables that go by member.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Member;

/// Numbers that no two of those who hold one have in common, as small as can be.
#[derive(Debug, Default)]
pub(crate) struct Slots(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    /// How many there have ever been at once.
    most: usize,
    given_back: Vec<usize>,
}

impl Slots {
    pub(crate) fn take(&self) -> usize {
        let mut taken = self.taken();
        taken.given_back.pop().unwrap_or_else(|| {
            taken.most += 1;
            taken.most - 1
        })
    }

    pub(crate) fn give_back(&self, slot: usize) {
        self.taken().given_back.push(slot);
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where in `list` the member with this slot is.
pub(crate) fn place<K>(list: &[Member<K>], slot: usize) -> Option<usize> {
    let has_it = |member: &Member<K>| member.slot() == slot;
    // Where none has ever gone, it is there that it is.
    if list.get(slot).is_some_and(has_it) { Some(slot) } else { list.iter().position(has_it) }
}
