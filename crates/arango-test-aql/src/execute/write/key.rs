//! Keys of documents that are written.

use std::sync::Arc;

use crate::error::QueryError;
use crate::value::Value;

const KEY_MISSING: u32 = 1226;
pub(super) const TYPE_INVALID: u32 = 1227;

/// Returns the key that a string or the `_key` of a document is.
pub(super) fn key_of(value: &Value) -> Result<Arc<str>, QueryError> {
    match value.resolve() {
        Value::String(key) => Ok(key.clone()),
        Value::Object(_) => match value.attribute("_key") {
            Value::String(key) => Ok(key),
            _ => Err(QueryError::new(KEY_MISSING, "Expected _key to be a string attribute in document.")),
        },
        other => {
            let message = format!("Expected object or string, but got {}", other.type_name());
            Err(QueryError::new(TYPE_INVALID, message))
        }
    }
}
