//! Reading several documents, each with its own error.

use arango_protocol::{
    ApiResponse, BuildError, ErrorNumber, ErrorObject, Metadata, Operation, OutputError, Scope,
};
use bytes::Bytes;
use http::Request;
use serde_json::value::RawValue;

use super::read::has_revision;
use super::read_many::ReadDocuments;
use crate::names::{CollectionName, Key};

/// One document that was read: `None` if it does not exist, or the server's error number.
pub type DocumentResult = Result<Option<Box<RawValue>>, ErrorNumber>;

/// Reads several documents of a collection, with the error of each that could not be read.
///
/// A shard that does not respond fails its documents, and not those of the others. Unlike
/// [`ReadDocuments`](crate::ReadDocuments), which fails if one of them fails.
///
/// # Errors
///
/// 404 with error 1203 if the collection does not exist.
#[derive(Debug, Clone)]
pub struct ReadEachDocument(ReadDocuments<Box<RawValue>>);

impl ReadEachDocument {
    /// Reads the documents with these keys.
    #[must_use]
    pub fn new(collection: &CollectionName, keys: impl IntoIterator<Item = Key>) -> Self {
        Self(ReadDocuments::new(collection, keys))
    }

    /// Returns a read of the documents that could not be read.
    #[must_use]
    pub fn of_unread<T>(&self, answers: &[Result<T, ErrorNumber>]) -> Self {
        let unread = self.keys().iter().zip(answers).filter(|(_, answer)| answer.is_err());
        Self::new(self.0.collection(), unread.map(|(key, _)| key.clone()))
    }

    /// Returns the keys.
    pub fn keys(&self) -> &[Key] {
        self.0.keys()
    }
}

impl Operation for ReadEachDocument {
    /// In the order of the keys.
    type Output = Vec<DocumentResult>;

    const METADATA: Metadata =
        Metadata::put("document.read_each", "/_api/document/{collection}").safe().scope(Scope::Database);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.0.request()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Self::Output, OutputError> {
        let elements: Vec<Box<RawValue>> = response.json()?;
        if elements.len() != self.keys().len() {
            let (found, asked) = (elements.len(), self.keys().len());
            return Err(response.invalid(format_args!("{found} documents where {asked} were asked for")));
        }
        let read = |element: Box<RawValue>| {
            // Only documents have a revision.
            if has_revision(element.get().as_bytes()) {
                return Ok(Ok(Some(element)));
            }
            match ErrorObject::parse(element.get().as_bytes()) {
                Some(object) if object.number == ErrorNumber::DOCUMENT_NOT_FOUND => Ok(Ok(None)),
                Some(object) => Ok(Err(object.number)),
                None => Err(response.invalid("an element is neither a document nor an error")),
            }
        };
        elements.into_iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request_with_body, key, name, read, response};

    #[test]
    fn each_document_has_its_own_error() {
        let each = ReadEachDocument::new(&name("books"), [key("a"), key("b"), key("c")]);
        assert_request_with_body(&each, "PUT", "/_api/document/books?onlyget=true", r#"["a","b","c"]"#);
        let body = r#"[{"_key":"a","_id":"books/a","_rev":"_a"},{"error":true,"errorNum":1478},
            {"error":true,"errorNum":1202,"errorMessage":"document not found"}]"#;
        let found = read(&each, body);
        assert!(found[0].as_ref().unwrap().is_some());
        assert_eq!(found[1].as_ref().unwrap_err(), &ErrorNumber(1478));
        assert!(found[2].as_ref().unwrap().is_none());
        for body in ["[]", "[1,2,3]", "{}", "<html>"] {
            assert!(each.output(response(200, body)).is_err(), "{body}");
        }
    }
}
