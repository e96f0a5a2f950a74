//! Names of databases, collections and views.
//!
//! Up to 3.11 only some characters of ASCII are allowed. From 3.12 on nearly all characters are, by default.

use super::Call;
use crate::http::reply::ApiError;

/// Limits of the length of a name, in bytes.
struct Lengths {
    traditional: usize,
    extended: usize,
}

const DATABASE: Lengths = Lengths { traditional: 64, extended: 128 };
const COLLECTION: Lengths = Lengths { traditional: 256, extended: 256 };

/// Checks the name of a new collection or view. That of a system collection may begin with an underscore.
pub(super) fn check_collection(call: &mut Call<'_>, name: &str, is_system: bool) -> Result<(), ApiError> {
    if is_valid(name, &COLLECTION, call.version.at_least(3, 12, 0), is_system) {
        return check_form(call, name);
    }
    Err(ApiError::of_number(1208, "illegal name: collection name invalid"))
}

/// Checks the name of a new database.
pub(super) fn check_database(call: &mut Call<'_>, name: &str) -> Result<(), ApiError> {
    let is_extended = call.version.at_least(3, 12, 0);
    if is_valid(name, &DATABASE, is_extended, false) && !(is_extended && name.contains(':')) {
        return check_form(call, name);
    }
    let number = if call.version.at_least(3, 11, 0) { 1208 } else { 1229 };
    Err(ApiError::new(400, number, "illegal name: database name invalid"))
}

fn is_valid(name: &str, lengths: &Lengths, is_extended: bool, is_system: bool) -> bool {
    let begins_with_underscore = name.starts_with('_');
    if begins_with_underscore && !is_system {
        return false;
    }
    if is_extended {
        let has_valid_ends = !name
            .starts_with(|first: char| first.is_ascii_digit() || matches!(first, '.' | ' '))
            && !name.ends_with(' ');
        return (1..=lengths.extended).contains(&name.len())
            && has_valid_ends
            && !name.chars().any(|character| character < ' ' || character == '/');
    }
    (1..=lengths.traditional).contains(&name.len())
        && (begins_with_underscore || name.starts_with(|first: char| first.is_ascii_alphabetic()))
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// Refuses by name what may not be in the normal form C. A server refuses names that are not.
fn check_form(call: &mut Call<'_>, name: &str) -> Result<(), ApiError> {
    if name.chars().all(is_in_normal_form) {
        return Ok(());
    }
    Err(call.not_modelled("attribute", "name with characters whose normal form is not known"))
}

/// Returns whether a character is in the normal form C whatever stands beside it. Of many others that is not known here.
fn is_in_normal_form(character: char) -> bool {
    matches!(
        character,
        // Latin, Greek and Cyrillic without combining marks.
        '\0'..='\u{2ff}'
            | '\u{388}'..='\u{482}'
            | '\u{48a}'..='\u{52f}'
            | '\u{1e00}'..='\u{1eff}'
            // Letters of Hebrew and Arabic.
            | '\u{5d0}'..='\u{5ea}'
            | '\u{620}'..='\u{64a}'
            | '\u{fe70}'..='\u{fefc}'
            // Punctuation and symbols.
            | '\u{2010}'..='\u{2027}'
            | '\u{20a0}'..='\u{20c0}'
            | '\u{212c}'..='\u{2328}'
            | '\u{232b}'..='\u{2adb}'
            | '\u{1f300}'..='\u{1faff}'
            // Kana, Han and Hangul.
            | '\u{3041}'..='\u{3096}'
            | '\u{30a1}'..='\u{30ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}'
    )
}
