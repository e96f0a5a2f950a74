//! Successes without a payload that are neither empty nor an envelope.

use arango_protocol::{Answer, DecodeError};
use serde_json::{Map, Value};

/// Accepts the JSON string `"OK"`, and nothing else.
pub(crate) fn ok(answer: &Answer) -> Result<(), DecodeError> {
    match answer.json::<String>()?.as_str() {
        "OK" => Ok(()),
        _ => Err(answer.unreadable("a string other than \"OK\"")),
    }
}

/// Accepts `{}`, or an envelope that says that there was no error: not documented is which of the two it is.
pub(crate) fn nothing(answer: &Answer) -> Result<(), DecodeError> {
    answer.acknowledged().or_else(|unlike| match answer.json::<Map<String, Value>>() {
        Ok(object) if object.is_empty() => Ok(()),
        _ => Err(unlike),
    })
}
