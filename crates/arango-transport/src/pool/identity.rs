//! Whether ArangoDB answers at a coordinator's address.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Pool;
use crate::foreign::ForeignAnswer;

/// What is known of who answers at one address.
#[derive(Debug, Default)]
pub(super) struct Identity {
    has_named_itself: AtomicBool,
    /// What a probe found instead of ArangoDB.
    other: Mutex<Option<ForeignAnswer>>,
}

impl Identity {
    fn other(&self) -> MutexGuard<'_, Option<ForeignAnswer>> {
        self.other.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    /// Notes that an answer named ArangoDB in its head.
    pub(crate) fn names_itself(&self) {
        let named = &self.0.identity.has_named_itself;
        // Written once: all that follow only look.
        if !named.load(Ordering::Relaxed) {
            named.store(true, Ordering::Relaxed);
        }
    }

    /// Whether an answer has ever named ArangoDB in its head.
    pub(crate) fn has_named_itself(&self) -> bool {
        self.0.identity.has_named_itself.load(Ordering::Relaxed)
    }

    /// Notes what a probe found: another service's answer, or ArangoDB.
    pub(crate) fn found(&self, other: Option<ForeignAnswer>) {
        let mut known = self.0.identity.other();
        if let (None, Some(other)) = (&*known, &other) {
            tracing::warn!(coordinator = %self.coordinator(), "something answers, but it is not ArangoDB: {other}");
        }
        *known = other;
    }

    /// What the last probe found instead of ArangoDB, in words.
    pub(crate) fn other(&self) -> Option<String> {
        self.0.identity.other().as_ref().map(ToString::to_string)
    }
}
