//! What clients ask for: requests that the cluster's journal can tell apart.

use std::time::Duration;

use arango::protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestBuilder, RequestClass,
};
use bytes::Bytes;
use http::Request;

use super::books::{Insert, marked};

/// How long a patient request lets the server block.
pub(crate) const SERVER_TIMEOUT: Duration = Duration::from_secs(20);

/// An insert that is said to take its time on the server.
#[derive(Debug, Clone)]
pub(crate) struct PatientInsert(pub(crate) Insert);

impl Operation for PatientInsert {
    type Output = ();
    const METADATA: Metadata =
        Metadata::post("books.insert_patiently", "/_api/document/books").server_timeout(SERVER_TIMEOUT);

    fn class(&self) -> RequestClass {
        self.0.class
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.0.request()
    }

    fn output(&self, answer: ApiResponse) -> Result<(), DecodeError> {
        self.0.output(answer)
    }
}

/// Reads a version, whose it does not matter.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) marker: String,
}

impl Operation for Ask {
    type Output = ();
    const METADATA: Metadata = Metadata::get("ask", "/_api/version");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        marked(RequestBuilder::new(Self::METADATA), &self.marker)
    }

    fn output(&self, answer: ApiResponse) -> Result<(), DecodeError> {
        arango::cluster::GetVersion::default().output(answer).map(drop)
    }
}
