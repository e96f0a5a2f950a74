//! Helpers of this crate's tests.

use arango_protocol::{ApiResponse, BuildError, Operation};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;

/// Returns method, path with query, and body of an operation's request.
pub(crate) fn request_parts(operation: &impl Operation) -> Result<(String, String, String), BuildError> {
    let request = operation.request()?;
    let body = std::str::from_utf8(request.body()).unwrap().to_owned();
    Ok((request.method().to_string(), request.uri().to_string(), body))
}

/// Decodes a successful response with `operation`. The output of every operation can be written as JSON.
pub(crate) fn read<O: Operation<Output: Serialize>>(operation: &O, body: &str) -> O::Output {
    let output = read_secret(operation, body);
    serde_json::to_string(&output).unwrap();
    output
}

/// Decodes a successful response whose output contains a secret, so that it is not serialised.
pub(crate) fn read_secret<O: Operation>(operation: &O, body: &str) -> O::Output {
    operation.output(response(200, body)).unwrap()
}

/// Returns a complete response.
pub(crate) fn response(status: u16, body: &str) -> ApiResponse {
    ApiResponse::new(StatusCode::from_u16(status).unwrap(), HeaderMap::new(), body.to_owned().into())
}

/// Returns a complete response whose head names ArangoDB.
pub(crate) fn arangodb_response(status: u16, body: &str) -> ApiResponse {
    let headers = [(header::SERVER, HeaderValue::from_static("ArangoDB"))];
    let status = StatusCode::from_u16(status).unwrap();
    ApiResponse::new(status, HeaderMap::from_iter(headers), body.to_owned().into())
}

/// Asserts the request of an operation without a body.
#[track_caller]
pub(crate) fn assert_request(operation: &impl Operation, method: &str, uri: &str) {
    assert_request_with_body(operation, method, uri, "");
}

/// Asserts the request of an operation.
#[track_caller]
pub(crate) fn assert_request_with_body(operation: &impl Operation, method: &str, uri: &str, body: &str) {
    assert_eq!(request_parts(operation).unwrap(), (method.to_owned(), uri.to_owned(), body.to_owned()));
}

/// Asserts that no request is built, and the error.
#[track_caller]
pub(crate) fn assert_rejected(operation: &impl Operation, reason: &str) {
    assert_eq!(request_parts(operation).unwrap_err().to_string(), reason);
}
