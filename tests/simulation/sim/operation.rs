//! Operations for the workload, with markers by which the cluster's journal distinguishes them.

use std::time::Duration;

use arango::protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, RequestProperties,
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
