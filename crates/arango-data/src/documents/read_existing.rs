//! Reading one document that must exist.

use arango_protocol::{ApiResponse, BuildError, Metadata, Operation, OutputError, Scope};
use bytes::Bytes;
use http::Request;
use serde::de::DeserializeOwned;

use super::read::{ReadDocument, stored_document};

/// Reads a document that must exist.
///
/// Created by [`ReadDocument::must_exist`].
///
/// # Errors
///
/// 404 with error 1202 if the document does not exist; as [`ReadDocument`].
#[derive(Debug)]
pub struct ReadExistingDocument<T>(ReadDocument<T>);

impl<T> ReadExistingDocument<T> {
    pub(super) fn new(read: ReadDocument<T>) -> Self {
        Self(read)
    }
}

impl<T: DeserializeOwned> Operation for ReadExistingDocument<T> {
    type Output = T;

    const METADATA: Metadata =
        Metadata::get("document.read_existing", "/_api/document/{collection}/{key}").scope(Scope::Database);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.0.builder(Self::METADATA).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<T, OutputError> {
        stored_document(&response)
    }
}

impl<T> Clone for ReadExistingDocument<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, key, name, read};
    use serde_json::Value;

    #[test]
    fn the_document_is_read_even_if_it_looks_like_an_error_object() {
        let existing = ReadDocument::<Value>::new(&name("books"), &key("dune")).must_exist();
        assert_request(&existing, "GET", "/_api/document/books/dune");
        let body = r#"{"_key":"k","_id":"logs/k","_rev":"_a","error":true,"code":404,"errorNum":1202}"#;
        assert_eq!(read(&existing, body)["errorNum"], 1202);
    }
}
