//! Writes to a view of a collection.

use std::sync::Arc;

use arango_test_aql::{Object, OverwriteMode, Value, WriteOptions};

use super::computed::{Write, WriteKind};
use super::document::{Document, is_system};
use super::error::DocumentError;
use super::merge::merge;
use super::view::CollectionView;

/// The options of a write.
#[derive(Debug, Clone, Default)]
pub(crate) struct DocumentOptions {
    pub(crate) common: WriteOptions,
    /// An attribute that must grow for an existing document to be changed.
    pub(crate) version_attribute: Option<String>,
}

/// A document before and after a write.
#[derive(Debug, Clone)]
pub(crate) struct WrittenDocument {
    pub(crate) key: Arc<str>,
    pub(crate) old: Option<Document>,
    /// `None` if it was removed, or if an insert left the existing document as it is.
    pub(crate) new: Option<Document>,
}

type WriteResult = Result<WrittenDocument, DocumentError>;

impl CollectionView {
    /// Inserts a document.
    pub(crate) fn insert(&mut self, document: &Value, options: &DocumentOptions) -> WriteResult {
        let attributes = attributes(document)?;
        let key = self.rules.key_of_new(attributes, &self.sequence)?;
        self.require_leader_of(&key, document)?;
        let key: Arc<str> = key.into();
        let Some(old) = self.current(&key).cloned() else {
            let new = self.put(&key, attributes.clone(), None, WriteKind::Insert)?;
            return Ok(WrittenDocument { key, old: None, new: Some(new) });
        };
        match options.common.overwrite_mode {
            OverwriteMode::Conflict => Err(DocumentError::not_unique("primary", "primary", "_key", &key)),
            OverwriteMode::Ignore => Ok(WrittenDocument { key, old: Some(old), new: None }),
            OverwriteMode::Update => self.update(&key, document, options),
            OverwriteMode::Replace => self.replace(&key, document, options),
        }
    }

    /// Merges a patch into a document.
    pub(crate) fn update(&mut self, key: &str, patch: &Value, options: &DocumentOptions) -> WriteResult {
        let attributes = attributes(patch)?;
        let old = self.existing(key, options)?;
        let key: Arc<str> = key.into();
        let changes_nothing = attributes.iter().all(|(name, _)| is_system(name));
        if changes_nothing || !is_newer(options, &old, patch) {
            return Ok(WrittenDocument { key, new: Some(old.clone()), old: Some(old) });
        }
        let value = old.value();
        let WriteOptions { keep_null, merge_objects, .. } = options.common;
        let merged = merge(value.as_object().unwrap_or(&Object::new()), attributes, keep_null, merge_objects);
        let new = self.put(&key, merged, Some(&value), WriteKind::Update)?;
        Ok(WrittenDocument { key, old: Some(old), new: Some(new) })
    }

    /// Replaces a document.
    pub(crate) fn replace(&mut self, key: &str, document: &Value, options: &DocumentOptions) -> WriteResult {
        let attributes = attributes(document)?;
        let old = self.existing(key, options)?;
        let key: Arc<str> = key.into();
        if !is_newer(options, &old, document) {
            return Ok(WrittenDocument { key, new: Some(old.clone()), old: Some(old) });
        }
        let new = self.put(&key, attributes.clone(), Some(&old.value()), WriteKind::Replace)?;
        Ok(WrittenDocument { key, old: Some(old), new: Some(new) })
    }

    /// Removes a document.
    pub(crate) fn remove(&mut self, key: &str, options: &DocumentOptions) -> WriteResult {
        let old = self.existing(key, options)?;
        let key: Arc<str> = key.into();
        self.set(&key, None)?;
        Ok(WrittenDocument { key, old: Some(old), new: None })
    }

    /// Returns the document with this key, if it has the expected revision.
    pub(crate) fn existing(&self, key: &str, options: &DocumentOptions) -> Result<Document, DocumentError> {
        let document = self.get(key)?.ok_or_else(DocumentError::not_found)?;
        match &options.common.revision {
            Some(wanted) if *wanted != document.revision().text() => {
                Err(DocumentError::revision_mismatch(document.revision()))
            }
            _ => Ok(document),
        }
    }

    /// Stores a document that obeys all rules.
    fn put(
        &mut self,
        key: &Arc<str>,
        mut attributes: Object,
        old: Option<&Value>,
        kind: WriteKind,
    ) -> Result<Document, DocumentError> {
        let revision = self.sequence.revision();
        let now = self.clock.unix_time(self.clock.now()).as_millis();
        let now_ms = i64::try_from(now).unwrap_or(i64::MAX);
        let seed = self.sequence.seed_of(revision);
        self.rules.complete(&mut attributes, old, &Write { kind, key, revision, now_ms, seed })?;
        let document = Document::new(&self.rules.collection, key, revision, &attributes);
        self.set(key, Some(document.clone()))?;
        Ok(document)
    }
}

fn attributes(document: &Value) -> Result<&Object, DocumentError> {
    document.as_object().ok_or_else(|| DocumentError::new(1227, "invalid document type"))
}

/// Returns whether the version of a document may replace the stored one.
///
/// A version that is missing or not a number of at least 0, on either side, does not prevent the write.
fn is_newer(options: &DocumentOptions, old: &Document, new: &Value) -> bool {
    let Some(name) = &options.version_attribute else { return true };
    match (version(&old.value().attribute(name)), version(&new.attribute(name))) {
        (Some(old), Some(new)) => new > old,
        _ => true,
    }
}

/// Returns a version, without its fraction.
fn version(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::UInt(number) => Some(*number),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative; fractions do not count"
        )]
        Value::Double(number) if *number >= 0.0 => Some(*number as u64),
        _ => None,
    }
}
