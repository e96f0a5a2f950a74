//! The collection `books`, and documents that are put into it and counted.

use arango::protocol::{
    ApiResponse, BuildError, CreatedResource, DecodeError, Metadata, Operation, RequestBuilder, RequestClass,
};
use bytes::Bytes;
use http::{HeaderValue, Request};

/// Puts a document into `books`, marked so that the cluster's journal can count its executions.
///
/// What it really is to the server, its class is what the caller promises.
#[derive(Debug, Clone)]
pub(crate) struct Insert {
    pub(crate) marker: String,
    pub(crate) class: RequestClass,
    /// Bytes that the body is larger by.
    pub(crate) padding: usize,
}

impl Operation for Insert {
    type Output = ();
    const METADATA: Metadata = Metadata::post("books.insert", "/_api/document/books");

    fn class(&self) -> RequestClass {
        self.class
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let body = serde_json::json!({ "title": self.marker, "padding": " ".repeat(self.padding) });
        marked(RequestBuilder::new(Self::METADATA).json(&body), &self.marker)
    }

    fn output(&self, answer: ApiResponse) -> Result<(), DecodeError> {
        #[derive(serde::Deserialize)]
        struct Inserted {
            #[serde(rename = "_key")]
            _key: String,
        }
        answer.json::<Inserted>().map(drop)
    }
}

/// CreatedResource a collection.
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

    fn output(&self, answer: ApiResponse) -> Result<(), DecodeError> {
        answer.acknowledged()
    }
}

/// A request that the journal can tell from others.
pub(crate) fn marked(draft: RequestBuilder, marker: &str) -> Result<Request<Bytes>, BuildError> {
    let mut request = draft.build()?;
    let marker = HeaderValue::from_str(marker).expect("markers are letters and digits");
    request.headers_mut().insert("x-sim-marker", marker);
    Ok(request)
}
