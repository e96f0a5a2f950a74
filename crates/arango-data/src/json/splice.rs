//! Adding a member to the JSON of an object, and removing one.

use std::ops::Range;

use bytes::Bytes;

/// Returns the object with one member more, a text, as its first.
pub(super) fn with_first_member(json: &[u8], name: &str, text: &str) -> Bytes {
    let open = json.iter().position(|byte| *byte == b'{').map_or(0, |at| at + 1);
    let rest = json[open..].trim_ascii_start();
    // Both texts are quoted, and there are a brace, a colon and a comma more.
    let mut with = Vec::with_capacity(rest.len() + name.len() + text.len() + 7);
    with.push(b'{');
    push_quoted(&mut with, name);
    with.push(b':');
    push_quoted(&mut with, text);
    if !rest.starts_with(b"}") {
        with.push(b',');
    }
    with.extend_from_slice(rest);
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
