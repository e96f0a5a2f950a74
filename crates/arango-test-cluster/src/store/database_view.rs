//! A snapshot of a database, as AQL reads and writes it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use arango_test_aql::{
    CollectionKind, GraphDefinition, QueryError, ReadDocuments, Scan, SearchIndex, Store, Value,
    WriteOptions, Written,
};

use super::concurrent_writes::ConcurrentWrites;
use super::document::Document;
use super::error::DocumentError;
use super::view::CollectionView;
use super::write::{DocumentOptions, WrittenDocument};

/// The collections of a database as they were at one instant, and what a query has written.
#[derive(Debug, Default)]
pub(crate) struct DatabaseView {
    collections: BTreeMap<String, CollectionView>,
    /// Collections that exist, and whose documents are not modelled.
    hidden: BTreeSet<String>,
    graphs: Vec<GraphDefinition>,
    /// The indexes that functions search, by collection. Most collections have none.
    search_indexes: BTreeMap<String, Vec<SearchIndex>>,
    /// The value of the shard key whose shards are read, if only these are.
    shard_value: Option<String>,
    /// Decides in which order a collection is visited; without it that is the order of the keys.
    seed: Option<u64>,
    log: WriteLog,
    /// The transaction that it belongs to.
    transaction: Option<u64>,
    /// Collections that its transaction has not declared.
    undeclared: BTreeSet<String>,
    /// Collections that the caller may not read.
    forbidden: BTreeSet<String>,
}

/// What a query has written so far. It can be read while the query owns its view.
#[derive(Debug, Clone, Default)]
pub(crate) struct WriteLog(Arc<Mutex<Vec<LoggedWrite>>>);

/// One write: collection, key, and bytes of the document.
#[derive(Debug, Clone)]
pub(crate) struct LoggedWrite {
    pub(crate) collection: String,
    pub(crate) key: Arc<str>,
    pub(crate) bytes: usize,
}

impl WriteLog {
    /// Returns the writes from number `first` on.
    pub(crate) fn since(&self, first: usize) -> Vec<LoggedWrite> {
        self.lock().get(first..).map(<[_]>::to_vec).unwrap_or_default()
    }

    /// Returns the bytes of all documents that were written, as JSON.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().iter().map(|write| write.bytes).sum()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<LoggedWrite>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DatabaseView {
    pub(crate) fn new(
        collections: BTreeMap<String, CollectionView>,
        hidden: BTreeSet<String>,
        graphs: Vec<GraphDefinition>,
        search_indexes: BTreeMap<String, Vec<SearchIndex>>,
        seed: Option<u64>,
    ) -> Self {
        Self { collections, hidden, graphs, search_indexes, seed, ..Self::default() }
    }

    /// Reads only the shards that have the documents with this value of the shard key.
    ///
    /// # Errors
    /// With the name of a collection that has several shard keys.
    pub(crate) fn read_shards_of(&mut self, value: &str, collections: &[&str]) -> Result<(), String> {
        let views = collections.iter().filter_map(|name| Some((*name, self.collections.get(*name)?)));
        for (name, view) in views {
            view.shard_of_value(value).ok_or_else(|| name.to_owned())?;
        }
        self.shard_value = Some(value.to_owned());
        Ok(())
    }

    /// Returns a copy for a query of a transaction, with an empty log.
    pub(crate) fn for_query(&self, transaction: u64) -> Self {
        Self {
            collections: self.collections.clone(),
            hidden: self.hidden.clone(),
            graphs: self.graphs.clone(),
            search_indexes: self.search_indexes.clone(),
            shard_value: None,
            seed: self.seed,
            log: WriteLog::default(),
            transaction: Some(transaction),
            undeclared: self.undeclared.clone(),
            forbidden: BTreeSet::new(),
        }
    }

    /// Returns the transaction that it belongs to.
    pub(crate) fn transaction(&self) -> Option<u64> {
        self.transaction
    }

    /// Hides the collections that are not among `declared`.
    pub(crate) fn restrict(&mut self, is_declared: impl Fn(&str) -> bool) {
        let names = self.collections.keys().filter(|name| !is_declared(name));
        self.undeclared = names.cloned().collect();
        self.collections.retain(|name, _| is_declared(name));
    }

    /// Refuses to read or write these collections from now on.
    pub(crate) fn forbid(&mut self, collections: BTreeSet<String>) {
        self.forbidden = collections;
    }

    /// Returns the view of a collection.
    pub(crate) fn view_of(&self, collection: &str) -> Option<&CollectionView> {
        self.collections.get(collection)
    }

    /// Returns all views, by the name of their collections.
    pub(crate) fn views_mut(&mut self) -> impl Iterator<Item = (&String, &mut CollectionView)> {
        self.collections.iter_mut()
    }

    /// Forgets what others have written, so that their documents are not kept.
    pub(crate) fn forget_concurrent(&mut self) {
        self.collections.values_mut().for_each(|view| view.set_concurrent(ConcurrentWrites::default()));
    }

    /// Takes the view of a collection. It is given back by [`insert`](Self::insert).
    pub(crate) fn take(&mut self, collection: &str) -> Option<CollectionView> {
        self.collections.remove(collection)
    }

    /// Sets the view of a collection.
    pub(crate) fn insert(&mut self, collection: &str, view: CollectionView) {
        self.collections.insert(collection.to_owned(), view);
    }

    /// Returns the log of all writes.
    pub(crate) fn log(&self) -> WriteLog {
        self.log.clone()
    }

    /// Takes the collections that were written to.
    pub(crate) fn into_changed(self) -> impl Iterator<Item = (String, CollectionView)> {
        self.collections.into_iter().filter(|(_, view)| view.is_changed())
    }

    fn collection(&self, name: &str) -> Result<&CollectionView, QueryError> {
        if self.forbidden.contains(name) {
            return Err(DocumentError::forbidden(name, "read").into());
        }
        self.collections.get(name).ok_or_else(|| self.missing(name))
    }

    /// Returns whether a document is in a shard that is read.
    fn reads(&self, view: &CollectionView, document: &Document) -> bool {
        let shard = self.shard_value.as_deref().and_then(|value| view.shard_of_value(value));
        shard.is_none_or(|shard| view.shard_of(document) == shard)
    }

    fn missing(&self, name: &str) -> QueryError {
        if self.hidden.contains(name) {
            return QueryError::not_implemented(format_args!("the documents of the collection {name}"));
        }
        if self.undeclared.contains(name) {
            return DocumentError::not_declared(name, "read").into();
        }
        QueryError::new(1203, format!("collection or view not found: {name}"))
    }

    fn write(
        &mut self,
        collection: &str,
        options: &WriteOptions,
        write: impl FnOnce(&mut CollectionView, &DocumentOptions) -> Result<WrittenDocument, DocumentError>,
    ) -> Result<Written, QueryError> {
        self.collection(collection)?;
        let view = self.collections.get_mut(collection).expect("the collection was found above");
        let options = DocumentOptions { common: options.clone(), version_attribute: None };
        let WrittenDocument { key, old, new } = write(view, &options)?;
        let bytes = new.as_ref().map_or(0, |new| new.json().len());
        self.log.lock().push(LoggedWrite { collection: collection.to_owned(), key, bytes });
        let value = |document: Option<Document>| document.map_or(Value::Null, |document| document.value());
        Ok(Written { old: value(old), new: value(new) })
    }
}

impl ReadDocuments for DatabaseView {
    fn kind(&self, collection: &str) -> Option<CollectionKind> {
        let exists = || self.hidden.contains(collection) || self.undeclared.contains(collection);
        let hidden = || exists().then_some(CollectionKind::Document);
        self.collections.get(collection).map(|view| view.rules().kind).or_else(hidden)
    }

    fn get(&self, collection: &str, key: &str) -> Result<Option<Value>, QueryError> {
        let view = self.collection(collection)?;
        let found = view.get(key)?.filter(|document| self.reads(view, document));
        Ok(found.map(|document| document.value()))
    }

    fn count(&self, collection: &str) -> Result<u64, QueryError> {
        let view = self.collection(collection)?;
        view.require_all_leaders()?;
        if self.shard_value.is_some() {
            return Ok(view.by_key().iter().filter(|document| self.reads(view, document)).count() as u64);
        }
        Ok(view.len() as u64)
    }
}

impl Store for DatabaseView {
    fn scan(&self, collection: &str) -> Result<Scan, QueryError> {
        let view = self.collection(collection)?;
        view.require_all_leaders()?;
        let mut documents = match self.seed {
            Some(seed) => view.shuffled(seed),
            None => view.by_key(),
        };
        documents.retain(|document| self.reads(view, document));
        Ok(Box::new(documents.into_iter().map(|document| document.value())))
    }

    fn search_indexes(&self, collection: &str) -> Vec<SearchIndex> {
        self.search_indexes.get(collection).cloned().unwrap_or_default()
    }

    fn graphs(&self) -> Vec<GraphDefinition> {
        self.graphs.clone()
    }

    fn insert(
        &mut self,
        collection: &str,
        document: &Value,
        options: &WriteOptions,
    ) -> Result<Written, QueryError> {
        self.write(collection, options, |view, options| view.insert(document, options))
    }

    fn update(
        &mut self,
        collection: &str,
        key: &str,
        patch: &Value,
        options: &WriteOptions,
    ) -> Result<Written, QueryError> {
        self.write(collection, options, |view, options| view.update(key, patch, options))
    }

    fn replace(
        &mut self,
        collection: &str,
        key: &str,
        document: &Value,
        options: &WriteOptions,
    ) -> Result<Written, QueryError> {
        self.write(collection, options, |view, options| view.replace(key, document, options))
    }

    fn remove(&mut self, collection: &str, key: &str, options: &WriteOptions) -> Result<Written, QueryError> {
        self.write(collection, options, |view, options| view.remove(key, options))
    }
}
