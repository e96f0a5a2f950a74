//! Operations that the client does not have: this is how a program adds its own.

use arango::protocol::{
    ApiResponse, BuildError, DecodeError, ErrorObject, Metadata, Operation, Permission, RequestBuilder,
    RequestClass, Scope,
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, StatusCode};
use serde::Deserialize;
use serde_json::json;

/// The request header by which a cluster made for tests counts executions.
const MARKER: HeaderName = HeaderName::from_static("x-sim-marker");

/// Makes the collection `tour_books`. That there is one already is as good.
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

    fn output(&self, answer: ApiResponse) -> Result<(), DecodeError> {
        let is_there = answer.status() == StatusCode::CONFLICT;
        if is_there && ErrorObject::parse(answer.bytes()).is_some() { Ok(()) } else { answer.acknowledged() }
    }
}

/// Puts one book into the collection.
///
/// Not idempotent: the server gives each copy a key of its own, so a second copy is a second book.
pub(crate) struct InsertBook {
    /// What the cluster's journal knows the request by.
    pub(crate) marker: String,
}

impl Operation for InsertBook {
    type Output = ();
    const METADATA: Metadata =
        Metadata::post("books.insert", "/_api/document/tour_books").scope(Scope::Database);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let mut request =
            RequestBuilder::new(Self::METADATA).json(&json!({ "title": self.marker })).build()?;
        let marker = HeaderValue::from_str(&self.marker)
            .map_err(|_| BuildError::Field { field: "marker", reason: "holds what no header may" })?;
        request.headers_mut().insert(MARKER, marker);
        Ok(request)
    }

    fn class(&self) -> RequestClass {
        RequestClass::NonIdempotent
    }

    fn output(&self, answer: ApiResponse) -> Result<(), DecodeError> {
        // What only a document that was stored has.
        #[derive(Deserialize)]
        struct Inserted {
            #[serde(rename = "_key")]
            _key: String,
        }
        answer.json::<Inserted>().map(drop)
    }
}
