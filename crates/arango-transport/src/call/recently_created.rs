//! Databases and collections created recently through this client, which may not be propagated yet.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arango_protocol::CreatedResource;
use percent_encoding::percent_decode_str;
use tokio::time::Instant;

/// How long a coordinator may not know a new database or collection yet.
const RECENT: Duration = Duration::from_secs(60);

/// The databases and collections created in the last minute. Clones share the list.
#[derive(Debug, Clone, Default)]
pub(crate) struct RecentlyCreated(Arc<Mutex<Vec<Entry>>>);

#[derive(Debug)]
struct Entry {
    /// The path prefix of the database, empty for `_system`.
    prefix: String,
    /// `None` for the database itself.
    collection: Option<String>,
    created_at: Instant,
}

impl RecentlyCreated {
    /// Records what a request to `path` has created.
    pub(crate) fn record(&self, creates: &CreatedResource, path: &str, now: Instant) {
        if let Some(prefix) = creates.database_prefix() {
            self.add(Entry { prefix: prefix.to_owned(), collection: None, created_at: now });
        }
        for collection in creates.encoded_collections() {
            let prefix = split(path).0.to_owned();
            self.add(Entry { prefix, collection: Some(collection.clone()), created_at: now });
        }
    }

    fn add(&self, entry: Entry) {
        let mut entries = self.recent(entry.created_at);
        entries.retain(|other| (&other.prefix, &other.collection) != (&entry.prefix, &entry.collection));
        entries.push(entry);
    }

    /// Returns whether the database of `path` was created recently.
    pub(crate) fn database(&self, path: &str, now: Instant) -> bool {
        let (prefix, _) = split(path);
        self.recent(now).iter().any(|entry| entry.collection.is_none() && entry.prefix == prefix)
    }

    /// Returns whether a collection was created recently that is named in a path, or in its query as `collection=…`.
    pub(crate) fn collection(&self, path: &str, query: &str, now: Instant) -> bool {
        let (prefix, rest) = split(path);
        // Both are encoded in the same way.
        let in_query = || query.split('&').filter_map(|parameter| parameter.strip_prefix("collection="));
        self.recent(now).iter().any(|entry| {
            let named = |name: &String| rest.split('/').chain(in_query()).any(|segment| segment == name);
            entry.prefix == prefix && entry.collection.as_ref().is_some_and(named)
        })
    }

    /// Returns whether a body names a collection of the database of `path` that was created recently.
    ///
    /// As a whole word: it may be JSON, or the text of a query in it.
    pub(crate) fn collection_in_body(&self, path: &str, body: &[u8], now: Instant) -> bool {
        let (prefix, _) = split(path);
        let entries = self.recent(now);
        let of_database = entries.iter().filter(|entry| entry.prefix == prefix);
        let names: Vec<_> = of_database.filter_map(|entry| entry.collection.clone()).collect();
        // A body may be large: other calls need not wait until it was searched.
        drop(entries);
        names.iter().any(|name| contains_word(body, &percent_decode_str(name).collect::<Vec<_>>()))
    }

    fn recent(&self, now: Instant) -> MutexGuard<'_, Vec<Entry>> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| now.saturating_duration_since(entry.created_at) < RECENT);
        entries
    }
}

/// Splits a path into the prefix of its database, which may be empty, and the rest.
fn split(path: &str) -> (&str, &str) {
    match path.strip_prefix("/_db/") {
        Some(rest) => path.split_at(path.len() - rest.len() + rest.find('/').unwrap_or(rest.len())),
        None => ("", path),
    }
}

/// Returns whether a text contains a name that is not a part of a longer one.
fn contains_word(text: &[u8], name: &[u8]) -> bool {
    let is_part = |byte: Option<&u8>| {
        byte.is_some_and(|&byte| byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"_-".contains(&byte))
    };
    let is_word = |start: usize| {
        let before = start.checked_sub(1).and_then(|before| text.get(before));
        !is_part(before) && !is_part(text.get(start + name.len()))
    };
    let mut windows = text.windows(name.len().max(1)).enumerate();
    windows.any(|(start, window)| window == name && is_word(start))
}

#[cfg(test)]
mod tests {
    use arango_protocol::DatabaseName;

    use super::*;

    #[test]
    fn a_creation_is_recent_for_a_minute_within_its_database() {
        let (created, now) = (RecentlyCreated::default(), Instant::now());
        created.record(&CreatedResource::database(&DatabaseName::new("a/b").unwrap()), "/_api/database", now);
        created.record(&CreatedResource::collection("books"), "/_db/shop/_api/collection", now);
        created.record(&CreatedResource::collections(["a", "b/c"]), "/_db/shop/_api/gharial", now);

        assert!(created.database("/_db/a%2Fb/_api/version", now));
        assert!(created.database("/_db/a%2Fb", now));
        assert!(!created.database("/_db/shop/_api/version", now));
        assert!(!created.database("/_api/version", now));
        assert!(created.collection("/_db/shop/_api/document/books/7", "", now));
        assert!(!created.collection("/_db/shop/_api/document/bookshelves/7", "", now));
        assert!(!created.collection("/_api/document/books/7", "", now));
        assert!(created.collection("/_db/shop/_api/document/a", "", now));
        assert!(created.collection("/_db/shop/_api/document/b%2Fc", "", now));

        for (path, query, expected) in [
            ("/_db/shop/_api/index", "collection=books", true),
            ("/_db/shop/_api/index", "withHidden=true&collection=b%2Fc", true),
            ("/_db/shop/_api/index", "collection=bookshelves", false),
            ("/_db/shop/_api/index", "name=books", false),
            ("/_api/index", "collection=books", false),
        ] {
            assert_eq!(created.collection(path, query, now), expected, "{path}?{query}");
        }

        for (path, body, expected) in [
            ("/_db/shop/_api/transaction/begin", r#"{"collections":{"write":["x","books"]}}"#, true),
            ("/_db/shop/_api/cursor", r#"{"query":"FOR b IN books RETURN b"}"#, true),
            ("/_db/shop/_api/cursor", r#"{"query":"FOR b IN `books`\n"}"#, true),
            ("/_db/shop/_api/cursor", r#"{"query":"books","bindVars":{"@c":"b/c"}}"#, true),
            ("/_db/shop/_api/cursor", r#"{"query":"FOR b IN bookshelves RETURN b"}"#, false),
            ("/_db/shop/_api/cursor", r#"{"query":"FOR b IN old_books RETURN b.books_read"}"#, false),
            ("/_db/shop/_api/cursor", "", false),
            ("/_api/transaction/begin", r#"{"collections":{"write":["books"]}}"#, false),
        ] {
            assert_eq!(created.collection_in_body(path, body.as_bytes(), now), expected, "{path}: {body}");
        }

        let later = now + RECENT;
        assert!(!created.database("/_db/a%2Fb/_api/version", later));
        assert!(!created.collection("/_db/shop/_api/document/books/7", "", later));
        assert!(!created.collection_in_body("/_db/shop/_api/cursor", b"books", later));
    }
}
