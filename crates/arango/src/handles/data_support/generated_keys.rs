//! Which collections accept the keys that the client makes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Which collections accept the keys that the client makes.
#[derive(Debug, Default)]
pub(crate) struct GeneratedKeys(Mutex<HashMap<String, bool>>);

impl GeneratedKeys {
    /// Returns whether a collection accepts them, if it is known.
    pub(crate) fn are_accepted(&self, collection: &str) -> Option<bool> {
        self.lock().get(collection).copied()
    }

    /// Records it. `collection` has the prefix of its database.
    pub(crate) fn record(&self, collection: String, are_accepted: bool) {
        self.lock().insert(collection, are_accepted);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, bool>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
