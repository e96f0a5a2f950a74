//! Whether a JSON value of the server is, or has, what was set.

use serde_json::{Map, Number, Value};

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
        (Value::Number(actual), Value::Number(expected)) => is_same_number(actual, expected),
        _ => actual == expected,
    }
}

/// Returns whether two values are equal. A server may report `10.0` as `10`.
pub(crate) fn is_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let same = |(name, one)| other.get(name).is_some_and(|other| is_equal(one, other));
            one.len() == other.len() && one.iter().all(same)
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_equal(one, other))
        }
        (Value::Number(one), Value::Number(other)) => is_same_number(one, other),
        _ => one == other,
    }
}

fn is_same_number(one: &Number, other: &Number) -> bool {
    one == other || ((one.is_f64() || other.is_f64()) && one.as_f64() == other.as_f64())
}

fn covers_object(actual: &Map<String, Value>, expected: &Map<String, Value>) -> bool {
    expected.iter().all(|(name, expected)| match (actual.get(name), name.as_str()) {
        (Some(actual), _) => covers(actual, expected),
        // Some versions report the direction of a sort so.
        (None, "direction") => actual.get("asc").is_some_and(|asc| *asc == Value::Bool(expected == "asc")),
        (None, _) => false,
    })
}
