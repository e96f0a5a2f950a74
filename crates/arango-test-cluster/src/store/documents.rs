//! All documents of a collection.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::document::Document;
use super::error::DocumentError;
use super::unique::UniqueIndex;

/// The documents of a collection by key, with the entries of its unique indexes.
///
/// A document takes its JSON and about 100 bytes more.
#[derive(Debug, Clone, Default)]
pub(crate) struct Documents {
    by_key: BTreeMap<Arc<str>, Document>,
    unique: Vec<(UniqueIndex, HashMap<String, Arc<str>>)>,
    json_size: usize,
}

impl Documents {
    pub(crate) fn get(&self, key: &str) -> Option<&Document> {
        self.by_key.get(key)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Returns the documents in the order of their keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Document)> {
        self.by_key.iter()
    }

    /// Returns the bytes of all documents.
    pub(crate) fn json_size(&self) -> usize {
        self.json_size
    }

    /// Stores a document, or removes it.
    pub(crate) fn set(&mut self, key: &Arc<str>, document: Option<Document>) {
        let old = match &document {
            Some(document) => self.by_key.insert(key.clone(), document.clone()),
            None => self.by_key.remove(key),
        };
        for (index, entries) in &mut self.unique {
            if let Some(entry) = old.as_ref().and_then(|old| index.entry(&old.value()))
                && entries.get(&entry) == Some(key)
            {
                entries.remove(&entry);
            }
            if let Some(entry) = document.as_ref().and_then(|new| index.entry(&new.value())) {
                entries.insert(entry, key.clone());
            }
        }
        self.json_size += document.map_or(0, |new| new.json().len());
        self.json_size -= old.map_or(0, |old| old.json().len());
    }

    /// Removes all documents.
    pub(crate) fn clear(&mut self) {
        self.by_key.clear();
        self.unique.iter_mut().for_each(|(_, entries)| entries.clear());
        self.json_size = 0;
    }

    /// Returns the key of the document that has an entry in the unique index with this position.
    pub(super) fn owner(&self, index: usize, entry: &str) -> Option<&Arc<str>> {
        self.unique.get(index)?.1.get(entry)
    }

    /// Returns the unique indexes.
    pub(super) fn unique_indexes(&self) -> impl ExactSizeIterator<Item = &UniqueIndex> {
        self.unique.iter().map(|(index, _)| index)
    }

    /// Adds a unique index, unless two documents have the same entry.
    pub(crate) fn add_unique(&mut self, index: UniqueIndex) -> Result<(), DocumentError> {
        let mut entries = HashMap::new();
        for (key, document) in &self.by_key {
            let Some(entry) = index.entry(&document.value()) else { continue };
            if entries.insert(entry, key.clone()).is_some() {
                return Err(DocumentError::not_unique(&index.name, &index.kind, &index.field_list(), key));
            }
        }
        self.unique.push((index, entries));
        Ok(())
    }

    /// Removes the unique index with this name, if there is one.
    pub(crate) fn remove_unique(&mut self, name: &str) {
        self.unique.retain(|(index, _)| index.name != name);
    }
}
