//! A store in memory, for the tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use arango_test_aql::{
    CollectionKind, EdgeDefinition, GraphDefinition, Object, OverwriteMode, QueryError, ReadDocuments, Scan,
    Store, Value, WriteOptions, Written, number,
};

const CONFLICT: u32 = 1200;
const UNIQUE_CONSTRAINT_VIOLATED: u32 = 1210;
const KEY_BAD: u32 = 1221;

/// A store that keeps its documents in memory, ordered by key.
///
/// Knows keys and revisions, but neither indexes nor schemas. A failed query leaves behind what it wrote before.
#[derive(Debug, Clone, Default)]
pub(crate) struct MemoryStore {
    collections: BTreeMap<String, Collection>,
    graphs: Vec<GraphDefinition>,
    /// Number of keys and revisions made so far.
    made: u64,
}

#[derive(Debug, Clone)]
struct Collection {
    kind: CollectionKind,
    documents: BTreeMap<String, Value>,
}

impl MemoryStore {
    /// Creates a store without collections.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds an empty collection, in place of one with this name.
    pub(crate) fn create(&mut self, name: &str, kind: CollectionKind) {
        self.collections.insert(name.to_owned(), Collection { kind, documents: BTreeMap::new() });
    }

    /// Adds a named graph, by its edge collections and what they connect.
    #[allow(dead_code, reason = "not all tests that use this store have graphs")]
    pub(crate) fn define(&mut self, name: &str, edges: &[(String, Vec<String>, Vec<String>)]) {
        let edge_definitions = edges.iter().map(|(collection, from, to)| EdgeDefinition {
            collection: collection.clone(),
            from: from.clone(),
            to: to.clone(),
        });
        self.graphs.push(GraphDefinition {
            name: name.to_owned(),
            edge_definitions: edge_definitions.collect(),
            orphan_collections: Vec::new(),
        });
    }

    fn collection(&self, name: &str) -> Result<&Collection, QueryError> {
        self.collections.get(name).ok_or_else(|| not_found(name))
    }

    /// Returns the document with this key, if it has the expected revision.
    fn current(&self, collection: &str, key: &str, options: &WriteOptions) -> Result<Value, QueryError> {
        let Some(document) = self.get(collection, key)? else {
            return Err(QueryError::new(number::DOCUMENT_NOT_FOUND, "document not found"));
        };
        match &options.revision {
            Some(revision) if document.attribute("_rev").as_str() != Some(revision) => {
                Err(QueryError::new(CONFLICT, "conflict, _rev values do not match"))
            }
            _ => Ok(document),
        }
    }

    /// Stores a document with new system attributes.
    fn put(&mut self, collection: &str, key: &str, document: &Object) -> Result<Value, QueryError> {
        self.made += 1;
        let mut stored = Object::with_capacity(document.len() + 3);
        stored.set("_key", Value::from(key));
        stored.set("_id", Value::from(format!("{collection}/{key}")));
        stored.set("_rev", Value::from(format!("_r{}", self.made)));
        for (name, value) in document.iter().filter(|(name, _)| !is_system(name)) {
            stored.set(name.clone(), value.clone());
        }
        let mut json = Vec::new();
        Value::object(stored).write_json(&mut json);
        let stored = Value::document(json);
        let target = self.collections.get_mut(collection).ok_or_else(|| not_found(collection))?;
        target.documents.insert(key.to_owned(), stored.clone());
        Ok(stored)
    }
}

impl ReadDocuments for MemoryStore {
    fn kind(&self, collection: &str) -> Option<CollectionKind> {
        self.collections.get(collection).map(|collection| collection.kind)
    }

    fn get(&self, collection: &str, key: &str) -> Result<Option<Value>, QueryError> {
        Ok(self.collection(collection)?.documents.get(key).cloned())
    }

    fn count(&self, collection: &str) -> Result<u64, QueryError> {
        Ok(self.collection(collection)?.documents.len() as u64)
    }
}

impl Store for MemoryStore {
    fn scan(&self, collection: &str) -> Result<Scan, QueryError> {
        let documents: Vec<Value> = self.collection(collection)?.documents.values().cloned().collect();
        Ok(Box::new(documents.into_iter()))
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
        let key: Arc<str> = match document.attribute("_key") {
            Value::Null => format!("{}", 1000 + self.made).into(),
            Value::String(key) if !key.is_empty() && !key.contains('/') => key,
            _ => return Err(QueryError::new(KEY_BAD, "illegal document key")),
        };
        let Some(old) = self.get(collection, &key)? else {
            return Ok(Written { old: Value::Null, new: self.put(collection, &key, attributes(document))? });
        };
        match options.overwrite_mode {
            OverwriteMode::Conflict => {
                let message = format!(
                    "unique constraint violated - in index primary of type primary over '_key'; conflicting key: {key}"
                );
                Err(QueryError::new(UNIQUE_CONSTRAINT_VIOLATED, message))
            }
            OverwriteMode::Ignore => Ok(Written { old, new: Value::Null }),
            OverwriteMode::Update => self.update(collection, &key, document, options),
            OverwriteMode::Replace => self.replace(collection, &key, document, options),
        }
    }

    fn update(
        &mut self,
        collection: &str,
        key: &str,
        patch: &Value,
        options: &WriteOptions,
    ) -> Result<Written, QueryError> {
        let old = self.current(collection, key, options)?;
        let merged = merge(attributes(&old), attributes(patch), options, 0);
        Ok(Written { new: self.put(collection, key, &merged)?, old })
    }

    fn replace(
        &mut self,
        collection: &str,
        key: &str,
        document: &Value,
        options: &WriteOptions,
    ) -> Result<Written, QueryError> {
        let old = self.current(collection, key, options)?;
        Ok(Written { new: self.put(collection, key, attributes(document))?, old })
    }

    fn remove(&mut self, collection: &str, key: &str, options: &WriteOptions) -> Result<Written, QueryError> {
        let old = self.current(collection, key, options)?;
        let target = self.collections.get_mut(collection).ok_or_else(|| not_found(collection))?;
        target.documents.remove(key);
        Ok(Written { old, new: Value::Null })
    }
}

fn not_found(collection: &str) -> QueryError {
    let message = format!("collection or view not found: {collection}");
    QueryError::new(number::COLLECTION_NOT_FOUND, message)
}

fn is_system(name: &str) -> bool {
    matches!(name, "_id" | "_key" | "_rev")
}

fn attributes(document: &Value) -> &Object {
    document.as_object().expect("a query stores objects only")
}

/// Merges attributes. Below the first level objects are merged only if the options say so.
fn merge(old: &Object, patch: &Object, options: &WriteOptions, level: usize) -> Object {
    let mut merged = old.clone();
    for (name, value) in patch.iter() {
        if level == 0 && is_system(name) {
            continue;
        }
        if value.is_null() && !options.keep_null {
            merged.remove(name);
            continue;
        }
        let value = match (merged.get(name).and_then(Value::as_object), value.as_object()) {
            (Some(old), Some(patch)) if options.merge_objects => {
                Value::object(merge(old, patch, options, level + 1))
            }
            (_, Some(patch)) if !options.keep_null => {
                Value::object(merge(&Object::new(), patch, options, level + 1))
            }
            _ => value.clone(),
        };
        merged.set(name.clone(), value);
    }
    merged
}
