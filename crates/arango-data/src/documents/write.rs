//! What inserts, updates and replacements have in common.

use std::fmt;

use arango_protocol::{
    BuildError, Conclusion, ErrorObject, Failure, Metadata, RequestBuilder, RequestClass, RequestProperties,
    Requirement,
};
use bytes::Bytes;
use http::Request;
use http::header::{HeaderValue, IF_MATCH};
use serde_json::Number;
use serde_json::value::RawValue;

use super::evidence::Evidence;
use super::operation_id::OperationId;
use super::path::{to_document, to_documents};
use super::read::ReadDocument;
use super::resolution::{self, Comparison, Content, Effect, Expectation, StoredDocument};
use super::ticket::DocumentTicket;
use super::write_options::WriteOptions;
use super::write_output::WriteOutput;
use crate::json::DocumentBody;
use crate::names::{CollectionName, Key, Revision};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

pub(super) static VERSION_ATTRIBUTE: Requirement = Requirement::new("version", "3.12.0");
pub(super) static REFILL_INDEX_CACHES: Requirement = Requirement::new("refill_index_caches", "3.10.2");

/// The document of a write, its key and its options.
#[derive(Clone)]
pub(super) struct Write {
    pub(super) collection: CollectionName,
    /// The key that was given beside the document.
    pub(super) key: Option<Key>,
    pub(super) body: DocumentBody,
    /// Boxed: most writes have none, and a write is moved often.
    options: Option<Box<WriteOptions>>,
}

impl Write {
    pub(super) fn new(collection: &CollectionName, key: Option<&Key>, body: DocumentBody) -> Self {
        Self { collection: collection.clone(), key: key.cloned(), body, options: None }
    }

    /// Returns the options that were set; the others have their defaults.
    pub(super) fn options(&self) -> &WriteOptions {
        self.options.as_deref().unwrap_or(&WriteOptions::DEFAULT)
    }

    /// Returns the options, to set one.
    pub(super) fn options_mut(&mut self) -> &mut WriteOptions {
        self.options.get_or_insert_with(|| Box::new(WriteOptions::DEFAULT))
    }

    /// Returns the given key, or that of the document.
    pub(super) fn any_key(&self) -> Option<&Key> {
        self.key.as_ref().or_else(|| self.body.key())
    }

    /// Returns the revision without which the write is not executed.
    pub(super) fn expected_revision(&self) -> Option<Revision> {
        let of_body = || {
            let revision = self.options().checks_body_revision.then(|| self.body.text("_rev"))??;
            Revision::try_from(revision).ok()
        };
        self.options().revision.clone().or_else(of_body)
    }

    /// Returns the version that is written, if the server compares it.
    pub(super) fn version(&self) -> Option<(String, Number)> {
        let attribute = self.options().version_attribute.as_ref()?;
        // The server ignores a version that is no number or is negative, and writes the document as without one.
        let version = self.body.number(attribute).filter(|version| version.as_f64() >= Some(0.0))?;
        Some((attribute.clone(), version))
    }

    pub(super) fn properties(&self, metadata: &Metadata, class: RequestClass) -> RequestProperties {
        let properties = RequestProperties::of(metadata).class(class);
        // Of two options, the one that the later version added.
        let Some(options) = &self.options else { return properties };
        if options.version_attribute.is_some() {
            properties.requires(&VERSION_ATTRIBUTE)
        } else if options.refills_index_caches {
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
    fn body(&self) -> Result<Bytes, BuildError> {
        match &self.options().operation_id {
            Some(id) => {
                self.body.clone().with_attribute("operation_id", id.attribute(), id.value()).to_bytes()
            }
            None => self.body.to_bytes(),
        }
    }

    /// Adds the options and the body.
    pub(super) fn fill(&self, builder: RequestBuilder) -> Result<RequestBuilder, BuildError> {
        Ok(self.fill_options(builder)?.bytes(self.body()?, JSON))
    }

    /// Returns the request to the documents of the collection, if no option was set.
    pub(super) fn plain_request(&self, metadata: &Metadata) -> Option<Result<Request<Bytes>, BuildError>> {
        let build = |body| {
            let path = self.collection.documents_path().clone();
            RequestBuilder::build_filled(metadata, path, body, JSON)
        };
        self.options.is_none().then(|| self.body.to_bytes().map(build))
    }

    /// Adds the options.
    pub(super) fn fill_options(&self, mut builder: RequestBuilder) -> Result<RequestBuilder, BuildError> {
        let Some(options) = &self.options else { return Ok(builder) };
        if let Some(reason) = options.operation_id.as_ref().and_then(OperationId::fault) {
            return Err(BuildError::Field { field: "operation_id", reason });
        }
        for (is_set, name) in [
            (options.waits_for_sync, "waitForSync"),
            (options.returns_new && !options.is_silent, "returnNew"),
            (options.returns_old && !options.is_silent, "returnOld"),
            (options.is_silent, "silent"),
            (options.refills_index_caches, "refillIndexCaches"),
        ] {
            if is_set {
                builder = builder.query(name, "true");
            }
        }
        if options.checks_body_revision {
            builder = builder.query("ignoreRevs", "false");
        }
        if let Some(attribute) = &options.version_attribute {
            builder = builder.query("versionAttribute", attribute);
        }
        if let Some(revision) = &options.revision {
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
            operation_id: self.options().operation_id.clone(),
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
        resolution::map(conclusion, |evidence| {
            W::found(document.as_deref()?, evidence, self.options().returns_new)
        })
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
            removes_nulls: self.options().removes_nulls,
            is_evidence: !self.options().is_computed,
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
            .field("revision", &self.options().revision)
            .field("operation_id", &self.options().operation_id)
            .field("version_attribute", &self.options().version_attribute)
            .finish_non_exhaustive()
    }
}
