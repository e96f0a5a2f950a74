//! Health state, allocated on the first failure.
//!
//! Most members are healthy all the time. With many members, or many sets, their health would be most of the memory
//! that a set needs, and most of what is read from memory for each request.

use std::ops::{Deref, DerefMut};
use std::sync::PoisonError;

use tokio::time::Instant;

use crate::health::state_machine::Health;
use crate::sync::{Mutex, MutexGuard};

/// Health of one member, allocated when it is first changed.
#[derive(Debug)]
pub(crate) struct LazyHealth(Mutex<Option<Box<Health>>>);

impl LazyHealth {
    pub(crate) fn some(health: Health) -> Self {
        Self(Mutex::new(Some(Box::new(health))))
    }

    /// Returns the health of a member without any history.
    pub(crate) fn empty() -> Self {
        Self(Mutex::new(None))
    }

    /// Locks the health. Allocates it if needed, for a member that was added at `since`.
    pub(crate) fn open(&self, since: Instant) -> HealthGuard<'_> {
        let mut health = self.lock();
        health.get_or_insert_with(|| Box::new(Health::new(since)));
        HealthGuard(health)
    }

    /// Calls `read` with the health, if there is one.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Health) -> T) -> Option<T> {
        self.lock().as_deref().map(read)
    }

    /// Like [`read`](Self::read), without taking the lock.
    pub(crate) fn read_exclusive<T>(&mut self, read: impl FnOnce(&Health) -> T) -> Option<T> {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).as_deref().map(read)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Box<Health>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The locked health of a member.
pub(crate) struct HealthGuard<'a>(MutexGuard<'a, Option<Box<Health>>>);

impl Deref for HealthGuard<'_> {
    type Target = Health;

    fn deref(&self) -> &Health {
        self.0.as_deref().expect("allocated by LazyHealth::open")
    }
}

impl DerefMut for HealthGuard<'_> {
    fn deref_mut(&mut self) -> &mut Health {
        self.0.as_deref_mut().expect("allocated by LazyHealth::open")
    }
}
