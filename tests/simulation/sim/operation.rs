//! What clients ask for: requests that the cluster's journal can tell apart.

use std::time::Duration;

use arango::protocol::{Answer, BuildError, DecodeError, Draft, Facts, Operation, RequestClass};
use bytes::Bytes;
use http::Request;

use super::books::{Insert, marked};

/// How long a patient request lets the server block.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// An insert that is said to take its time on the server.
#[derive(Debug, Clone)]
pub(crate) struct PatientInsert(pub(crate) Insert);

impl Operation for PatientInsert {
    type Output = ();
    const FACTS: Facts = Facts::post("books.insert_patiently", "/_api/document/books").patience(PATIENCE);

    fn class(&self) -> RequestClass {
        self.0.class
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.0.request()
    }

    fn output(&self, answer: Answer) -> Result<(), DecodeError> {
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
    const FACTS: Facts = Facts::get("ask", "/_api/version");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        marked(Draft::new(Self::FACTS), &self.marker)
    }

    fn output(&self, answer: Answer) -> Result<(), DecodeError> {
        arango::cluster::GetVersion::default().output(answer).map(drop)
    }
}
