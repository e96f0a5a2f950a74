//! Adding a member to the JSON of an object, and removing one.

use std::ops::Range;

use crate::names::Key;

/// Returns the object with one member more, a text, as its first.
pub(super) fn with_first_member(json: Vec<u8>, name: &str, text: &str) -> Vec<u8> {
    with_first(json, |json| {
        push_quoted(json, name);
        json.push(b':');
        push_quoted(json, text);
    })
}

/// Returns the object with a `_key` as its first member.
pub(super) fn with_key(json: Vec<u8>, key: &Key) -> Vec<u8> {
    with_first(json, |json| {
        json.extend_from_slice(b"\"_key\":\"");
        // It contains no character that JSON escapes.
        json.extend_from_slice(key.as_str().as_bytes());
        json.push(b'"');
    })
}

/// Inserts the member that `push` appends before the others. They are moved within the memory of the object.
fn with_first(mut json: Vec<u8>, push: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let open = json.iter().position(|byte| *byte == b'{').map_or(0, |at| at + 1);
    let is_only = json[open..].trim_ascii_start().starts_with(b"}");
    let end = json.len();
    push(&mut json);
    if !is_only {
        json.push(b',');
    }
    let added = json.len() - end;
    json[open..].rotate_right(added);
    json
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
