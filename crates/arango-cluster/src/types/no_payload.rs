//! Successes without a payload.

use arango_protocol::{ApiResponse, OutputError, names_arangodb};
use serde_json::{Map, Value};

/// Accepts the JSON string `"OK"`, and nothing else.
#[inline]
pub(crate) fn expect_ok(response: &ApiResponse) -> Result<(), OutputError> {
    match response.json::<String>()?.as_str() {
        "OK" => Ok(()),
        _ => Err(response.invalid("a string other than \"OK\"")),
    }
}

/// Accepts `{}`, or an envelope without an error.
#[inline]
pub(crate) fn expect_empty(response: &ApiResponse) -> Result<(), OutputError> {
    response.acknowledged().or_else(|unlike| match response.json::<Map<String, Value>>() {
        Ok(object) if object.is_empty() => Ok(()),
        _ => Err(unlike),
    })
}

/// Accepts an empty body if the head names ArangoDB, and what [`expect_empty`] accepts.
#[inline]
pub(crate) fn expect_no_body(response: &ApiResponse) -> Result<(), OutputError> {
    if is_empty_of_arangodb(response) { Ok(()) } else { expect_empty(response) }
}

/// Returns whether the body is empty and the head names ArangoDB: a proxy may send an empty body, too.
#[inline]
pub(crate) fn is_empty_of_arangodb(response: &ApiResponse) -> bool {
    response.bytes().is_empty() && names_arangodb(response.headers())
}
