//! What inserts, updates and replacements have in common.

use std::fmt;

use arango_protocol::{
    BuildError, Conclusion, ErrorObject, Failure, Metadata, RequestBuilder, RequestClass, RequestProperties,
    Requirement,
};
use http::header::{HeaderValue, IF_MATCH};
use serde_json::Number;
use serde_json::value::RawValue;

use super::evidence::Evidence;
use super::operation_id::OperationId;
use super::path::{to_document, to_documents};
use super::read::ReadDocument;
use super::resolution::{self, Comparison, Content, Effect, Expectation, StoredDocument};
use super::ticket::DocumentTicket;
use super::write_output::WriteOutput;
use crate::json::DocumentBody;
use crate::names::{CollectionName, Key, Revision};

pub(super) static VERSION_ATTRIBUTE: Requirement = Requirement::new("versionAttribute", "3.12.0");
pub(super) static REFILL_INDEX_CACHES: Requirement = Requirement::new("refillIndexCaches", "3.10.2");

/// The document of a write, its key and its options.
#[expect(clippy::struct_excessive_bools, reason = "the options are independent")]
#[derive(Clone)]
pub(super) struct Write {
    pub(super) collection: CollectionName,
    /// The key that was given beside the document.
    pub(super) key: Option<Key>,
    pub(super) body: DocumentBody,
    pub(super) revision: Option<Revision>,
    pub(super) checks_body_revision: bool,
    pub(super) operation_id: Option<OperationId>,
    pub(super) version_attribute: Option<String>,
    pub(super) waits_for_sync: bool,
    pub(super) returns_new: bool,
    pub(super) returns_old: bool,
    pub(super) is_silent: bool,
    pub(super) refills_index_caches: bool,
    pub(super) removes_nulls: bool,
    pub(super) replaces_objects: bool,
    /// Whether another write with the same content may have another effect.
    pub(super) is_computed: bool,
}

impl Write {
    pub(super) fn new(collection: &CollectionName, key: Option<&Key>, body: DocumentBody) -> Self {
        Self {
            collection: collection.clone(),
            key: key.cloned(),
            body,
            revision: None,
            checks_body_revision: false,
            operation_id: None,
            version_attribute: None,
            waits_for_sync: false,
            returns_new: false,
            returns_old: false,
            is_silent: false,
            refills_index_caches: false,
            removes_nulls: false,
            replaces_objects: false,
            is_computed: false,
        }
    }

    /// Returns the given key, or that of the document.
    pub(super) fn any_key(&self) -> Option<&Key> {
        self.key.as_ref().or_else(|| self.body.key())
    }

    /// Returns the revision without which the write is not executed.
    pub(super) fn expected_revision(&self) -> Option<Revision> {
        let of_body = || {
            let revision = self.checks_body_revision.then(|| self.body.text("_rev"))??;
            Revision::try_from(revision).ok()
        };
        self.revision.clone().or_else(of_body)
    }

    /// Returns the version that is written, if the server compares it.
    pub(super) fn version(&self) -> Option<(String, Number)> {
        let attribute = self.version_attribute.as_ref()?;
        // The server ignores a version that is no number or is negative, and writes the document as without one.
        let version = self.body.number(attribute).filter(|version| version.as_f64() >= Some(0.0))?;
        Some((attribute.clone(), version))
    }

    pub(super) fn properties(&self, metadata: &Metadata, class: RequestClass) -> RequestProperties {
        let properties = RequestProperties::of(metadata).class(class);
        // Of two options, the one that the later version added.
        if self.version_attribute.is_some() {
            properties.requires(&VERSION_ATTRIBUTE)
        } else if self.refills_index_caches {
            properties.requires(&REFILL_INDEX_CACHES)
        } else {
            properties
        }
    }

    /// Returns the class of a write to an existing document.
    pub(super) fn class_of_change(&self) -> RequestClass {
        let is_fenced = self.expected_revision().is_some() || self.version().is_some();
        if is_fenced { RequestClass::Fenced } else { RequestClass::NonIdempotent }
    }

    /// Starts a request to the documents of the collection.
    pub(super) fn to_documents(&self, metadata: Metadata) -> RequestBuilder {
        to_documents(metadata, &self.collection)
    }

    /// Starts a request to the document with the given key.
    pub(super) fn to_document(&self, metadata: Metadata) -> RequestBuilder {
        to_document(metadata, &self.collection, self.key.as_ref())
    }

    /// Returns the body, with the operation id.
    pub(super) fn body(&self) -> DocumentBody {
        match &self.operation_id {
            Some(id) => self.body.clone().with_attribute("operation_id", id.attribute(), id.value()),
            None => self.body.clone(),
        }
    }

    /// Adds the options and the body.
    pub(super) fn fill(
        &self,
        builder: RequestBuilder,
        body: DocumentBody,
    ) -> Result<RequestBuilder, BuildError> {
        let builder = self.fill_options(builder)?;
        Ok(builder.bytes(body.into_bytes()?, HeaderValue::from_static("application/json")))
    }

    /// Adds the options.
    pub(super) fn fill_options(&self, mut builder: RequestBuilder) -> Result<RequestBuilder, BuildError> {
        if let Some(reason) = self.operation_id.as_ref().and_then(OperationId::fault) {
            return Err(BuildError::Field { field: "operation_id", reason });
        }
        for (is_set, name) in [
            (self.waits_for_sync, "waitForSync"),
            (self.returns_new && !self.is_silent, "returnNew"),
            (self.returns_old && !self.is_silent, "returnOld"),
            (self.is_silent, "silent"),
            (self.refills_index_caches, "refillIndexCaches"),
        ] {
            if is_set {
                builder = builder.query(name, "true");
            }
        }
        if self.checks_body_revision {
            builder = builder.query("ignoreRevs", "false");
        }
        if let Some(attribute) = &self.version_attribute {
            builder = builder.query("versionAttribute", attribute);
        }
        if let Some(revision) = &self.revision {
            builder = builder.header(IF_MATCH, &revision.to_etag());
        }
        Ok(builder)
    }

    pub(super) fn expectation(&self, effect: Effect) -> Expectation {
        Expectation {
            effect,
            // Only the key that was given beside the document can be a generated one.
            is_key_generated: self.any_key().is_some_and(Key::is_generated),
            revision: self.expected_revision(),
            operation_id: self.operation_id.clone(),
            version: self.version(),
        }
    }

    pub(super) fn question(&self, effect: Effect, failure: &Failure) -> Option<ReadDocument<Box<RawValue>>> {
        let key = self.any_key()?;
        let is_askable = self.expectation(effect).is_askable(failure);
        is_askable.then(|| ReadDocument::new(&self.collection, key))
    }

    pub(super) fn conclusion<W: WriteOutput>(
        &self,
        effect: Effect,
        comparison: Comparison,
        failure: &Failure,
        answer: Result<Option<Box<RawValue>>, &ErrorObject>,
    ) -> Conclusion<W> {
        let Ok(document) = answer else { return Conclusion::CannotTell };
        let conclusion = self.conclude(effect, comparison, failure, document.as_deref());
        resolution::map(conclusion, |evidence| W::found(document.as_deref()?, evidence, self.returns_new))
    }

    /// Concludes from the document that is stored now, if there is one.
    pub(super) fn conclude(
        &self,
        effect: Effect,
        comparison: Comparison,
        failure: &Failure,
        document: Option<&RawValue>,
    ) -> Conclusion<Evidence> {
        let content = self.body.json().map(|json| Content {
            json,
            comparison,
            removes_nulls: self.removes_nulls,
            is_evidence: !self.is_computed,
        });
        self.expectation(effect).conclude(failure, content.as_ref(), document.map(StoredDocument))
    }

    pub(super) fn ticket(&self, effect: Effect, unix_millis: u64) -> Option<DocumentTicket> {
        let key = self.any_key()?;
        Some(DocumentTicket::new(&self.collection, key, self.expectation(effect), unix_millis))
    }
}

// Without the document, which may be secret.
impl fmt::Debug for Write {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Write")
            .field("collection", &self.collection)
            .field("key", &self.any_key())
            .field("revision", &self.revision)
            .field("operation_id", &self.operation_id)
            .field("version_attribute", &self.version_attribute)
            .finish_non_exhaustive()
    }
}
