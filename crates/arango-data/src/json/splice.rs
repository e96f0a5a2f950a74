//! Adding a member to the JSON of an object, and removing one.

use std::ops::Range;

use crate::names::Key;

/// Returns the object with one member more, a text, as its first. The others are moved within its memory.
pub(super) fn with_first_member(mut json: Vec<u8>, name: &str, text: &str) -> Vec<u8> {
    let open = json.iter().position(|byte| *byte == b'{').map_or(0, |at| at + 1);
    let is_only = json[open..].trim_ascii_start().starts_with(b"}");
    let end = json.len();
    push_quoted(&mut json, name);
    json.push(b':');
    push_quoted(&mut json, text);
    if !is_only {
        json.push(b',');
    }
    let added = json.len() - end;
    json[open..].rotate_right(added);
    json
}

/// Adds a key to the object that begins at `start`, as its last member: nothing else has to be moved.
pub(crate) fn append_key(json: &mut Vec<u8>, start: usize, key: &Key) {
    json.truncate(start + json[start..].trim_ascii_end().len() - 1);
    let is_empty = json[start..].trim_ascii() == b"{";
    // No character of a key is escaped in JSON.
    json.extend_from_slice(if is_empty { b"\"_key\":\"" } else { b",\"_key\":\"" });
    json.extend_from_slice(key.as_str().as_bytes());
    json.extend_from_slice(b"\"}");
}

/// Returns an object without the key that [`append_key`] has added.
pub(crate) fn without_appended_key(json: &[u8], key: &Key) -> Vec<u8> {
    let member = format!("\"_key\":\"{key}\"}}");
    let Some(rest) = json.strip_suffix(member.as_bytes()) else { return json.to_vec() };
    [rest.strip_suffix(b",").unwrap_or(rest), b"}"].concat()
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
