//! What was created through this client just now, and may not be known everywhere yet.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arango_protocol::CreatedResource;
use tokio::time::Instant;

/// For how long a coordinator that does not know something may simply not have heard of it.
const RECENT: Duration = Duration::from_secs(60);

/// The databases and collections that were created in the last minute. Clones are the same list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Created(Arc<Mutex<Vec<Entry>>>);

#[derive(Debug)]
struct Entry {
    /// The database: what stands before its paths, which is nothing for `_system`.
    prefix: String,
    /// `None`: the database itself.
    collection: Option<String>,
    at: Instant,
}

impl Created {
    /// Notes what a request to `path` has brought into being.
    pub(crate) fn note(&self, creates: &CreatedResource, path: &str, now: Instant) {
        let entry = match (creates.database_prefix(), creates.collection_segment()) {
            (Some(prefix), _) => Entry { prefix: prefix.to_owned(), collection: None, at: now },
            (None, collection) => {
                Entry { prefix: split(path).0.to_owned(), collection: collection.map(str::to_owned), at: now }
            }
        };
        let mut entries = self.recent(now);
        entries.retain(|other| (&other.prefix, &other.collection) != (&entry.prefix, &entry.collection));
        entries.push(entry);
    }

    /// Whether the database of `path` was created just now.
    pub(crate) fn database(&self, path: &str, now: Instant) -> bool {
        let (prefix, _) = split(path);
        self.recent(now).iter().any(|entry| entry.collection.is_none() && entry.prefix == prefix)
    }

    /// Whether a collection that `path` names was created just now.
    pub(crate) fn collection(&self, path: &str, now: Instant) -> bool {
        let (prefix, rest) = split(path);
        self.recent(now).iter().any(|entry| {
            let named = |name: &String| rest.split('/').any(|segment| segment == name);
            entry.prefix == prefix && entry.collection.as_ref().is_some_and(named)
        })
    }

    fn recent(&self, now: Instant) -> MutexGuard<'_, Vec<Entry>> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| now.saturating_duration_since(entry.at) < RECENT);
        entries
    }
}

/// Parts a path into what names its database, which may be nothing, and the rest.
fn split(path: &str) -> (&str, &str) {
    match path.strip_prefix("/_db/") {
        Some(rest) => path.split_at(path.len() - rest.len() + rest.find('/').unwrap_or(rest.len())),
        None => ("", path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arango_protocol::DatabaseName;

    #[test]
    fn what_was_created_is_recent_for_a_minute_in_its_own_database() {
        let (created, now) = (Created::default(), Instant::now());
        created.note(&CreatedResource::database(&DatabaseName::new("a/b").unwrap()), "/_api/database", now);
        created.note(&CreatedResource::collection("books"), "/_db/shop/_api/collection", now);

        assert!(created.database("/_db/a%2Fb/_api/version", now));
        assert!(created.database("/_db/a%2Fb", now));
        assert!(!created.database("/_db/shop/_api/version", now));
        assert!(!created.database("/_api/version", now));
        assert!(created.collection("/_db/shop/_api/document/books/7", now));
        assert!(!created.collection("/_db/shop/_api/document/bookshelves/7", now));
        assert!(!created.collection("/_api/document/books/7", now));

        let later = now + RECENT;
        assert!(!created.database("/_db/a%2Fb/_api/version", later));
        assert!(!created.collection("/_db/shop/_api/document/books/7", later));
    }
}
