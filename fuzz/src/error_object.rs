//! Bodies of error responses, from a server or from a proxy before it.

use arango::protocol::ErrorObject;
use serde_json::Value;

pub(crate) fn error_object(input: &[u8]) {
    let Some(object) = ErrorObject::parse(input) else { return };
    assert!(object.to_string().contains(&object.number.0.to_string()));
    // Whether an error object is ArangoDB's decides whether a request is retried. serde also accepts an array as the
    // fields in order, and does not validate strings that are ignored.
    if let Ok(value) = serde_json::from_slice::<Value>(input) {
        assert_eq!(value.get("errorNum"), Some(&object.number.0.into()), "{value}");
    }
    assert!(input.trim_ascii_start().starts_with(b"{"));
}
