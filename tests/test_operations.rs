//! Operations of tests: creating the collection `books` and inserting documents into it.

use arango::protocol::{
    ApiResponse, BuildError, CreatedResource, Metadata, Operation, OutputError, RequestBuilder, RequestClass,
    RequestProperties,
};
use bytes::Bytes;
use http::{HeaderName, Request};

/// Inserts a document with a marker into `books`. The cluster's journal counts executions by the marker.
///
/// The request class is the one declared by the caller, independent of the effect on the server.
#[derive(Debug, Clone)]
pub(crate) struct Insert {
    pub(crate) marker: String,
    pub(crate) class: RequestClass,
    /// Number of bytes added to the body.
    pub(crate) padding: usize,
}

impl Operation for Insert {
    type Output = ();
    const METADATA: Metadata = Metadata::post("books.insert", "/_api/document/books");

    fn properties(&self) -> RequestProperties {
        RequestProperties::of(&Self::METADATA).class(self.class)
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let body = serde_json::json!({ "title": self.marker, "padding": " ".repeat(self.padding) });
        marked(RequestBuilder::new(Self::METADATA).json(&body), &self.marker)
    }

    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        #[derive(serde::Deserialize)]
        struct Inserted {
            #[serde(rename = "_key")]
            _key: String,
        }
        response.json::<Inserted>().map(drop)
    }
}

/// Creates a collection.
pub(crate) struct CreateCollection(pub(crate) &'static str);

impl Operation for CreateCollection {
    type Output = ();
    const METADATA: Metadata = Metadata::post("collection.create", "/_api/collection");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA)
            .json(&serde_json::json!({ "name": self.0 }))
            .creates(CreatedResource::collection(self.0))
            .build()
    }

    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        response.acknowledged()
    }
}

/// Builds a request with a marker that identifies it in the journal.
pub(crate) fn marked(builder: RequestBuilder, marker: &str) -> Result<Request<Bytes>, BuildError> {
    builder.header(HeaderName::from_static("x-sim-marker"), marker).build()
}
