//! JSON as a server reads and writes it.

use arango_test_aql::Value;
use serde::de::DeserializeOwned;

use super::reply::ApiError;

/// The nesting from which on a server refuses JSON.
const MAX_DEPTH: usize = 200;

/// Parses JSON. Below 200 levels any nesting is accepted.
pub(crate) fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, ApiError> {
    let invalid = |error: String| ApiError::new(400, 600, format!("VPackError error: {error}"));
    if depth(json) >= MAX_DEPTH {
        return Err(invalid("Too deep nesting in Array/Object".to_owned()));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    deserializer.disable_recursion_limit();
    let value = T::deserialize(&mut deserializer).map_err(|error| invalid(error.to_string()))?;
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
        assert!(parse::<Value>(&nested(199)).is_ok());
        assert_eq!(parse::<Value>(&nested(200)).unwrap_err().error_num, 600);
        assert!(parse::<Value>(br#""\"[[[[""#).is_ok());
    }

    #[test]
    fn surplus_bytes_are_refused() {
        assert_eq!(parse::<Value>(b"{} {}").unwrap_err().status, 400);
    }
}
