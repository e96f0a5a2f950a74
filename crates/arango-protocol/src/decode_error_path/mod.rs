//! The path of the value in a JSON text that cannot be decoded.

mod any;

use std::io::Read;

use serde_json::{Error, Result};

use any::Any;

/// Returns the path of the value at which decoding a text has failed, such as `rows[17].title`. `.` is the whole text.
///
/// `decode` is what has failed. The path is found by its errors and by reading parts of the text as [`Any`]: a
/// decoder that tracks the path would be a second decoder for each type, as large as the first.
#[cold]
pub(crate) fn decode_error_path<'a>(
    text: &'a str,
    error: &Error,
    decode: fn(&'a str) -> Result<()>,
) -> String {
    if !error.is_data()
        && let Some((path, _)) = syntax_error(text.as_bytes())
    {
        return path;
    }
    let Some(read) = text_before(text, error) else { return root() };
    if !error.is_data() {
        // JSON in which the parser looked for another value. It had seen the first byte of the one that is there.
        return path_at_end(read.get(..read.len().saturating_sub(1)).unwrap_or(read).trim_ascii_end());
    }
    let is_refused = |part| decode(part).is_err_and(|error| error.is_data());
    let mut read = read.trim_ascii_end();
    // If the last value of an array or object is refused only after it was read, the parser reads the end of the array
    // or object too before it notes the position. Without that end, the value is then refused as well.
    while let Some(shorter) = read.strip_suffix([',', ']', '}']).map(str::trim_ascii_end)
        && is_refused(shorter)
    {
        read = shorter;
    }
    match read.strip_suffix(['[', '{']) {
        // Not the first value in an array or object, but the array or object.
        Some(before) if is_refused(read) => path_at_end(before.trim_ascii_end()),
        // The last value is refused, but not without its end; or the next array or object is, of which nothing was read.
        _ if is_refused(read) && !is_refused(without_end(read)) => path_at_end(read),
        _ if !is_refused(read) && is_refused(with_next(text, read)) => path_at_end(read),
        // The position is that of another text, which a string of this one contains.
        _ => root(),
    }
}

/// Returns the first syntax error in a text, and its path.
pub(crate) fn syntax_error(text: &[u8]) -> Option<(String, Error)> {
    syntax_error_before(text, b"")
}

/// Returns the first syntax error in a text that goes on with `end`, and its path. The text, which may be large, is not copied.
fn syntax_error_before(text: &[u8], end: &[u8]) -> Option<(String, Error)> {
    let mut deserializer = serde_json::Deserializer::from_reader(text.chain(end));
    match serde_path_to_error::deserialize::<_, Any>(&mut deserializer) {
        Ok(_) => deserializer.end().err().map(|error| (root(), error)),
        Err(error) => Some((error.path().to_string(), error.into_inner())),
    }
}

/// Returns the path of the last value of a text that ends with it, or just before it.
fn path_at_end(text: &str) -> String {
    /// What stands for a key that was not read to its end.
    const UNKNOWN_KEY: &str = "?";

    let (start, end) = match text.as_bytes().last() {
        Some(b'0'..=b'9') => (without_end(text), "!"),
        Some(b'"' | b'}' | b']' | b'a'..=b'z') => (without_end(text), ""),
        _ => (text, "!"),
    };
    let Some((path, _)) = syntax_error_before(start.as_bytes(), end.as_bytes()) else { return root() };
    match path.strip_suffix(UNKNOWN_KEY) {
        Some(object) if text.ends_with('"') => match syntax_error_before(text.as_bytes(), b":!") {
            Some((key, _)) => key,
            None => object.to_owned(),
        },
        Some("") => root(),
        Some(object) => object.strip_suffix('.').unwrap_or(object).to_owned(),
        None => path,
    }
}

/// Returns a text without the number that it ends with, or else without its last character: its last value is then not whole.
fn without_end(text: &str) -> &str {
    let number = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
    let mut characters = text.chars();
    match characters.next_back() {
        // A number needs no end: without its last digit it is another one.
        Some('0'..='9') => text.trim_end_matches(number),
        _ => characters.as_str(),
    }
}

/// Returns the start of a text with one more character that is no white space.
fn with_next<'a>(text: &'a str, start: &str) -> &'a str {
    let rest = text.get(start.len()..).unwrap_or_default();
    let next = rest.char_indices().find(|(_, c)| !c.is_ascii_whitespace());
    next.map_or(text, |(at, c)| &text[..start.len() + at + c.len_utf8()])
}

/// Returns the part of a text that was read when an error was noticed, or `None` if its position is not known.
fn text_before<'a>(text: &'a str, error: &Error) -> Option<&'a str> {
    let line_start = match error.line().checked_sub(2) {
        Some(breaks) => memchr::memchr_iter(b'\n', text.as_bytes()).nth(breaks)? + 1,
        None => 0,
    };
    text.get(..line_start.checked_add(error.column())?).filter(|_| error.line() > 0)
}

fn root() -> String {
    ".".to_owned()
}

#[cfg(test)]
mod tests;
