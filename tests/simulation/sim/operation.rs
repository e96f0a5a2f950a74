//! What clients ask for: requests that the cluster's journal can tell apart.

use std::time::Duration;

use arango::protocol::{Answer, BuildError, DecodeError, Draft, Facts, Operation, RequestClass};
use bytes::Bytes;
use http::{HeaderValue, Request};

/// How long a patient request lets the server block.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Puts a document into `books`, whatever its class says.
#[derive(Debug, Clone)]
pub(crate) struct Insert {
    pub(crate) marker: String,
    pub(crate) class: RequestClass,
    /// Bytes that the body is larger by.
    pub(crate) padding: usize,
}

impl Operation for Insert {
    type Output = ();
    const FACTS: Facts = Facts::post("books.insert", "/_api/document/books");

    fn class(&self) -> RequestClass {
        self.class
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let body = serde_json::json!({ "title": self.marker, "padding": " ".repeat(self.padding) });
        marked(Draft::new(Self::FACTS).json(&body), &self.marker)
    }

    fn output(&self, answer: Answer) -> Result<(), DecodeError> {
        answer.ignore()
    }
}

/// The same, said to take its time on the server.
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
        answer.ignore()
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
        answer.ignore()
    }
}

/// Makes the collection that everything is put into.
pub(crate) struct CreateBooks;

impl Operation for CreateBooks {
    type Output = ();
    const FACTS: Facts = Facts::post("collection.create", "/_api/collection");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        Draft::new(Self::FACTS).json(&serde_json::json!({ "name": "books" })).finish()
    }

    fn output(&self, answer: Answer) -> Result<(), DecodeError> {
        answer.ignore()
    }
}

fn marked(draft: Draft, marker: &str) -> Result<Request<Bytes>, BuildError> {
    let mut request = draft.finish()?;
    let marker = HeaderValue::from_str(marker).expect("markers are letters and digits");
    request.headers_mut().insert("x-sim-marker", marker);
    Ok(request)
}
