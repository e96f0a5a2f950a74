//! Response bodies, read by every operation.

use arango::protocol::{ApiResponse, Operation};
use arango::{cluster, data};
use http::{HeaderMap, StatusCode};

pub(crate) fn models(input: &[u8]) {
    for status in [StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE] {
        let mut reader = OutputReader(ApiResponse::new(status, HeaderMap::new(), input.to_vec().into()));
        cluster::for_each_operation(&mut reader);
        data::for_each_operation(&mut reader);
    }
}

struct OutputReader(ApiResponse);

impl OutputReader {
    fn read<O: Operation>(&self, operation: O) {
        if let Err(error) = operation.output(self.0.clone()) {
            assert!(error.body().len() <= 1024, "{}: {error}", O::METADATA.name);
            assert_eq!(error.status(), self.0.status());
        }
    }
}

impl cluster::OperationVisitor for OutputReader {
    fn visit<O: Operation>(&mut self, operation: O) {
        self.read(operation);
    }
}

impl data::OperationVisitor for OutputReader {
    fn visit<O: Operation>(&mut self, operation: O) {
        self.read(operation);
    }
}
