//! Removing one document.

use std::fmt;
use std::marker::PhantomData;

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, DatabaseName, ErrorObject, Failure, Metadata, Operation,
    OutputError, Permission, RequestClass, RequestProperties, Resolve, Scope,
};
use bytes::Bytes;
use http::header::IF_MATCH;
use http::{Request, StatusCode};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use super::evidence::Evidence;
use super::path::to_document;
use super::read::{ReadDocument, document_not_found};
use super::resolution::{self, Effect, Expectation, StoredDocument};
use super::ticket::DocumentTicket;
use super::write::REFILL_INDEX_CACHES;
use crate::expected_error::server_error;
use crate::names::{CollectionName, DocumentId, Key, Revision};

/// Removes a document.
///
/// A document that is not there is no error: it may have been removed by an earlier copy of the same request. Under a
/// key that others use again, a removal is not repeated if its response was lost, since a late copy could remove their
/// document: set [`if_revision`](Self::if_revision).
///
/// # Errors
///
/// 404 with error 1203 if the collection does not exist; 412 with error 1200 if the document has another revision.
#[expect(clippy::struct_excessive_bools, reason = "the options are independent")]
pub struct RemoveDocument<Old = ()> {
    collection: CollectionName,
    key: Key,
    revision: Option<Revision>,
    waits_for_sync: bool,
    returns_old: bool,
    refills_index_caches: bool,
    must_exist: bool,
    output: PhantomData<fn() -> Old>,
}

/// The result of a removal: the document is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Removed<Old = ()> {
    /// The revision of the removed document.
    ///
    /// `None` if there was none, or if the response was lost, see [`evidence`](Self::evidence).
    pub revision: Option<Revision>,
    /// The removed document, if it was asked for.
    pub old: Option<Old>,
    /// How it was found out that the document is not there.
    ///
    /// `None` if the server said so.
    pub evidence: Option<Evidence>,
}

impl RemoveDocument {
    /// Removes the document with this key.
    #[must_use]
    pub fn new(collection: &CollectionName, key: &Key) -> Self {
        Self {
            collection: collection.clone(),
            key: key.clone(),
            revision: None,
            waits_for_sync: false,
            returns_old: false,
            refills_index_caches: false,
            must_exist: false,
            output: PhantomData,
        }
    }
}

impl<Old> RemoveDocument<Old> {
    /// Removes the document only if it has this revision.
    ///
    /// Otherwise it fails with 412 and error 1200.
    #[must_use]
    pub fn if_revision(mut self, revision: &Revision) -> Self {
        self.revision = Some(revision.clone());
        self
    }

    /// Fails with 404 and error 1202 if the document does not exist.
    #[must_use]
    pub fn must_exist(mut self) -> Self {
        self.must_exist = true;
        self
    }

    /// Waits until the removal is on disk.
    ///
    /// Otherwise the collection decides.
    #[must_use]
    pub fn wait_for_sync(mut self) -> Self {
        self.waits_for_sync = true;
        self
    }

    /// Updates the entries of the document in the caches of indexes.
    ///
    /// Since 3.10.2.
    #[must_use]
    pub fn refill_index_caches(mut self) -> Self {
        self.refills_index_caches = true;
        self
    }

    /// Returns the removed document, too.
    #[must_use]
    pub fn return_old<T>(self) -> RemoveDocument<T> {
        RemoveDocument {
            collection: self.collection,
            key: self.key,
            revision: self.revision,
            waits_for_sync: self.waits_for_sync,
            returns_old: true,
            refills_index_caches: self.refills_index_caches,
            must_exist: self.must_exist,
            output: PhantomData,
        }
    }

    /// Returns what finds out later whether the document was removed.
    ///
    /// `unix_millis` is the time of the removal.
    pub fn ticket(&self, unix_millis: u64) -> DocumentTicket {
        DocumentTicket::new(&self.collection, &self.key, self.expectation(), unix_millis)
    }

    fn expectation(&self) -> Expectation {
        Expectation {
            effect: Effect::Remove,
            is_key_generated: self.key.is_generated(),
            revision: self.revision.clone(),
            operation_id: None,
            version: None,
        }
    }
}

impl<Old: DeserializeOwned> Operation for RemoveDocument<Old> {
    type Output = Removed<Old>;

    const METADATA: Metadata = Metadata::delete("document.remove", "/_api/document/{collection}/{key}")
        .scope(Scope::Database)
        .permission(Permission::Write)
        .accept_statuses(&[404]);

    #[inline]
    fn properties(&self) -> RequestProperties {
        let is_fenced = self.key.is_generated() || self.revision.is_some();
        let class = if is_fenced { RequestClass::Fenced } else { RequestClass::NonIdempotent };
        let properties = RequestProperties::of(&Self::METADATA).class(class);
        if self.refills_index_caches { properties.requires(&REFILL_INDEX_CACHES) } else { properties }
    }

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let mut builder = to_document(Self::METADATA, &self.collection, Some(&self.key));
        for (is_set, name) in [
            (self.waits_for_sync, "waitForSync"),
            (self.returns_old, "returnOld"),
            (self.refills_index_caches, "refillIndexCaches"),
        ] {
            if is_set {
                builder = builder.query(name, "true");
            }
        }
        if let Some(revision) = &self.revision {
            builder = builder.header(IF_MATCH, &revision.to_etag());
        }
        builder.build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Removed<Old>, OutputError> {
        #[derive(Deserialize)]
        #[serde(bound(deserialize = "Old: DeserializeOwned"))]
        struct Body<Old> {
            // Other services have documents with `_rev`, too.
            #[serde(rename = "_id")]
            _id: DocumentId,
            #[serde(rename = "_key")]
            _key: Key,
            #[serde(rename = "_rev")]
            revision: Revision,
            #[serde(default = "Option::default")]
            old: Option<Old>,
        }
        if response.status() == StatusCode::NOT_FOUND {
            document_not_found(&response)?;
            if self.must_exist {
                return Err(server_error(&response));
            }
            return Ok(Removed { revision: None, old: None, evidence: None });
        }
        let body: Body<Old> = response.json().map_err(|error: OutputError| {
            let is_removed = response.json::<Body<IgnoredAny>>().is_ok();
            error.with_success_shape(is_removed)
        })?;
        Ok(Removed { revision: Some(body.revision), old: body.old, evidence: None })
    }
}

impl<Old: DeserializeOwned> Resolve for RemoveDocument<Old> {
    type Question = ReadDocument<Box<RawValue>>;

    #[inline]
    fn question(&self, failure: &Failure) -> Option<Self::Question> {
        self.expectation().is_askable(failure).then(|| ReadDocument::new(&self.collection, &self.key))
    }

    #[inline]
    fn conclusion(
        &self,
        failure: &Failure,
        answer: Result<Option<Box<RawValue>>, &ErrorObject>,
    ) -> Conclusion<Removed<Old>> {
        let Ok(document) = answer else { return Conclusion::CannotTell };
        let stored = document.as_deref().map(StoredDocument);
        resolution::map(self.expectation().conclude(failure, None, stored), |evidence| {
            Some(Removed { revision: None, old: None, evidence: Some(evidence) })
        })
    }

    #[inline]
    fn ticket_text(&self, database: &DatabaseName, unix_millis: u64) -> Option<String> {
        Some(self.ticket(unix_millis).in_database(database).to_string())
    }
}

impl<Old> Clone for RemoveDocument<Old> {
    fn clone(&self) -> Self {
        Self {
            collection: self.collection.clone(),
            key: self.key.clone(),
            revision: self.revision.clone(),
            ..*self
        }
    }
}

impl<Old> fmt::Debug for RemoveDocument<Old> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoveDocument")
            .field("collection", &self.collection)
            .field("key", &self.key)
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, key, name, read, response};
    use serde_json::{Value, json};

    const NOT_FOUND: &str =
        r#"{"error":true,"code":404,"errorNum":1202,"errorMessage":"document not found"}"#;

    fn remove() -> RemoveDocument {
        RemoveDocument::new(&name("books"), &key("dune"))
    }

    #[test]
    fn a_removed_document_is_returned_on_request() {
        assert_request(&remove(), "DELETE", "/_api/document/books/dune");
        let full = remove().wait_for_sync().return_old::<Value>();
        assert_request(&full, "DELETE", "/_api/document/books/dune?waitForSync=true&returnOld=true");
        let body = r#"{"_id":"books/dune","_key":"dune","_rev":"_a","old":{"a":1}}"#;
        let removed = read(&full, body);
        assert_eq!((removed.revision.unwrap().as_str(), removed.old), ("_a", Some(json!({ "a": 1 }))));
    }

    #[test]
    fn only_a_body_with_id_key_and_revision_shows_that_a_document_was_removed() {
        let remove = remove().return_old::<u8>();
        let read = |body: &str| remove.output(response(200, body)).unwrap_err();
        assert!(read(r#"{"_id":"books/dune","_key":"dune","_rev":"_a","old":"x"}"#).proves_execution());
        for body in [
            r#"{"_rev":"1-a","old":"x"}"#,
            r#"{"_rev":"1-a","old":1}"#,
            r#"{"_id":"dune","_rev":"1-a","old":"x"}"#,
            r#"{"_id":"books/dune","_rev":"1-a","old":"x"}"#,
            r#"{"_key":"dune","_rev":"1-a","old":"x"}"#,
        ] {
            assert!(!read(body).proves_execution(), "{body}");
        }
    }

    #[test]
    fn a_document_that_is_not_there_is_an_error_only_on_request() {
        assert_eq!(remove().output(response(404, NOT_FOUND)).unwrap().revision, None);
        assert!(remove().must_exist().output(response(404, NOT_FOUND)).is_err());
        let no_collection = NOT_FOUND.replace("1202", "1203");
        assert!(remove().output(response(404, &no_collection)).is_err());
    }

    #[test]
    fn only_removals_that_a_late_copy_cannot_repeat_are_fenced() {
        let class = |remove: RemoveDocument| remove.properties().class;
        assert_eq!(class(remove()), RequestClass::NonIdempotent);
        let conditional = remove().if_revision(&"_a".parse().unwrap());
        assert_eq!(conditional.request().unwrap().headers()[IF_MATCH], "\"_a\"");
        assert_eq!(class(conditional), RequestClass::Fenced);
        let generated = Key::generate(0, [0; 10]);
        assert_eq!(class(RemoveDocument::new(&name("books"), &generated)), RequestClass::Fenced);
        // The same text, but a key that others may use again.
        let parsed = key(generated.as_str());
        assert_eq!(class(RemoveDocument::new(&name("books"), &parsed)), RequestClass::NonIdempotent);
    }
}
