//! Which collections accept the keys that the client makes.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Which collections accept the keys that the client makes.
#[derive(Debug, Default)]
pub(crate) struct GeneratedKeys(Mutex<ByDatabase>);

/// By the prefix of the database, then by the name of the collection.
///
/// Each insert looks here. Trees, because a client knows few of both: comparing texts is cheaper than hashing them.
type ByDatabase = BTreeMap<Box<str>, BTreeMap<Box<str>, bool>>;

impl GeneratedKeys {
    /// Returns whether a collection accepts them, if it is known.
    pub(crate) fn are_accepted(&self, database: &str, collection: &str) -> Option<bool> {
        self.lock().get(database)?.get(collection).copied()
    }

    /// Records it.
    pub(crate) fn record(&self, database: &str, collection: &str, are_accepted: bool) {
        self.lock().entry(database.into()).or_default().insert(collection.into(), are_accepted);
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
        assert_eq!(keys.are_accepted("/_db/shop", "orders"), Some(true));
        assert_eq!(keys.are_accepted("/_db/test", "orders"), Some(false));
        assert_eq!((keys.are_accepted("", "orders"), keys.are_accepted("/_db/shop", "items")), (None, None));
        keys.record("/_db/shop", "orders", false);
        assert_eq!(keys.are_accepted("/_db/shop", "orders"), Some(false));
    }
}
