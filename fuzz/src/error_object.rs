//! The body of a refusal, from a server or from whoever stands before it.

use arango::protocol::ErrorObject;
use serde_json::Value;

pub(crate) fn error_object(input: &[u8]) {
    let Some(object) = ErrorObject::parse(input) else { return };
    assert!(object.to_string().contains(&object.number.0.to_string()));
    // What is believed to be ArangoDB's word decides whether a request is sent again. serde also reads an array as the
    // fields in turn, and does not look into strings that nobody wants.
    if let Ok(read) = serde_json::from_slice::<Value>(input) {
        assert_eq!(read.get("errorNum"), Some(&object.number.0.into()), "{read}");
    }
    assert!(input.trim_ascii_start().starts_with(b"{"));
}
