//! Adding a member to the JSON of an object, and removing one.

use std::ops::Range;

use bytes::Bytes;

use crate::names::Key;

/// Returns the object with one member more, a text, as its first.
pub(super) fn with_first_member(json: &[u8], name: &str, text: &str) -> Bytes {
    let rest = after_brace(json);
    // Both texts are quoted, and there are a brace, a colon and a comma more.
    let mut with = Vec::with_capacity(rest.len() + name.len() + text.len() + 7);
    with.push(b'{');
    push_quoted(&mut with, name);
    with.push(b':');
    push_quoted(&mut with, text);
    push_members(&mut with, rest);
    with.into()
}

/// Returns the object with a `_key` as its first member.
pub(super) fn with_key(json: &[u8], key: &Key) -> Bytes {
    const BEFORE_KEY: &[u8] = br#"{"_key":""#;
    let rest = after_brace(json);
    let mut with = Vec::with_capacity(BEFORE_KEY.len() + key.as_str().len() + 2 + rest.len());
    with.extend_from_slice(BEFORE_KEY);
    // It contains no character that JSON escapes.
    with.extend_from_slice(key.as_str().as_bytes());
    with.push(b'"');
    push_members(&mut with, rest);
    with.into()
}

/// Returns what stands after the opening brace of an object.
fn after_brace(json: &[u8]) -> &[u8] {
    let open = json.iter().position(|byte| *byte == b'{').map_or(0, |at| at + 1);
    json[open..].trim_ascii_start()
}

/// Appends the other members of an object after its first one.
fn push_members(json: &mut Vec<u8>, rest: &[u8]) {
    if !rest.starts_with(b"}") {
        json.push(b',');
    }
    json.extend_from_slice(rest);
}

fn push_quoted(json: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(json, text).expect("a vector takes all bytes");
}

/// Returns the object without the member at `span`, and without one of the commas beside it.
pub(crate) fn without_member(mut json: Vec<u8>, span: Range<usize>) -> Vec<u8> {
    let comma_before = json[..span.start].iter().rposition(|byte| !byte.is_ascii_whitespace());
    let comma_after = json[span.end..].iter().position(|byte| !byte.is_ascii_whitespace());
    let start = match comma_before {
        Some(at) if json[at] == b',' => at,
        _ => span.start,
    };
    let end = match comma_after {
        Some(at) if json[span.end + at] == b',' && start == span.start => span.end + at + 1,
        _ => span.end,
    };
    json.drain(start..end);
    json
}
