//! The store that queries read from and write to: traits, filled in by the user of the crate.

use std::fmt;

use crate::error::QueryError;
use crate::value::Value;

/// The kind of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CollectionKind {
    /// Holds documents.
    Document,
    /// Holds edges: documents with `_from` and `_to`.
    Edge,
}

/// The documents that a query can read.
pub trait ReadDocuments {
    /// Returns the kind of a collection, or `None` if there is no such collection.
    fn kind(&self, collection: &str) -> Option<CollectionKind>;

    /// Returns the document with this key.
    ///
    /// # Errors
    /// If the collection does not exist (1203) or cannot be read.
    fn get(&self, collection: &str, key: &str) -> Result<Option<Value>, QueryError>;

    /// Returns the number of documents in a collection.
    ///
    /// # Errors
    /// If the collection does not exist (1203) or cannot be read.
    fn count(&self, collection: &str) -> Result<u64, QueryError>;
}

/// Documents in the order of the store, as they were when the scan began.
pub type Scan = Box<dyn Iterator<Item = Value> + Send>;

/// A store that queries read from and write to.
///
/// A query writes row by row. That all of its writes happen or none is up to the implementor: it runs the query on a
/// store whose changes can be discarded.
pub trait Store: ReadDocuments {
    /// Returns the documents of a collection.
    ///
    /// The scan owns what it yields: later writes do not change it. A query never relies on the order.
    ///
    /// # Errors
    /// If the collection does not exist (1203) or cannot be read.
    fn scan(&self, collection: &str) -> Result<Scan, QueryError>;

    /// Returns the indexes of a collection that functions search. Default: none.
    fn search_indexes(&self, collection: &str) -> Vec<SearchIndex> {
        let _ = collection;
        Vec::new()
    }

    /// Returns the named graphs. Default: none.
    fn graphs(&self) -> Vec<GraphDefinition> {
        Vec::new()
    }

    /// Stores a new document.
    ///
    /// The document may have a `_key`. [`WriteOptions::overwrite_mode`] says what happens if that key is taken.
    ///
    /// # Errors
    /// If a key or a unique attribute is taken (1210), or the document is not valid.
    fn insert(
        &mut self,
        collection: &str,
        document: &Value,
        options: &WriteOptions,
    ) -> Result<Written, QueryError>;

    /// Merges attributes into the document with this key.
    ///
    /// `_id`, `_key` and `_rev` of the patch do not count. A patch that changes nothing leaves the revision as it is.
    ///
    /// # Errors
    /// If there is no such document (1202), or the new one cannot be stored (1200, 1210).
    fn update(
        &mut self,
        collection: &str,
        key: &str,
        patch: &Value,
        options: &WriteOptions,
    ) -> Result<Written, QueryError>;

    /// Replaces the document with this key.
    ///
    /// `_id`, `_key` and `_rev` of the new document do not count.
    ///
    /// # Errors
    /// If there is no such document (1202), or the new one cannot be stored (1200, 1210).
    fn replace(
        &mut self,
        collection: &str,
        key: &str,
        document: &Value,
        options: &WriteOptions,
    ) -> Result<Written, QueryError>;

    /// Removes the document with this key.
    ///
    /// # Errors
    /// If there is no such document (1202), or its revision is not the expected one (1200).
    fn remove(&mut self, collection: &str, key: &str, options: &WriteOptions) -> Result<Written, QueryError>;
}

/// An index that a function searches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchIndex {
    /// Positions, for `NEAR` and `WITHIN`.
    Geo {
        /// Path of an array of two numbers, or paths of the latitude and the longitude.
        fields: Vec<String>,
        /// Whether such an array begins with the longitude, as in `GeoJSON`.
        longitude_first: bool,
    },
    /// Words, for `FULLTEXT`.
    Fulltext {
        /// Path of the attribute.
        field: String,
        /// Shorter words are not in the index; in characters.
        min_length: usize,
    },
}

/// A named graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GraphDefinition {
    /// The name by which queries traverse it.
    pub name: String,
    /// Its collections of edges.
    pub edge_definitions: Vec<EdgeDefinition>,
    /// Collections of vertices that have no edges.
    pub orphan_collections: Vec<String>,
}

/// A collection of edges of a named graph, and what they connect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EdgeDefinition {
    /// The collection of edges.
    pub collection: String,
    /// Collections in which its edges begin.
    pub from: Vec<String>,
    /// Collections in which its edges end.
    pub to: Vec<String>,
}

/// A document before and after a write.
#[derive(Debug, Clone)]
pub struct Written {
    /// The document before; `null` if there was none.
    pub old: Value,
    /// The document after; `null` if there is none.
    pub new: Value,
}

/// The `OPTIONS` of a statement that writes, as far as a store needs them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOptions {
    /// What `INSERT` does if the key is taken.
    pub overwrite_mode: OverwriteMode,
    /// Whether an attribute that is updated to `null` is kept. Default: true.
    pub keep_null: bool,
    /// Whether an update merges objects that are attributes. Default: true.
    pub merge_objects: bool,
    /// The revision that the document must have, if the query compares it (`ignoreRevs: false`).
    pub revision: Option<String>,
    /// Whether the write waits for the disk.
    pub wait_for_sync: bool,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self {
            overwrite_mode: OverwriteMode::Conflict,
            keep_null: true,
            merge_objects: true,
            revision: None,
            wait_for_sync: false,
        }
    }
}

/// What `INSERT` does if the key of its document is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverwriteMode {
    /// Fails with error 1210.
    Conflict,
    /// Leaves the stored document as it is. Nothing is written: [`Written::new`] is `null`.
    Ignore,
    /// Merges the attributes into the stored document.
    Update,
    /// Replaces the stored document.
    Replace,
}

impl fmt::Display for CollectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Document => "document",
            Self::Edge => "edge",
        })
    }
}

impl<S: ReadDocuments + ?Sized> ReadDocuments for &mut S {
    fn kind(&self, collection: &str) -> Option<CollectionKind> {
        (**self).kind(collection)
    }

    fn get(&self, collection: &str, key: &str) -> Result<Option<Value>, QueryError> {
        (**self).get(collection, key)
    }

    fn count(&self, collection: &str) -> Result<u64, QueryError> {
        (**self).count(collection)
    }
}

impl<S: Store + ?Sized> Store for &mut S {
    fn scan(&self, collection: &str) -> Result<Scan, QueryError> {
        (**self).scan(collection)
    }

    fn search_indexes(&self, collection: &str) -> Vec<SearchIndex> {
        (**self).search_indexes(collection)
    }

    fn graphs(&self) -> Vec<GraphDefinition> {
        (**self).graphs()
    }

    fn insert(
        &mut self,
        collection: &str,
        document: &Value,
        options: &WriteOptions,
    ) -> Result<Written, QueryError> {
        (**self).insert(collection, document, options)
    }

    fn update(
        &mut self,
        collection: &str,
        key: &str,
        patch: &Value,
        options: &WriteOptions,
    ) -> Result<Written, QueryError> {
        (**self).update(collection, key, patch, options)
    }

    fn replace(
        &mut self,
        collection: &str,
        key: &str,
        document: &Value,
        options: &WriteOptions,
    ) -> Result<Written, QueryError> {
        (**self).replace(collection, key, document, options)
    }

    fn remove(&mut self, collection: &str, key: &str, options: &WriteOptions) -> Result<Written, QueryError> {
        (**self).remove(collection, key, options)
    }
}
