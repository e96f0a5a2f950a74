//! Custom operations, as a program would add them.

use arango::protocol::{
    ApiResponse, BuildError, ErrorObject, Metadata, Operation, OutputError, Permission, RequestBuilder,
    RequestClass, RequestProperties, Scope,
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, StatusCode};
use serde::Deserialize;
use serde_json::json;

/// The request header by which a test cluster counts executions.
const MARKER: HeaderName = HeaderName::from_static("x-sim-marker");

/// Creates the collection `tour_books`, or accepts an existing one.
pub(crate) struct CreateBooks;

impl Operation for CreateBooks {
    type Output = ();
    const METADATA: Metadata = Metadata::post("books.create", "/_api/collection")
        .scope(Scope::Database)
        .permission(Permission::Admin)
        .accept_statuses(&[409]);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).json(&json!({ "name": "tour_books" })).build()
    }

    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        let is_there = response.status() == StatusCode::CONFLICT;
        if is_there && ErrorObject::parse(response.bytes()).is_some() {
            Ok(())
        } else {
            response.acknowledged()
        }
    }
}

/// Inserts one book into the collection.
///
/// Not idempotent: the server assigns a new key to each execution, so a repeated request inserts a second book.
pub(crate) struct InsertBook {
    /// The marker of the request in the cluster's journal.
    pub(crate) marker: String,
}

impl Operation for InsertBook {
    type Output = ();
    const METADATA: Metadata =
        Metadata::post("books.insert", "/_api/document/tour_books").scope(Scope::Database);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let mut request =
            RequestBuilder::new(Self::METADATA).json(&json!({ "title": self.marker })).build()?;
        let marker = HeaderValue::from_str(&self.marker).map_err(|_| BuildError::Field {
            field: "marker",
            reason: "contains characters that are not allowed in a header",
        })?;
        request.headers_mut().insert(MARKER, marker);
        Ok(request)
    }

    fn properties(&self) -> RequestProperties {
        RequestProperties::of(&Self::METADATA).class(RequestClass::NonIdempotent)
    }

    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        // A field that only a stored document has.
        #[derive(Deserialize)]
        struct Inserted {
            #[serde(rename = "_key")]
            _key: String,
        }
        response.json::<Inserted>().map(drop)
    }
}
