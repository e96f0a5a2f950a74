//! Helpers of this crate's tests.

use arango_protocol::{ApiResponse, BuildError, Operation};
use http::{HeaderMap, StatusCode};

use crate::names::{CollectionName, Key};

/// Returns method, path with query, and body of an operation's request.
pub(crate) fn request_parts(operation: &impl Operation) -> Result<(String, String, String), BuildError> {
    let request = operation.request()?;
    let body = std::str::from_utf8(request.body()).unwrap().to_owned();
    Ok((request.method().to_string(), request.uri().to_string(), body))
}

/// Decodes a successful response with `operation`.
pub(crate) fn read<O: Operation>(operation: &O, body: &str) -> O::Output {
    operation.output(response(200, body)).unwrap()
}

/// Asserts that a value is written under the server's names, and that what is written is read as the same value.
#[track_caller]
pub(crate) fn assert_written<T>(value: &T, expected: &[(&str, serde_json::Value)])
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let written = serde_json::to_value(value).unwrap();
    for (pointer, expected) in expected {
        assert_eq!(written.pointer(pointer), Some(expected), "{pointer} of {written}");
    }
    assert_eq!(serde_json::from_value::<T>(written).unwrap(), *value);
}

/// Returns a complete response.
pub(crate) fn response(status: u16, body: &str) -> ApiResponse {
    ApiResponse::new(StatusCode::from_u16(status).unwrap(), HeaderMap::new(), body.to_owned().into())
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

/// Returns the name of a collection.
pub(crate) fn name(name: &str) -> CollectionName {
    CollectionName::new(name).unwrap()
}

/// Returns a key that was not generated.
pub(crate) fn key(key: &str) -> Key {
    Key::new(key).unwrap()
}
