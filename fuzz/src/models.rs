//! Response bodies, read by every operation.

use arango::cluster::{OperationVisitor, for_each_operation};
use arango::protocol::{ApiResponse, Operation};
use http::{HeaderMap, StatusCode};

pub(crate) fn models(input: &[u8]) {
    for status in [StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE] {
        for_each_operation(&mut OutputReader(ApiResponse::new(
            status,
            HeaderMap::new(),
            input.to_vec().into(),
        )));
    }
}

struct OutputReader(ApiResponse);

impl OperationVisitor for OutputReader {
    fn visit<O: Operation>(&mut self, operation: O) {
        if let Err(error) = operation.output(self.0.clone()) {
            assert!(error.body().len() <= 1024, "{}: {error}", O::METADATA.name);
            assert_eq!(error.status(), self.0.status());
        }
    }
}
