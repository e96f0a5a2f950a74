//! What other operations have written since the snapshot of a view.

use std::collections::HashSet;
use std::sync::Arc;

use super::document::Document;
use super::documents::Documents;
use super::error::DocumentError;

/// An entry of a unique index: the position of the index, and the entry.
pub(crate) type UniqueEntry = (usize, String);

/// The writes of others to a collection. By default there are none.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConcurrentWrites {
    /// The documents as they are now, with all writes that were committed since the snapshot.
    pub(crate) latest: Option<Arc<Documents>>,
    /// Keys of documents that others have written and not committed.
    pub(crate) keys: HashSet<Arc<str>>,
    /// Entries of unique indexes that others have written and not committed.
    pub(crate) entries: HashSet<UniqueEntry>,
}

impl ConcurrentWrites {
    /// Refuses a write to a document that another operation has written.
    pub(super) fn check_key(&self, base: &Documents, key: &str) -> Result<(), DocumentError> {
        if self.keys.contains(key) {
            return Err(DocumentError::write_conflict());
        }
        let Some(latest) = self.latest.as_deref().filter(|latest| !std::ptr::eq(*latest, base)) else {
            return Ok(());
        };
        let revision = |documents: &Documents| documents.get(key).map(Document::revision);
        // An index that came or went meanwhile would not check this write.
        if revision(base) != revision(latest) || !base.unique_indexes().eq(latest.unique_indexes()) {
            return Err(DocumentError::write_conflict());
        }
        Ok(())
    }

    /// Refuses a write to an entry of a unique index that another operation has written.
    pub(super) fn check_entry(&self, base: &Documents, entry: &UniqueEntry) -> Result<(), DocumentError> {
        let (position, text) = entry;
        let is_changed = self
            .latest
            .as_deref()
            .is_some_and(|latest| latest.owner(*position, text) != base.owner(*position, text));
        if is_changed || self.entries.contains(entry) {
            return Err(DocumentError::write_conflict());
        }
        Ok(())
    }
}
