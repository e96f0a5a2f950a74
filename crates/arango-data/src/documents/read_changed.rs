//! Reading one document unless the caller has it already.

use arango_protocol::{ApiResponse, BuildError, Metadata, Operation, OutputError, Scope};
use bytes::Bytes;
use http::header::IF_NONE_MATCH;
use http::{Request, StatusCode};
use serde::de::DeserializeOwned;

use super::read::{ReadDocument, document_not_found, stored_document};
use crate::names::Revision;

/// Reads a document unless it has a known revision.
///
/// Created by [`ReadDocument::unless_revision`].
///
/// # Errors
///
/// As [`ReadDocument`].
#[derive(Debug)]
pub struct ReadChangedDocument<T> {
    read: ReadDocument<T>,
    revision: Revision,
}

/// What a conditional read found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangedDocument<T> {
    /// The document has the known revision.
    Unchanged,
    /// The document has another revision.
    Found(T),
    /// There is no document with this key.
    Missing,
}

impl<T> ReadChangedDocument<T> {
    pub(super) fn new(read: ReadDocument<T>, revision: &Revision) -> Self {
        Self { read, revision: revision.clone() }
    }
}

impl<T: DeserializeOwned> Operation for ReadChangedDocument<T> {
    type Output = ChangedDocument<T>;

    const METADATA: Metadata = Metadata::get("document.read_changed", "/_api/document/{collection}/{key}")
        .scope(Scope::Database)
        .accept_statuses(&[304, 404]);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.read.builder(Self::METADATA).header(IF_NONE_MATCH, &self.revision.to_etag()).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<ChangedDocument<T>, OutputError> {
        match response.status() {
            StatusCode::NOT_MODIFIED => response.empty().map(|()| ChangedDocument::Unchanged),
            StatusCode::NOT_FOUND => document_not_found(&response).map(|()| ChangedDocument::Missing),
            _ => stored_document(&response).map(ChangedDocument::Found),
        }
    }
}

impl<T> Clone for ReadChangedDocument<T> {
    fn clone(&self) -> Self {
        Self { read: self.read.clone(), revision: self.revision.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{key, name, response};
    use serde_json::Value;

    #[test]
    fn a_known_revision_is_not_sent_again() {
        let revision: Revision = "_a".parse().unwrap();
        let read = ReadDocument::<Value>::new(&name("books"), &key("dune")).unless_revision(&revision);
        assert_eq!(read.request().unwrap().headers()[IF_NONE_MATCH], "\"_a\"");
        assert_eq!(read.output(response(304, "")).unwrap(), ChangedDocument::Unchanged);
        let missing = r#"{"error":true,"code":404,"errorNum":1202,"errorMessage":"document not found"}"#;
        assert_eq!(read.output(response(404, missing)).unwrap(), ChangedDocument::Missing);
        let body = r#"{"_key":"dune","_id":"books/dune","_rev":"_b","title":"Dune"}"#;
        assert!(
            matches!(read.output(response(200, body)).unwrap(), ChangedDocument::Found(book) if book["_rev"] == "_b")
        );
        assert!(read.output(response(404, &missing.replace("1202", "1203"))).is_err());
    }
}
