//! Operations for the workload, with markers by which the cluster's journal distinguishes them.

use std::time::Duration;

use arango::protocol::{
    ApiResponse, BuildError, Conclusion, ErrorNumber, ErrorObject, Failure, Metadata, Operation, OutputError,
    RequestBuilder, RequestClass, RequestProperties, Resolve,
};
use bytes::Bytes;
use http::Request;

use super::test_operations::{Insert, marked};

/// The server timeout of [`InsertWithServerTimeout`].
pub(crate) const SERVER_TIMEOUT: Duration = Duration::from_secs(20);

/// An insert with a server timeout.
#[derive(Debug, Clone)]
pub(crate) struct InsertWithServerTimeout(pub(crate) Insert);

impl Operation for InsertWithServerTimeout {
    type Output = ();
    const METADATA: Metadata = Metadata::post("books.insert_with_server_timeout", "/_api/document/books")
        .without_body()
        .server_timeout(SERVER_TIMEOUT);

    fn properties(&self) -> RequestProperties {
        RequestProperties::of(&Self::METADATA).class(self.0.class)
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.0.request()
    }

    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        self.0.output(response)
    }
}

/// Reads the version of any coordinator.
#[derive(Debug, Clone)]
pub(crate) struct ReadVersion {
    pub(crate) marker: String,
}

impl Operation for ReadVersion {
    type Output = ();
    const METADATA: Metadata = Metadata::get("read_version", "/_api/version");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        marked(RequestBuilder::new(Self::METADATA), &self.marker)
    }

    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        arango::cluster::GetVersion::default().output(response).map(drop)
    }
}

/// Inserts a document whose key is the marker, and finds out whether it was inserted.
#[derive(Debug, Clone)]
pub(crate) struct InsertOnce {
    pub(crate) marker: String,
}

impl Operation for InsertOnce {
    type Output = ();
    const METADATA: Metadata = Metadata::post("books.insert_once", "/_api/document/books");

    fn properties(&self) -> RequestProperties {
        RequestProperties::with_class(RequestClass::Fenced)
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let body = serde_json::json!({ "_key": self.marker, "title": self.marker });
        marked(RequestBuilder::new(Self::METADATA).json(&body), &self.marker)
    }

    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        response.json::<Stored>().map(drop)
    }
}

impl Resolve for InsertOnce {
    type Question = ReadDocument;

    fn question(&self, failure: &Failure) -> Option<ReadDocument> {
        let may_be_own = failure.number == Some(ErrorNumber::UNIQUE_CONSTRAINT_VIOLATED);
        (failure.is_response_lost() || may_be_own).then(|| ReadDocument { key: self.marker.clone() })
    }

    fn conclusion(&self, _: &Failure, answer: Result<Stored, &ErrorObject>) -> Conclusion<()> {
        match answer {
            Ok(document) if document.key == self.marker => Conclusion::Executed(()),
            Ok(_) => Conclusion::Superseded,
            Err(refused) if refused.number == ErrorNumber::DOCUMENT_NOT_FOUND => Conclusion::NotSeen,
            Err(_) => Conclusion::CannotTell,
        }
    }
}

/// Reads a document.
#[derive(Debug, Clone)]
pub(crate) struct ReadDocument {
    pub(crate) key: String,
}

impl Operation for ReadDocument {
    type Output = Stored;
    const METADATA: Metadata = Metadata::get("books.read", "/_api/document/books/{key}");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("key", &self.key).build()
    }

    fn output(&self, response: ApiResponse) -> Result<Stored, OutputError> {
        response.json()
    }
}

/// A stored document, as far as it is read.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Stored {
    #[serde(rename = "_key")]
    key: String,
}
