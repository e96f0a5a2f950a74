//! Adding a member to the JSON of an object, and removing one.

use std::ops::Range;

use bytes::Bytes;

use crate::names::Key;

/// Returns the object with one member more, a text, as its first.
pub(super) fn with_first_member(json: &[u8], name: &str, text: &str) -> Bytes {
    let mut member = Vec::with_capacity(name.len() + text.len() + 5);
    push_quoted(&mut member, name);
    member.push(b':');
    push_quoted(&mut member, text);
    with_first(json, &[&member])
}

/// Returns the object with a `_key` as its first member.
pub(super) fn with_key(json: &[u8], key: &Key) -> Bytes {
    // No key contains a character that JSON escapes.
    with_first(json, &[b"\"_key\":\"", key.as_str().as_bytes(), b"\""])
}

/// Returns the object with one member more as its first, which consists of these parts.
fn with_first(json: &[u8], member: &[&[u8]]) -> Bytes {
    let open = json.iter().position(|byte| *byte == b'{').map_or(0, |at| at + 1);
    let rest = json[open..].trim_ascii_start();
    let comma: &[u8] = if rest.starts_with(b"}") { b"" } else { b"," };
    // With a brace and perhaps a comma, so that the buffer is not larger than what it holds.
    let member_length: usize = member.iter().map(|part| part.len()).sum();
    let mut with = Vec::with_capacity(1 + member_length + comma.len() + rest.len());
    with.push(b'{');
    for part in member.iter().chain([&comma, &rest]) {
        with.extend_from_slice(part);
    }
    with.into()
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
