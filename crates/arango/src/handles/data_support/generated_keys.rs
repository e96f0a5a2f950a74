//! Which collections accept the keys that the client makes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Which collections accept the keys that the client makes.
#[derive(Debug, Default)]
pub(crate) struct GeneratedKeys(Mutex<ByDatabase>);

/// By the prefix of the database, then by the name of the collection.
///
/// The first insert of each handle looks here. Trees, because a client knows few of both: comparing texts is cheaper than
/// hashing them.
type ByDatabase = BTreeMap<Box<str>, BTreeMap<Box<str>, AcceptsKeys>>;

/// Whether one collection accepts them. Handles keep it, so that they need not look it up for each insert.
#[derive(Debug, Clone, Default)]
pub(crate) struct AcceptsKeys(Arc<AtomicBool>);

impl AcceptsKeys {
    /// Returns what was recorded last, through any handle.
    pub(crate) fn get(&self) -> bool {
        // Relaxed: nothing else depends on it. A refusal that is seen late is met again.
        self.0.load(Ordering::Relaxed)
    }
}

impl GeneratedKeys {
    /// Returns whether a collection accepts them, if it is known.
    pub(crate) fn find(&self, database: &str, collection: &str) -> Option<AcceptsKeys> {
        self.lock().get(database)?.get(collection).cloned()
    }

    /// Records it.
    pub(crate) fn record(&self, database: &str, collection: &str, are_accepted: bool) {
        let mut known = self.lock();
        let known = known.entry(database.into()).or_default().entry(collection.into()).or_default();
        known.0.store(are_accepted, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, ByDatabase> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_in_two_databases_is_two_collections() {
        let keys = GeneratedKeys::default();
        keys.record("/_db/shop", "orders", true);
        keys.record("/_db/test", "orders", false);
        let find = |database, collection| keys.find(database, collection).map(|accepts| accepts.get());
        assert_eq!(find("/_db/shop", "orders"), Some(true));
        assert_eq!(find("/_db/test", "orders"), Some(false));
        assert_eq!((find("", "orders"), find("/_db/shop", "items")), (None, None));
    }

    #[test]
    fn what_is_recorded_later_is_seen_by_a_handle_that_has_looked_it_up() {
        let keys = GeneratedKeys::default();
        keys.record("/_db/shop", "orders", true);
        let known = keys.find("/_db/shop", "orders").unwrap();
        keys.record("/_db/shop", "orders", false);
        assert!(!known.get());
    }
}
