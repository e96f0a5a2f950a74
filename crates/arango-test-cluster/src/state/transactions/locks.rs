//! What is locked: documents that were written and not committed, and whole collections.

use std::sync::Arc;

use super::Access;
use crate::state::State;
use crate::store::concurrent_writes::{ConcurrentWrites, UniqueEntry};
use crate::store::error::DocumentError;
use crate::store::view::CollectionView;

/// Who writes. Its own locks do not stop it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Writer {
    pub(crate) query: Option<u64>,
    pub(crate) transaction: Option<u64>,
}

impl State {
    /// Refuses a write to a document that another query or transaction has written and not committed.
    pub(crate) fn check_lock(
        &self,
        database: &str,
        collection: &str,
        key: &Arc<str>,
        own: Writer,
    ) -> Result<(), DocumentError> {
        let locked = self.queries.others(database, own).any(|query| query.has_locked(collection, key))
            || self.other_views(database, collection, own).any(|view| view.has_changed(key));
        if locked { Err(DocumentError::write_conflict()) } else { Ok(()) }
    }

    /// Refuses the changes of a view if another query or transaction has written to the same documents or entries.
    pub(crate) fn check_locks(
        &self,
        database: &str,
        collection: &str,
        view: &CollectionView,
        own: Writer,
    ) -> Result<(), DocumentError> {
        view.changed_keys().try_for_each(|key| self.check_lock(database, collection, key, own))?;
        let is_locked = |entry: &UniqueEntry| {
            self.other_views(database, collection, own).any(|other| other.has_changed_entry(entry))
        };
        if view.changed_entries().any(is_locked) { Err(DocumentError::write_conflict()) } else { Ok(()) }
    }

    /// Returns what others than a transaction have written to a collection.
    pub(crate) fn concurrent_writes(&self, database: &str, collection: &str, own: u64) -> ConcurrentWrites {
        let own = Writer { query: None, transaction: Some(own) };
        let content = self.databases.get(database);
        let found = content.and_then(|content| content.collections.get(collection));
        let by_queries = self.queries.others(database, own).flat_map(|query| query.locked_keys(collection));
        let by_others = self.other_views(database, collection, own).flat_map(CollectionView::changed_keys);
        ConcurrentWrites {
            latest: found.map(|collection| collection.documents.clone()),
            keys: by_queries.chain(by_others).cloned().collect(),
            entries: self
                .other_views(database, collection, own)
                .flat_map(CollectionView::changed_entries)
                .cloned()
                .collect(),
        }
    }

    /// Returns whether others hold locks on whole collections that exclude this access.
    pub(crate) fn is_excluded(&self, database: &str, access: &Access, own: Writer) -> bool {
        let holders = self.transactions.holders();
        let mut others = holders
            .filter(|other| Some(other.id) != own.transaction && other.database == database)
            .map(|other| &other.access);
        others.any(|other| access.excludes(other))
            || self
                .queries
                .others(database, own)
                .any(|query| access.exclusive.iter().any(|name| query.locked_keys(name).next().is_some()))
    }

    /// Returns the views that other transactions have of a collection.
    fn other_views(
        &self,
        database: &str,
        collection: &str,
        own: Writer,
    ) -> impl Iterator<Item = &CollectionView> {
        let holders = self.transactions.holders();
        holders
            .filter(move |other| Some(other.id) != own.transaction && other.database == database)
            .filter_map(move |other| other.view.view_of(collection))
    }
}
