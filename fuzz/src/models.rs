//! An answer to whatever was asked, read by every operation.

#[allow(clippy::wildcard_imports, reason = "for the list of everything that there is")]
use arango::cluster::*;
use arango::protocol::{Answer, Operation};
use http::{HeaderMap, StatusCode};

use every_operation::{Visit, every_operation};

#[path = "../../crates/arango-cluster/src/every_operation.rs"]
mod every_operation;

pub(crate) fn models(input: &[u8]) {
    for status in [StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE] {
        let answer = Answer::new(status, HeaderMap::new(), input.to_vec().into());
        every_operation(&mut Reading(answer), &"PRMR-1".into());
    }
}

struct Reading(Answer);

impl Visit for Reading {
    fn operation<O: Operation>(&mut self, operation: &O) {
        if let Err(error) = operation.output(self.0.clone()) {
            assert!(error.body().len() <= 1024, "{}: {error}", O::FACTS.name);
            assert_eq!(error.status(), self.0.status());
        }
    }
}

/// Lets every operation form its request for a server of this name.
pub(crate) fn requests(server: &str, look: &mut impl FnMut(&'static str, &http::Uri)) {
    every_operation(&mut Forming(look), &server.into());
}

struct Forming<'a, F>(&'a mut F);

impl<F: FnMut(&'static str, &http::Uri)> Visit for Forming<'_, F> {
    fn operation<O: Operation>(&mut self, operation: &O) {
        if let Ok(request) = operation.request() {
            (self.0)(O::FACTS.path, request.uri());
        }
    }
}
