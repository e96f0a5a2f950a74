//! Successes without a payload that are neither empty nor an envelope.

use arango_protocol::{ApiResponse, OutputError};
use serde_json::{Map, Value};

/// Accepts the JSON string `"OK"`, and nothing else.
#[inline]
pub(crate) fn expect_ok(response: &ApiResponse) -> Result<(), OutputError> {
    match response.json::<String>()?.as_str() {
        "OK" => Ok(()),
        _ => Err(response.invalid("a string other than \"OK\"")),
    }
}

/// Accepts `{}`, or an envelope without an error: the documentation does not say which of the two is returned.
#[inline]
pub(crate) fn expect_empty(response: &ApiResponse) -> Result<(), OutputError> {
    response.acknowledged().or_else(|unlike| match response.json::<Map<String, Value>>() {
        Ok(object) if object.is_empty() => Ok(()),
        _ => Err(unlike),
    })
}
