//! A snapshot of a collection, with changes that can be discarded.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arango_test_aql::Value;

use super::concurrent_writes::{ConcurrentWrites, UniqueEntry};
use super::document::Document;
use super::documents::Documents;
use super::error::DocumentError;
use super::rules::{Rules, shard_index};
use super::sequence::Sequence;
use super::size_limit::SizeLimit;
use crate::config::clock::Clock;

/// The documents of a collection as they were at one instant, and changes on top of them.
///
/// The snapshot shares its documents with the collection; a collection that is written meanwhile is copied once.
#[derive(Debug, Clone)]
pub(crate) struct CollectionView {
    pub(super) rules: Arc<Rules>,
    pub(super) sequence: Arc<Sequence>,
    pub(super) clock: Clock,
    base: Arc<Documents>,
    /// Documents that were written or removed.
    changes: BTreeMap<Arc<str>, Option<Document>>,
    /// By position of the unique index and entry: which document has it now.
    unique: HashMap<UniqueEntry, Option<Arc<str>>>,
    /// For each shard, whether its leader responds.
    shards: Vec<bool>,
    /// For each shard, whether its leader will lose the changes. Without an entry it will not.
    losing: Vec<bool>,
    concurrent: ConcurrentWrites,
    limit: Option<SizeLimit>,
}

impl CollectionView {
    pub(crate) fn new(
        rules: Arc<Rules>,
        base: Arc<Documents>,
        sequence: Arc<Sequence>,
        clock: Clock,
        shards: Vec<bool>,
    ) -> Self {
        Self {
            rules,
            sequence,
            clock,
            base,
            changes: BTreeMap::new(),
            unique: HashMap::new(),
            shards,
            losing: Vec::new(),
            concurrent: ConcurrentWrites::default(),
            limit: None,
        }
    }

    /// Sets for each shard whether its leader responds.
    pub(crate) fn set_leaders(&mut self, shards: Vec<bool>) {
        self.shards = shards;
    }

    /// Sets for each shard whether its leader loses the changes when they are made.
    pub(crate) fn set_losing(&mut self, losing: Vec<bool>) {
        self.losing = losing;
    }

    /// Sets what others have written, so that a write that meets one of these is refused.
    pub(crate) fn set_concurrent(&mut self, concurrent: ConcurrentWrites) {
        self.concurrent = concurrent;
    }

    /// Limits what is written from now on.
    pub(crate) fn set_limit(&mut self, limit: SizeLimit) {
        self.limit = Some(limit);
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Returns the document with this key.
    ///
    /// # Errors
    /// If the leader of its shard does not respond.
    pub(crate) fn get(&self, key: &str) -> Result<Option<Document>, DocumentError> {
        self.require_leader_of_key(key)?;
        Ok(self.current(key).cloned())
    }

    pub(super) fn current(&self, key: &str) -> Option<&Document> {
        match self.changes.get(key) {
            Some(change) => change.as_ref(),
            None => self.base.get(key),
        }
    }

    fn require_leader_of_key(&self, key: &str) -> Result<(), DocumentError> {
        if self.rules.is_sharded_by_key() {
            self.require_leader(shard_index(key, self.shards.len()))
        } else {
            self.require_all_leaders()
        }
    }

    pub(super) fn require_leader_of(&self, key: &str, document: &Value) -> Result<(), DocumentError> {
        self.require_leader(self.rules.shard_of(key, document, self.shards.len()))
    }

    fn require_leader(&self, shard: usize) -> Result<(), DocumentError> {
        if self.shards.get(shard) == Some(&false) { Err(DocumentError::no_backend()) } else { Ok(()) }
    }

    /// Refuses what needs all shards, if the leader of one does not respond.
    pub(crate) fn require_all_leaders(&self) -> Result<(), DocumentError> {
        if self.shards.contains(&false) { Err(DocumentError::no_backend()) } else { Ok(()) }
    }

    /// Returns the number of documents.
    pub(crate) fn len(&self) -> usize {
        let mut count = self.base.len();
        for (key, change) in &self.changes {
            match (self.base.get(key).is_some(), change.is_some()) {
                (true, false) => count -= 1,
                (false, true) => count += 1,
                _ => {}
            }
        }
        count
    }

    /// Returns the number of documents in each shard.
    pub(crate) fn len_by_shard(&self) -> Vec<usize> {
        let mut counts = vec![0; self.shards.len()];
        for document in self.iter() {
            counts[self.rules.shard_of(document.key(), &document.value(), self.shards.len())] += 1;
        }
        counts
    }

    /// Removes all documents.
    pub(crate) fn remove_all(&mut self) -> Result<(), DocumentError> {
        let keys: Vec<Arc<str>> = self.iter().map(|document| document.key().into()).collect();
        for key in &keys {
            self.concurrent.check_key(&self.base, key)?;
        }
        keys.iter().try_for_each(|key| self.set(key, None))
    }

    /// Returns all documents in an order that depends on `seed`: shard by shard, and shuffled within.
    pub(crate) fn shuffled(&self, seed: u64) -> Vec<Document> {
        let shards = self.shards.len();
        let place = |key: &str, document: &Document| {
            let shard = match (shards, self.rules.is_sharded_by_key()) {
                (0 | 1, _) => 0,
                (_, true) => shard_index(key, shards),
                (_, false) => self.rules.shard_of(key, &document.value(), shards),
            };
            (scatter(seed, &shard.to_le_bytes()), scatter(seed, key.as_bytes()))
        };
        let mut placed: Vec<_> =
            self.iter().map(|document| (place(document.key(), document), document)).collect();
        placed.sort_unstable_by_key(|(place, _)| *place);
        placed.into_iter().map(|(_, document)| document.clone()).collect()
    }

    /// Returns all documents in the order of their keys.
    pub(crate) fn by_key(&self) -> Vec<Document> {
        let mut sorted: Vec<_> = self.iter().cloned().collect();
        sorted.sort_unstable_by(|one, other| one.key().cmp(other.key()));
        sorted
    }

    /// Returns the shard of all documents whose only shard key has this value. `None` with several shard keys.
    pub(crate) fn shard_of_value(&self, value: &str) -> Option<usize> {
        let [_] = &*self.rules.shard_keys else { return None };
        let shards = self.shards.len();
        Some(if self.rules.is_sharded_by_key() {
            shard_index(value, shards)
        } else {
            shard_index(&serde_json::json!([value]).to_string(), shards)
        })
    }

    /// Returns the shard of a document.
    pub(crate) fn shard_of(&self, document: &Document) -> usize {
        self.rules.shard_of(document.key(), &document.value(), self.shards.len())
    }

    /// Refuses a change of a document whose shard keys lead to another shard, the only one that a coordinator asks.
    ///
    /// It asks all shards for a change that does not name all shard keys.
    pub(crate) fn require_shard_of(&self, key: &str, change: &Value) -> Result<(), DocumentError> {
        if self.rules.is_sharded_by_key() || !self.rules.has_shard_keys(change) {
            return Ok(());
        }
        let Some(document) = self.current(key) else { return Ok(()) };
        let mut attributes = change.as_object().cloned().unwrap_or_default();
        attributes.set("_key", Value::from(key));
        let asked = self.rules.shard_of(key, &Value::object(attributes), self.shards.len());
        if asked == self.shard_of(document) { Ok(()) } else { Err(DocumentError::not_found()) }
    }

    /// Refuses a replacement that does not name all shard keys.
    pub(crate) fn require_shard_keys(&self, replacement: &Value) -> Result<(), DocumentError> {
        if replacement.as_object().is_none() || self.rules.has_shard_keys(replacement) {
            return Ok(());
        }
        Err(DocumentError::new(1468, "not all sharding attributes given"))
    }

    fn iter(&self) -> impl Iterator<Item = &Document> {
        let unchanged = self.base.iter().filter(|document| !self.changes.contains_key(document.key()));
        unchanged.chain(self.changes.values().flatten())
    }

    /// Sets a document or removes it, unless it violates a unique index or meets a write of another operation.
    pub(super) fn set(&mut self, key: &Arc<str>, document: Option<Document>) -> Result<(), DocumentError> {
        self.concurrent.check_key(&self.base, key)?;
        let old = self.current(key).map(Document::value);
        let new = document.as_ref().map(Document::value);
        let mut entries = Vec::new();
        for (position, index) in self.base.unique_indexes().enumerate() {
            new.as_ref().map_or(Ok(()), |new| index.check(new))?;
            let freed = old.as_ref().and_then(|old| index.entry(old));
            let taken = new.as_ref().and_then(|new| index.entry(new));
            let owner = taken.as_deref().and_then(|entry| self.owner(position, entry));
            if let Some(owner) = owner.filter(|owner| *owner != key) {
                return Err(DocumentError::not_unique(&index.name, &index.kind, &index.field_list(), owner));
            }
            entries.extend(freed.map(|entry| ((position, entry), None)));
            entries.extend(taken.map(|entry| ((position, entry), Some(key.clone()))));
        }
        entries.iter().try_for_each(|(entry, _)| self.concurrent.check_entry(&self.base, entry))?;
        if let Some(limit) = &self.limit {
            limit.reserve(document.as_ref().map_or(key.len(), |document| document.json().len()))?;
        }
        self.unique.extend(entries);
        self.changes.insert(key.clone(), document);
        Ok(())
    }

    fn owner(&self, index: usize, entry: &str) -> Option<&Arc<str>> {
        match self.unique.get(&(index, entry.to_owned())) {
            Some(owner) => owner.as_ref(),
            None => self.base.owner(index, entry),
        }
    }

    /// Returns the keys of the documents that were written or removed.
    pub(crate) fn changed_keys(&self) -> impl Iterator<Item = &Arc<str>> {
        self.changes.keys()
    }

    /// Returns the entries of unique indexes that were written or removed.
    pub(crate) fn changed_entries(&self) -> impl Iterator<Item = &UniqueEntry> {
        self.unique.keys()
    }

    /// Returns whether a document was written or removed.
    pub(crate) fn has_changed(&self, key: &str) -> bool {
        self.changes.contains_key(key)
    }

    /// Returns whether an entry of a unique index was written or removed.
    pub(crate) fn has_changed_entry(&self, entry: &UniqueEntry) -> bool {
        self.unique.contains_key(entry)
    }

    pub(crate) fn is_changed(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Checks that the changes can still be made to a collection that may have changed since the snapshot.
    pub(crate) fn check(&self, documents: &Documents) -> Result<(), DocumentError> {
        if std::ptr::eq(Arc::as_ptr(&self.base), documents) {
            return Ok(());
        }
        // An index that came or went meanwhile has not checked these changes.
        if !self.base.unique_indexes().eq(documents.unique_indexes()) {
            return Err(DocumentError::write_conflict());
        }
        for key in self.changes.keys() {
            let revision = |documents: &Documents| documents.get(key).map(Document::revision);
            if revision(&self.base) != revision(documents) {
                return Err(DocumentError::write_conflict());
            }
        }
        for ((position, entry), owner) in &self.unique {
            let Some(index) = documents.unique_indexes().nth(*position) else { continue };
            let taken = documents.owner(*position, entry).filter(|taken| !self.changes.contains_key(*taken));
            if let (Some(_), Some(taken)) = (owner, taken) {
                return Err(DocumentError::not_unique(&index.name, &index.kind, &index.field_list(), taken));
            }
        }
        Ok(())
    }

    /// Drops the changes whose leader loses them. Returns whether there are any.
    pub(crate) fn drop_lost_changes(&mut self) -> bool {
        if !self.losing.contains(&true) {
            return false;
        }
        let before = self.changes.len();
        let (rules, base, losing, shards) = (&self.rules, &self.base, &self.losing, self.shards.len());
        self.changes.retain(|key, change| {
            let document = change.as_ref().or_else(|| base.get(key)).map(Document::value);
            let shard = rules.shard_of(key, &document.unwrap_or(Value::Null), shards);
            losing.get(shard) != Some(&true)
        });
        self.changes.len() < before
    }

    /// Takes the changes, and gives up the snapshot.
    pub(crate) fn into_changes(self) -> BTreeMap<Arc<str>, Option<Document>> {
        self.changes
    }
}

/// Returns a number that looks random, for a stable order that nothing relies on.
fn scatter(seed: u64, bytes: &[u8]) -> u64 {
    let hash = bytes.iter().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    (hash ^ hash >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
