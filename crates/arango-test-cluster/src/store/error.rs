//! Why a document was not read or written.

use arango_test_aql::QueryError;

use super::sequence::Revision;
use crate::http::reply::ApiError;

/// The error of one operation on a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DocumentError {
    pub(crate) number: u32,
    pub(crate) message: String,
    /// The current revision, if it is not the expected one.
    pub(crate) current: Option<Revision>,
}

impl DocumentError {
    pub(crate) fn new(number: u32, message: impl Into<String>) -> Self {
        Self { number, message: message.into(), current: None }
    }

    pub(crate) fn not_found() -> Self {
        Self::new(1202, "document not found")
    }

    /// The document has another revision than the expected one.
    pub(crate) fn revision_mismatch(current: Revision) -> Self {
        Self { current: Some(current), ..Self::new(1200, "conflict, _rev values do not match") }
    }

    /// Another operation in progress writes, or has just written, the same document.
    pub(crate) fn write_conflict() -> Self {
        Self::new(1200, "write-write conflict")
    }

    /// The transaction has not declared this access to the collection.
    pub(crate) fn not_declared(collection: &str, access: &str) -> Self {
        Self::new(1652, format!("unregistered collection used in transaction: {collection} [{access}]"))
    }

    /// The caller has no access to the collection.
    pub(crate) fn forbidden(collection: &str, access: &str) -> Self {
        Self::new(11, format!("forbidden: {collection} [{access}]"))
    }

    /// The caller may only read the collection, or the cluster is read-only.
    pub(crate) fn read_only(collection: &str) -> Self {
        Self::new(1004, format!("read only: {collection} [write]"))
    }

    /// The leader of the document's shard does not respond.
    pub(crate) fn no_backend() -> Self {
        let ApiError { error_num, message, .. } = ApiError::no_backend();
        Self::new(error_num, message)
    }

    pub(crate) fn not_unique(index: &str, kind: &str, fields: &str, key: &str) -> Self {
        Self::new(
            1210,
            format!(
                "unique constraint violated - in index {index} of type {kind} over '{fields}'; conflicting key: {key}"
            ),
        )
    }
}

impl From<DocumentError> for QueryError {
    fn from(error: DocumentError) -> Self {
        Self::new(error.number, error.message)
    }
}

impl From<DocumentError> for ApiError {
    fn from(error: DocumentError) -> Self {
        Self::of_number(error.number, error.message)
    }
}
