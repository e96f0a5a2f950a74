//! What writes to a collection must obey.

use std::sync::Arc;

use arango_test_aql::{CollectionKind, Object, Value};

use super::computed::{ComputedValue, Write};
use super::document::Document;
use super::error::DocumentError;
use super::keys::{Keys, is_key};
use super::schema::Schema;
use super::sequence::Sequence;
use super::unique::{at, has};

/// The rules of a collection. They change only with its properties.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// The name of the collection.
    pub(crate) collection: String,
    /// Its id, which no later collection of its name has.
    pub(crate) id: String,
    pub(crate) kind: CollectionKind,
    pub(crate) keys: Arc<Keys>,
    /// Paths of the attributes that decide in which shard a document is.
    pub(crate) shard_keys: Vec<String>,
    pub(crate) schema: Option<Arc<Schema>>,
    pub(crate) computed_values: Arc<[ComputedValue]>,
}

impl Rules {
    pub(crate) fn new(collection: &str, id: &str, kind: CollectionKind) -> Self {
        Self {
            collection: collection.to_owned(),
            id: id.to_owned(),
            kind,
            keys: Arc::default(),
            shard_keys: vec!["_key".to_owned()],
            schema: None,
            computed_values: Arc::new([]),
        }
    }

    /// Returns whether the key alone decides in which shard a document is.
    pub(crate) fn is_sharded_by_key(&self) -> bool {
        self.shard_keys == ["_key"]
    }

    /// Returns which of `shards` shards has a document with this key and these attributes.
    pub(crate) fn shard_of(&self, key: &str, document: &Value, shards: usize) -> usize {
        if self.is_sharded_by_key() {
            return shard_index(key, shards);
        }
        let values: Vec<_> = self.shard_keys.iter().map(|path| at(document, path).to_json()).collect();
        shard_index(&serde_json::Value::Array(values).to_string(), shards)
    }

    /// Returns whether a document without its key has all attributes that decide in which shard it is.
    pub(crate) fn has_shard_keys(&self, document: &Value) -> bool {
        self.shard_keys.iter().all(|path| path == "_key" || has(document, path))
    }

    /// Returns the key of a new document: the one it has, or a generated one.
    pub(crate) fn key_of_new(&self, document: &Object, sequence: &Sequence) -> Result<String, DocumentError> {
        let Some(given) = document.get("_key") else { return Ok(self.keys.generate(sequence)) };
        let key = given.as_str().filter(|key| is_key(key));
        let key = key.ok_or_else(|| DocumentError::new(1221, "illegal document key"))?;
        if !self.is_sharded_by_key() && !self.shard_keys.iter().any(|path| path == "_key") {
            return Err(DocumentError::new(1466, "must not specify _key for this collection"));
        }
        if !self.keys.allows_user_keys {
            return Err(DocumentError::new(1222, "unexpected document key"));
        }
        if !self.keys.accepts(key) {
            return Err(DocumentError::new(1221, "illegal document key"));
        }
        self.keys.record(key);
        Ok(key.to_owned())
    }

    /// Sets the computed values. All are computed from the document as it would be without them.
    fn compute(&self, attributes: &mut Object, write: &Write<'_>) -> Result<(), DocumentError> {
        let computed = self.computed_values.iter().enumerate();
        let mut due = computed.filter(|(_, value)| value.is_due(attributes, write.kind)).peekable();
        if due.peek().is_none() {
            return Ok(());
        }
        let document =
            Document::with_system_attributes(&self.collection, write.key, write.revision, attributes);
        let document = Value::object(document).to_json();
        let values = due.map(|(position, computed)| {
            // Each value has random numbers that no other one has.
            let seed = write.seed ^ position as u64;
            Ok((computed, computed.compute(&document, seed, write.now_ms)?))
        });
        for (computed, value) in values.collect::<Result<Vec<_>, DocumentError>>()? {
            computed.store(&value, attributes);
        }
        Ok(())
    }

    /// Completes the attributes of a document that is written in place of `old`, and checks them.
    pub(crate) fn complete(
        &self,
        attributes: &mut Object,
        old: Option<&Value>,
        write: &Write<'_>,
    ) -> Result<(), DocumentError> {
        self.compute(attributes, write)?;
        if self.kind == CollectionKind::Edge
            && !["_from", "_to"].iter().all(|end| is_document_id(attributes.get(end)))
        {
            return Err(DocumentError::new(1233, "edge attribute missing or invalid"));
        }
        let new = Value::object(attributes.clone());
        if let Some(old) = old
            && self.shard_keys.iter().any(|path| path != "_key" && at(old, path) != at(&new, path))
        {
            return Err(DocumentError::new(1469, "must not change the value of a shard key attribute"));
        }
        match &self.schema {
            Some(schema) if !schema.accepts(&new, old) => Err(DocumentError::new(1620, schema.message())),
            _ => Ok(()),
        }
    }
}

/// Returns whether a value is the id of a document: a collection and a key.
fn is_document_id(value: Option<&Value>) -> bool {
    value
        .and_then(Value::as_str)
        .and_then(|id| id.split_once('/'))
        .is_some_and(|(collection, key)| !collection.is_empty() && collection.len() <= 256 && is_key(key))
}

/// Maps a text to one of `shards` shards. Any stable hash will do; here it is FNV-1a.
pub(crate) fn shard_index(text: &str, shards: usize) -> usize {
    let hash =
        text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash as usize % shards.max(1)
}
