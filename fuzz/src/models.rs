//! An answer to whatever was asked, read by every operation.

use arango::cluster::{Visitor, every_operation};
use arango::protocol::{ApiResponse, Operation};
use http::{HeaderMap, StatusCode};

pub(crate) fn models(input: &[u8]) {
    for status in [StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE] {
        every_operation(&mut Reading(ApiResponse::new(status, HeaderMap::new(), input.to_vec().into())));
    }
}

struct Reading(ApiResponse);

impl Visitor for Reading {
    fn visit<O: Operation>(&mut self, operation: O) {
        if let Err(error) = operation.output(self.0.clone()) {
            assert!(error.body().len() <= 1024, "{}: {error}", O::METADATA.name);
            assert_eq!(error.status(), self.0.status());
        }
    }
}
