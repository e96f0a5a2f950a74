//! Which collections accept the keys that the client makes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Which collections accept the keys that the client makes.
#[derive(Debug, Default)]
pub(crate) struct GeneratedKeys(Mutex<ByDatabase>);

/// By the prefix of the database, then by the name of the collection.
///
/// The first insert of each handle looks here. Trees, because a client knows few of both: comparing texts is cheaper than
/// hashing them.
type ByDatabase = BTreeMap<Box<str>, BTreeMap<Box<str>, AcceptsKeys>>;

/// How long it counts that a collection does not accept them. Then its properties are read again.
///
/// Another program may have created it again with other options. The opposite needs no limit: a collection that does not accept
/// them any more refuses the next insert.
const REFUSAL_AGE: Duration = Duration::from_secs(600);

/// Whether one collection accepts them. Handles keep it, so that they need not look it up for each insert.
#[derive(Debug, Clone, Default)]
pub(crate) struct AcceptsKeys(Arc<Known>);

/// What is known of one collection: nothing at first.
#[derive(Debug, Default)]
struct Known {
    /// Read by every insert. Relaxed: nothing else depends on it. A refusal that is seen late is met again.
    accepts: AtomicBool,
    /// When it was seen last that it does not.
    refused: Mutex<Option<Instant>>,
}

impl AcceptsKeys {
    /// Returns what was recorded last, through any handle; `None` if it is unknown, or a refusal too long ago.
    pub(crate) fn get(&self) -> Option<bool> {
        if self.0.accepts.load(Ordering::Relaxed) {
            return Some(true);
        }
        self.0.refused().filter(|refused| refused.elapsed() < REFUSAL_AGE).map(|_| false)
    }

    /// Returns whether a refusal was recorded last, however long ago.
    pub(crate) fn is_refusal(&self) -> bool {
        !self.0.accepts.load(Ordering::Relaxed) && self.0.refused().is_some()
    }
}

impl Known {
    fn refused(&self) -> MutexGuard<'_, Option<Instant>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, accepts: Option<bool>) {
        *self.refused() = (accepts == Some(false)).then(Instant::now);
        self.accepts.store(accepts == Some(true), Ordering::Relaxed);
    }
}

impl GeneratedKeys {
    /// Returns what is known of a collection, if it was ever recorded.
    pub(crate) fn find(&self, database: &str, collection: &str) -> Option<AcceptsKeys> {
        self.lock().get(database)?.get(collection).cloned()
    }

    /// Records whether a collection accepts them.
    pub(crate) fn record(&self, database: &str, collection: &str, are_accepted: bool) {
        let mut known = self.lock();
        let known = known.entry(database.into()).or_default().entry(collection.into()).or_default();
        known.0.set(Some(are_accepted));
    }

    /// Records that the collection of a name may have other options from now on: it was created or removed.
    pub(crate) fn forget(&self, database: &str, collection: &str) {
        if let Some(known) = self.find(database, collection) {
            known.0.set(None);
        }
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
        let find = |database, collection| keys.find(database, collection).and_then(|accepts| accepts.get());
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
        assert!(known.get() == Some(false) && known.is_refusal());
        keys.forget("/_db/shop", "orders");
        assert!(known.get().is_none() && !known.is_refusal());
        keys.record("/_db/shop", "orders", true);
        assert!(known.get() == Some(true) && !known.is_refusal());
    }
}
