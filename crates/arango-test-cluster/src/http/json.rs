//! JSON as a server reads and writes it.

use std::marker::PhantomData;

use arango_test_aql::{UniqueAttributes, Value};
use serde::de::DeserializeSeed;
use serde_json::Value as Json;

use super::reply::ApiError;

/// The nesting from which on a server refuses JSON.
const MAX_DEPTH: usize = 200;

/// Parses JSON. Below 200 levels any nesting is accepted. The attributes of an object must differ.
pub(crate) fn parse(json: &[u8]) -> Result<Json, ApiError> {
    // A value of AQL cannot become JSON again: its 1.0 would be 1.
    parse_value(json).and_then(|_| parse_with(PhantomData::<Json>, json))
}

/// Parses JSON as [`parse`] does, as a value of AQL.
pub(crate) fn parse_value(json: &[u8]) -> Result<Value, ApiError> {
    parse_with(UniqueAttributes, json)
}

fn parse_with<'de, S: DeserializeSeed<'de>>(seed: S, json: &'de [u8]) -> Result<S::Value, ApiError> {
    let invalid = |error: String| ApiError::new(400, 600, format!("VPackError error: {error}"));
    if depth(json) >= MAX_DEPTH {
        return Err(invalid("Too deep nesting in Array/Object".to_owned()));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    deserializer.disable_recursion_limit();
    let value = seed.deserialize(&mut deserializer).map_err(|error| invalid(error.to_string()))?;
    deserializer.end().map_err(|error| invalid(error.to_string()))?;
    Ok(value)
}

/// Writes a value as a server does: everything beyond ASCII is escaped.
pub(crate) fn from_value(value: &Value) -> Vec<u8> {
    let mut json = Vec::new();
    value.write_json(&mut json);
    escape(json)
}

/// Escapes everything beyond ASCII. In JSON that occurs within strings only.
pub(crate) fn escape(json: Vec<u8>) -> Vec<u8> {
    if json.is_ascii() {
        return json;
    }
    let mut escaped = Vec::with_capacity(json.len() * 2);
    let mut units = [0; 2];
    for character in String::from_utf8_lossy(&json).chars() {
        match u8::try_from(character) {
            Ok(byte) if byte.is_ascii() => escaped.push(byte),
            _ => {
                for unit in character.encode_utf16(&mut units) {
                    escaped.extend_from_slice(format!("\\u{unit:04X}").as_bytes());
                }
            }
        }
    }
    escaped
}

/// Returns the deepest nesting of arrays and objects.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut is_escaped) = (0_usize, 0, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> Vec<u8> {
        format!("{}{}", "[".repeat(levels), "]".repeat(levels)).into_bytes()
    }

    #[test]
    fn json_is_accepted_below_200_levels() {
        assert!(parse(&nested(199)).is_ok() && parse_value(&nested(199)).is_ok());
        assert_eq!(parse(&nested(200)).unwrap_err().error_num, 600);
        assert_eq!(parse_value(&nested(200)).unwrap_err().error_num, 600);
        assert!(parse(br#""\"[[[[""#).is_ok());
    }

    #[test]
    fn an_object_has_each_attribute_once_at_any_depth() {
        let many: Vec<_> = (0..40).map(|number| format!(r#""a{number}":{number}"#)).collect();
        let many = many.join(",");
        for valid in [r#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#, "{}", &format!("{{{many}}}")] {
            assert!(parse(valid.as_bytes()).is_ok() && parse_value(valid.as_bytes()).is_ok(), "{valid}");
        }
        for invalid in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"[{"b":{"x":1,"y":2,"x":3}}]"#,
            &format!(r#"{{{many},"a3":0}}"#),
            &format!(r#"{{{many},"b":0,"b":0}}"#),
        ] {
            let refused =
                [parse(invalid.as_bytes()).unwrap_err(), parse_value(invalid.as_bytes()).unwrap_err()];
            for refused in refused {
                assert_eq!((refused.status, refused.error_num), (400, 600), "{invalid}");
            }
        }
    }

    #[test]
    fn surplus_bytes_are_refused() {
        assert_eq!(parse(b"{} {}").unwrap_err().status, 400);
    }
}
