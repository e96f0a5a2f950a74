//! Reading one document.

use std::fmt;
use std::marker::PhantomData;

use arango_protocol::{
    ApiResponse, BuildError, ErrorNumber, Metadata, Operation, OutputError, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::header::{HeaderName, IF_MATCH};
use http::{Request, StatusCode};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::path::to_document;
use super::read_changed::ReadChangedDocument;
use super::read_existing::ReadExistingDocument;
use crate::expected_error::accept_error;
use crate::json::{Document, has_plain_member, take_text};
use crate::names::{CollectionName, Key, Revision};

/// Allows a coordinator to read from a follower.
pub(crate) const ALLOW_DIRTY_READ: HeaderName = HeaderName::from_static("x-arango-allow-dirty-read");

/// Reads a document; `None` if there is none with this key.
///
/// `T` is the document itself, or [`Document<T>`](crate::Document) to get its key, id and revision, too.
///
/// # Errors
///
/// 404 with error 1203 if the collection does not exist.
pub struct ReadDocument<T> {
    pub(super) collection: CollectionName,
    pub(super) key: Key,
    revision: Option<Revision>,
    pub(super) allows_dirty_read: bool,
    output: PhantomData<fn() -> T>,
}

impl<T> ReadDocument<T> {
    /// Reads the document with this key.
    #[must_use]
    pub fn new(collection: &CollectionName, key: &Key) -> Self {
        Self {
            collection: collection.clone(),
            key: key.clone(),
            revision: None,
            allows_dirty_read: false,
            output: PhantomData,
        }
    }

    /// Fails with 412 and error 1200 if the document has another revision.
    #[must_use]
    pub fn if_revision(mut self, revision: &Revision) -> Self {
        self.revision = Some(revision.clone());
        self
    }

    /// Reads the document only if it has another revision.
    #[must_use]
    pub fn unless_revision(self, revision: &Revision) -> ReadChangedDocument<T> {
        ReadChangedDocument::new(self, revision)
    }

    /// Fails with 404 and error 1202 if the document does not exist.
    #[must_use]
    pub fn must_exist(self) -> ReadExistingDocument<T> {
        ReadExistingDocument::new(self)
    }

    /// Allows a coordinator to read from a follower.
    ///
    /// Its document may be older.
    #[must_use]
    pub fn allow_dirty_read(mut self) -> Self {
        self.allows_dirty_read = true;
        self
    }

    pub(super) fn builder(&self, metadata: Metadata) -> RequestBuilder {
        let mut builder = to_document(metadata, &self.collection, Some(&self.key));
        if let Some(revision) = &self.revision {
            builder = builder.header(IF_MATCH, &revision.to_etag());
        }
        if self.allows_dirty_read {
            builder = builder.header(ALLOW_DIRTY_READ, "true");
        }
        builder
    }
}

impl<T: DeserializeOwned> Operation for ReadDocument<T> {
    type Output = Option<T>;

    const METADATA: Metadata = Metadata::get("document.read", "/_api/document/{collection}/{key}")
        .scope(Scope::Database)
        .accept_statuses(&[404]);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.builder(Self::METADATA).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Option<T>, OutputError> {
        if response.status() == StatusCode::NOT_FOUND {
            return document_not_found(&response).map(|()| None);
        }
        stored_document(&response).map(Some)
    }
}

/// Accepts the response that the document does not exist, and no other 404.
pub(super) fn document_not_found(response: &ApiResponse) -> Result<(), OutputError> {
    accept_error(response, ErrorNumber::DOCUMENT_NOT_FOUND)
}

/// Returns whether a body is a document: the server writes `_rev` into each, and no other service does.
pub(super) fn has_revision(json: &[u8]) -> bool {
    begins_with_system_attributes(json) || has_plain_member(json, "_rev")
}

/// Returns whether a document begins with its key, id and revision, as servers write it. No member is skipped for that.
fn begins_with_system_attributes(mut json: &[u8]) -> bool {
    let names = take_text(&mut json, br#"{"_key":""#).and_then(|_| take_text(&mut json, br#"","_id":""#));
    names.is_some() && json.starts_with(br#"","_rev":"#)
}

/// Decodes a body that is a document of the user, whatever attributes it has.
pub(super) fn stored_document<T: DeserializeOwned>(response: &ApiResponse) -> Result<T, OutputError> {
    let document = if has_revision(response.bytes()) {
        // Not as a response, which may be an error object: a document may have attributes that look like those of one.
        response.json_part(0..response.bytes().len(), String::new)
    } else {
        response.json().and_then(|_: T| Err(response.invalid("not a document: it has no `_rev`")))
    };
    document.map_err(|error| {
        let is_stored = serde_json::from_slice::<Document<IgnoredAny>>(response.bytes()).is_ok();
        error.with_success_shape(is_stored)
    })
}

impl<T> Clone for ReadDocument<T> {
    fn clone(&self) -> Self {
        Self {
            collection: self.collection.clone(),
            key: self.key.clone(),
            revision: self.revision.clone(),
            ..*self
        }
    }
}

impl<T> fmt::Debug for ReadDocument<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadDocument")
            .field("collection", &self.collection)
            .field("key", &self.key)
            .field("revision", &self.revision)
            .field("allows_dirty_read", &self.allows_dirty_read)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, key, name, read, response};
    use serde_json::{Value, json};

    fn dune<T>() -> ReadDocument<T> {
        ReadDocument::new(&name("books"), &key("dune"))
    }

    #[test]
    fn a_key_is_one_segment_of_the_path() {
        assert_request(&dune::<Value>(), "GET", "/_api/document/books/dune");
        let odd = ReadDocument::<Value>::new(&name("books"), &key("a%b+c"));
        assert_request(&odd, "GET", "/_api/document/books/a%25b%2Bc");
    }

    #[test]
    fn conditions_are_headers() {
        let request =
            dune::<Value>().if_revision(&"_a".parse().unwrap()).allow_dirty_read().request().unwrap();
        assert_eq!(request.headers()[IF_MATCH], "\"_a\"");
        assert_eq!(request.headers()[ALLOW_DIRTY_READ], "true");
        assert!(dune::<Value>().request().unwrap().headers().is_empty());
    }

    #[test]
    fn a_missing_document_is_none_and_a_missing_collection_is_an_error() {
        let refused = |number: u32| {
            let body = json!({ "error": true, "code": 404, "errorNum": number, "errorMessage": "no" });
            dune::<Value>().output(response(404, &body.to_string()))
        };
        assert_eq!(refused(1202).unwrap(), None);
        let error = refused(1203).unwrap_err();
        assert_eq!(error.error_object().unwrap().number, ErrorNumber::DATA_SOURCE_NOT_FOUND);
        assert!(dune::<Value>().output(response(404, "<html>")).is_err());
    }

    #[test]
    fn a_document_is_read_with_and_without_its_revision() {
        let body = r#"{"_key":"dune","_id":"books/dune","_rev":"_a","title":"Dune"}"#;
        assert_eq!(read(&dune::<Value>(), body).unwrap()["title"], "Dune");
        let document = read(&dune::<Document<Value>>(), body).unwrap();
        assert_eq!((document.revision.as_str(), document.data), ("_a", json!({ "title": "Dune" })));
    }

    #[test]
    fn a_document_may_look_like_an_error_object() {
        let body = r#"{"_key":"k","_id":"logs/k","_rev":"_a","error":true,"code":404,"errorNum":1202}"#;
        assert_eq!(read(&dune::<Value>(), body).unwrap()["errorNum"], 1202);
        let relayed = r#"{"error":true,"code":404,"errorNum":1202,"errorMessage":"document not found"}"#;
        assert!(dune::<Value>().output(response(200, relayed)).is_err());
    }

    #[test]
    fn a_document_of_another_type_proves_that_it_was_read() {
        let read = |body: &str| ReadDocument::<u8>::output(&dune(), response(200, body)).unwrap_err();
        assert!(read(r#"{"_key":"k","_id":"logs/k","_rev":"_a","title":"Dune"}"#).proves_execution());
        for body in [r#"{"_id":"k","_rev":"1-a","title":"Dune"}"#, r#"{"status":"ok"}"#, "[]", "<html>"] {
            assert!(!read(body).proves_execution(), "{body}");
        }
    }

    #[test]
    fn json_of_another_service_is_no_document() {
        assert!(dune::<Value>().output(response(200, r#"{"status":"ok"}"#)).is_err());
    }
}
