//! Where a member's health is kept: nowhere, as long as there is nothing to be kept.
//!
//! Most members are well all the time. Where there are many, in a set or in many sets, what is known of their health would
//! be most of what they take of memory, and of what is brought from there for each request.

use std::ops::{Deref, DerefMut};
use std::sync::PoisonError;

use tokio::time::Instant;

use crate::health::Health;
use crate::sync::{Mutex, MutexGuard};

/// The health of one member.
#[derive(Debug)]
pub(crate) struct LazyHealth(Mutex<Option<Box<Health>>>);

impl LazyHealth {
    pub(crate) fn some(health: Health) -> Self {
        Self(Mutex::new(Some(Box::new(health))))
    }

    /// That of a member of which nothing is known.
    pub(crate) fn empty() -> Self {
        Self(Mutex::new(None))
    }

    /// Opens it; of a member of which nothing is known, and that has been there `since` then, it begins now.
    pub(crate) fn open(&self, since: Instant) -> HealthGuard<'_> {
        let mut health = self.lock();
        health.get_or_insert_with(|| Box::new(Health::new(since)));
        HealthGuard(health)
    }

    /// Looks into it, if there is one.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Health) -> T) -> Option<T> {
        self.lock().as_deref().map(look)
    }

    /// Looks into it where nobody else can.
    pub(crate) fn read_exclusive<T>(&mut self, look: impl FnOnce(&Health) -> T) -> Option<T> {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).as_deref().map(look)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Box<Health>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The health of a member, which nobody else sees meanwhile.
pub(crate) struct HealthGuard<'a>(MutexGuard<'a, Option<Box<Health>>>);

impl Deref for HealthGuard<'_> {
    type Target = Health;

    fn deref(&self) -> &Health {
        self.0.as_deref().expect("it is begun when it is opened")
    }
}

impl DerefMut for HealthGuard<'_> {
    fn deref_mut(&mut self) -> &mut Health {
        self.0.as_deref_mut().expect("it is begun when it is opened")
    }
}
