//! The vertices at which traversals begin.

use std::sync::Arc;

use crate::error::{QueryError, number};
use crate::execute::{Row, Run};
use crate::syntax::tree::Expression;
use crate::value::Value;

/// Returns the identifier that a text or the `_id` of an object is.
pub(super) fn id(start: &Value) -> Option<Arc<str>> {
    let attribute = start.as_object().map(|_| start.attribute("_id"));
    match attribute.as_ref().unwrap_or(start) {
        Value::String(id) if is_id(id) => Some(id.clone()),
        _ => None,
    }
}

/// Whether a text names a collection and a key.
fn is_id(text: &str) -> bool {
    text.split_once('/')
        .is_some_and(|(collection, key)| !collection.is_empty() && !key.is_empty() && !key.contains('/'))
}

/// Checks a start that is constant: where a value from a row has a warning, a server refuses the query.
///
/// # Errors
/// If it is neither a text nor an array or object (1501). Of an object, the `_id` counts.
pub(super) fn check_constant(run: &mut Run<'_>, start: &Expression) -> Result<(), QueryError> {
    if !start.is_constant {
        return Ok(());
    }
    let start = run.evaluate(start, &mut Row::new(0))?;
    let id = start.as_object().and_then(|start| start.get("_id"));
    match id.unwrap_or(&start) {
        Value::String(_) | Value::Array(_) | Value::Object(_) => Ok(()),
        _ => {
            let message = "invalid start vertex. Must either be an _id string or an object with _id.";
            Err(QueryError::new(number::PARSE, message))
        }
    }
}
