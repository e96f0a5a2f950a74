//! Removing an index.

use arango_protocol::{
    ApiResponse, BuildError, ErrorNumber, Metadata, Operation, OutputError, Permission, RequestBuilder,
    RequestClass, RequestProperties, Scope,
};
use bytes::Bytes;
use http::{Request, StatusCode};
use serde::Deserialize;

use super::id::IndexId;
use crate::drop_status::DropStatus;
use crate::expected_error::accept_error;

/// The error number of an index that does not exist.
const INDEX_NOT_FOUND: ErrorNumber = ErrorNumber(1212);

/// Removes an index.
///
/// An index that is not there is no error: an earlier copy of the same request may have removed it. By its number it can be
/// removed again after any failure. By its name it is not, since another index may have got the name meanwhile.
///
/// # Errors
///
/// 403 with error 11 for the indexes that each collection has; 404 with error 1203 if the collection does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropIndex {
    id: IndexId,
}

impl DropIndex {
    /// Removes the index with this id.
    #[must_use]
    pub fn new(id: &IndexId) -> Self {
        Self { id: id.clone() }
    }
}

impl Operation for DropIndex {
    type Output = DropStatus;

    const METADATA: Metadata = Metadata::delete("index.drop", "/_api/index/{id}")
        .scope(Scope::Database)
        .permission(Permission::Write)
        .accept_statuses(&[404]);

    /// Under its number it is the same index at any time. Another one may get the name of one that was removed.
    #[inline]
    fn properties(&self) -> RequestProperties {
        let class = if self.id.is_number() { RequestClass::Fenced } else { RequestClass::NonIdempotent };
        RequestProperties::of(&Self::METADATA).class(class)
    }

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_segments("id", self.id.as_str()).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<DropStatus, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            #[serde(rename = "id")]
            _id: IndexId,
        }
        if response.status() == StatusCode::NOT_FOUND {
            return accept_error(&response, INDEX_NOT_FOUND).map(|()| DropStatus::NotFound);
        }
        response.json::<Body>().map(|_| DropStatus::Dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, response};

    #[test]
    fn an_index_is_removed_again_by_its_number_and_not_by_its_name() {
        for (id, class) in [
            ("books/7", RequestClass::Fenced),
            ("books/by_year", RequestClass::NonIdempotent),
            ("books/7th", RequestClass::NonIdempotent),
        ] {
            assert_eq!(DropIndex::new(&IndexId::new(id).unwrap()).properties().class, class, "{id}");
        }
    }

    #[test]
    fn a_missing_index_is_no_error_and_a_missing_collection_is_one() {
        let operation = DropIndex::new(&IndexId::new("books/7").unwrap());
        assert_request(&operation, "DELETE", "/_api/index/books/7");
        let output = |status, body: &str| operation.output(response(status, body));
        assert_eq!(output(200, r#"{"id":"books/7","error":false,"code":200}"#).unwrap(), DropStatus::Dropped);
        let missing = r#"{"error":true,"code":404,"errorNum":1212,"errorMessage":"index not found"}"#;
        assert_eq!(output(404, missing).unwrap(), DropStatus::NotFound);
        assert!(output(404, &missing.replace("1212", "1203")).is_err());
    }
}
