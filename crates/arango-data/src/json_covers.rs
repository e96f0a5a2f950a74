//! Whether a JSON value of the server has all that was set.

use serde_json::{Map, Value};

/// Returns whether a value of the server has all that was set. The server adds defaults.
pub(crate) fn covers(actual: &Value, expected: &Value) -> bool {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => covers_object(actual, expected),
        // A field may be reported by its name.
        (Value::String(_), Value::Object(field)) => field.len() == 1 && field.get("name") == Some(actual),
        (Value::Object(_), Value::String(_)) => actual.get("name") == Some(expected),
        (Value::Array(actual), Value::Array(expected)) => {
            actual.len() == expected.len()
                && actual.iter().zip(expected).all(|(actual, expected)| covers(actual, expected))
        }
        (Value::Number(actual), Value::Number(expected)) => actual.as_f64() == expected.as_f64(),
        _ => actual == expected,
    }
}

fn covers_object(actual: &Map<String, Value>, expected: &Map<String, Value>) -> bool {
    expected.iter().all(|(name, expected)| match (actual.get(name), name.as_str()) {
        (Some(actual), _) => covers(actual, expected),
        // Some versions report the direction of a sort so.
        (None, "direction") => actual.get("asc").is_some_and(|asc| *asc == Value::Bool(expected == "asc")),
        (None, _) => false,
    })
}
