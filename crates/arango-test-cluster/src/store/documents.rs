//! All documents of a collection.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::document::Document;
use super::error::DocumentError;
use super::unique::UniqueIndex;

/// The documents of a collection by key, with the entries of its unique indexes.
///
/// A document takes its JSON and about 95 bytes more: its key is only within the JSON.
#[derive(Debug, Clone, Default)]
pub(crate) struct Documents {
    by_key: BTreeSet<ByKey>,
    unique: Vec<(UniqueIndex, HashMap<String, Arc<str>>)>,
    json_size: usize,
}

/// A document that is ordered by its key.
#[derive(Debug, Clone)]
struct ByKey(Document);

impl Borrow<str> for ByKey {
    fn borrow(&self) -> &str {
        self.0.key()
    }
}

impl Ord for ByKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.key().cmp(other.0.key())
    }
}

impl PartialOrd for ByKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ByKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.key() == other.0.key()
    }
}

impl Eq for ByKey {}

impl Documents {
    pub(crate) fn get(&self, key: &str) -> Option<&Document> {
        self.by_key.get(key).map(|ByKey(document)| document)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Returns the documents in the order of their keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Document> {
        self.by_key.iter().map(|ByKey(document)| document)
    }

    /// Returns the bytes of all documents.
    pub(crate) fn json_size(&self) -> usize {
        self.json_size
    }

    /// Stores a document, or removes it.
    pub(crate) fn set(&mut self, key: &Arc<str>, document: Option<Document>) {
        let old = match &document {
            Some(document) => self.by_key.replace(ByKey(document.clone())),
            None => self.by_key.take(&**key),
        };
        let old = old.map(|ByKey(document)| document);
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
        for document in self.iter() {
            index.check(&document.value())?;
            let Some(entry) = index.entry(&document.value()) else { continue };
            if entries.insert(entry, document.key().into()).is_some() {
                let (name, kind, fields) = (&index.name, &index.kind, &index.field_list());
                return Err(DocumentError::not_unique(name, kind, fields, document.key()));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_takes_three_words_besides_its_json() {
        assert_eq!(size_of::<ByKey>(), size_of::<Arc<[u8]>>() + size_of::<u64>());
    }
}
