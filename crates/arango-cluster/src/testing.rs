//! What the tests of this crate say often.

use arango_protocol::{ApiResponse, BuildError, Operation};
use http::{HeaderMap, StatusCode};

/// Method, path with query, and body of what `operation` would send.
pub(crate) fn sent(operation: &impl Operation) -> Result<(String, String, String), BuildError> {
    let request = operation.request()?;
    let body = std::str::from_utf8(request.body()).unwrap().to_owned();
    Ok((request.method().to_string(), request.uri().to_string(), body))
}

/// What `operation` reads from a successful answer.
pub(crate) fn read<O: Operation>(operation: &O, body: &str) -> O::Output {
    operation.output(response(200, body)).unwrap()
}

/// A whole answer.
pub(crate) fn response(status: u16, body: &str) -> ApiResponse {
    ApiResponse::new(StatusCode::from_u16(status).unwrap(), HeaderMap::new(), body.to_owned().into())
}

/// Asserts what an operation without a body sends.
#[track_caller]
pub(crate) fn assert_asks(operation: &impl Operation, method: &str, uri: &str) {
    assert_sends(operation, method, uri, "");
}

/// Asserts what an operation sends.
#[track_caller]
pub(crate) fn assert_sends(operation: &impl Operation, method: &str, uri: &str, body: &str) {
    assert_eq!(sent(operation).unwrap(), (method.to_owned(), uri.to_owned(), body.to_owned()));
}

/// Asserts that nothing is sent, and why.
#[track_caller]
pub(crate) fn assert_refuses(operation: &impl Operation, reason: &str) {
    assert_eq!(sent(operation).unwrap_err().to_string(), reason);
}
