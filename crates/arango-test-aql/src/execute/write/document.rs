//! Documents that are written.

use super::key::TYPE_INVALID;
use crate::error::QueryError;
use crate::value::Value;

/// The most levels of a document: JSON with more than 127 is not read back.
const MOST_LEVELS: usize = 120;

/// Rejects what is not a document.
///
/// # Errors
/// If the value is not an object (1227) or has too many levels (9).
pub(super) fn check_document(document: &Value) -> Result<(), QueryError> {
    if document.as_object().is_none() {
        return Err(QueryError::new(TYPE_INVALID, "invalid document type"));
    }
    // What was stored has few levels.
    if !matches!(document, Value::Document(_)) && has_more_levels(document, MOST_LEVELS) {
        let construct = format_args!("documents of more than {MOST_LEVELS} levels");
        return Err(QueryError::not_implemented(construct));
    }
    Ok(())
}

/// Whether arrays and objects are within each other more often than this.
fn has_more_levels(value: &Value, most: usize) -> bool {
    let Some(most) = most.checked_sub(1) else {
        return value.as_array().is_some() || value.as_object().is_some();
    };
    match value.resolve() {
        Value::Array(items) => items.iter().any(|item| has_more_levels(item, most)),
        Value::Object(object) => object.iter().any(|(_, value)| has_more_levels(value, most)),
        _ => false,
    }
}
