//! Whether a document exists.

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, ErrorKind, ErrorObject, Failure, Metadata, Operation, OutputError,
    Resolve, Scope,
};
use bytes::Bytes;
use http::Request;
use http::header::ETAG;
use serde_json::value::RawValue;

use super::path::to_document;
use super::read::ReadDocument;
use super::resolution::StoredDocument;
use crate::names::{CollectionName, Key, Revision};

/// Returns the revision of a document, without reading it.
///
/// A response to `HEAD` has no body. So a 404 does not tell a missing document from a missing collection, nor from the
/// 404 of a proxy: [`Resolve`] confirms it with a [`ReadDocument`]. Only then is the output `None`.
#[derive(Debug, Clone)]
pub struct DocumentExists {
    collection: CollectionName,
    key: Key,
}

impl DocumentExists {
    /// Looks for the document with this key.
    #[must_use]
    pub fn new(collection: &CollectionName, key: &Key) -> Self {
        Self { collection: collection.clone(), key: key.clone() }
    }

    /// Returns the read that confirms that there is no document.
    #[must_use]
    pub fn read(&self) -> ReadDocument<Box<RawValue>> {
        ReadDocument::new(&self.collection, &self.key)
    }
}

impl Operation for DocumentExists {
    type Output = Option<Revision>;

    const METADATA: Metadata =
        Metadata::head("document.exists", "/_api/document/{collection}/{key}").scope(Scope::Database);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        to_document(Self::METADATA, &self.collection, Some(&self.key)).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Option<Revision>, OutputError> {
        response.empty()?;
        let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok());
        match etag.and_then(Revision::from_etag) {
            Some(revision) => Ok(Some(revision)),
            None => Err(response.invalid("no revision in the header `Etag`")),
        }
    }
}

impl Resolve for DocumentExists {
    type Question = ReadDocument<Box<RawValue>>;

    #[inline]
    fn question(&self, failure: &Failure) -> Option<Self::Question> {
        (failure.kind == ErrorKind::NotFound).then(|| self.read())
    }

    #[inline]
    fn conclusion(
        &self,
        _: &Failure,
        answer: Result<Option<Box<RawValue>>, &ErrorObject>,
    ) -> Conclusion<Option<Revision>> {
        match answer {
            Ok(None) => Conclusion::Executed(None),
            Ok(Some(document)) => match StoredDocument(&document).revision() {
                Some(revision) => Conclusion::Executed(Some(revision)),
                None => Conclusion::CannotTell,
            },
            Err(_) => Conclusion::CannotTell,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, key, name, response};
    use arango_protocol::Outcome;
    use http::{HeaderMap, HeaderValue, StatusCode};

    fn dune() -> DocumentExists {
        DocumentExists::new(&name("books"), &key("dune"))
    }

    #[test]
    fn only_a_revision_proves_that_a_document_exists() {
        assert_request(&dune(), "HEAD", "/_api/document/books/dune");
        let headers = HeaderMap::from_iter([(ETAG, HeaderValue::from_static("\"_a\""))]);
        let found = ApiResponse::new(StatusCode::OK, headers, Bytes::new());
        assert_eq!(dune().output(found).unwrap().unwrap(), "_a");
        assert!(dune().output(response(200, "")).is_err());
    }

    #[test]
    fn a_404_is_confirmed_by_reading_the_document() {
        let not_found = Failure::new(ErrorKind::NotFound, Outcome::Unknown, None);
        assert_request(&dune().question(&not_found).unwrap(), "GET", "/_api/document/books/dune");
        assert_eq!(dune().conclusion(&not_found, Ok(None)), Conclusion::Executed(None));
        let object = ErrorObject::parse(br#"{"error":true,"errorNum":1203,"code":404}"#).unwrap();
        assert_eq!(dune().conclusion(&not_found, Err(&object)), Conclusion::CannotTell);
        let other = Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None);
        assert!(dune().question(&other).is_none());
    }
}
