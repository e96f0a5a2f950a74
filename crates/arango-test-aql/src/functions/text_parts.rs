//! Strings: parts, trimming and splitting.

use super::arguments::{argument, integer, signed, size, text};
use super::context::Context;
use super::patterns;
use crate::error::{QueryError, number};
use crate::value::Value;

type Result = std::result::Result<Value, QueryError>;

const WHITE_SPACE: &str = "\r\n\t ";

pub(super) fn substring(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    let text = text(arguments, 0);
    let offset = integer(arguments, 1);
    let skipped = if offset < 0 { signed(text.chars().count()).saturating_add(offset) } else { offset };
    let length = if arguments.len() > 2 { integer(arguments, 2) } else { i64::MAX };
    Ok(part(&text, skipped.max(0), length).into())
}

pub(super) fn left(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(part(&text(arguments, 0), 0, integer(arguments, 1)).into())
}

pub(super) fn right(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    let text = text(arguments, 0);
    let length = integer(arguments, 1).max(0);
    let skipped = signed(text.chars().count()).saturating_sub(length);
    Ok(part(&text, skipped.max(0), length).into())
}

/// Returns some characters; none if the length is negative.
fn part(text: &str, skipped: i64, length: i64) -> String {
    let [skipped, length] = [skipped, length].map(|value| size(value).unwrap_or_default());
    text.chars().skip(skipped).take(length).collect()
}

pub(super) fn substring_bytes(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(text) = argument(arguments, 0).as_str() else {
        return context.null(number::BAD_PARAMETER, "bad parameter");
    };
    if arguments.len() > 3 {
        return Err(context.not_implemented("characters before and after the part"));
    }
    let end = signed(text.len());
    let offset = integer(arguments, 1);
    let start = if offset < 0 { (end + offset).max(0) } else { offset.min(end) };
    let length = if arguments.len() > 2 { integer(arguments, 2).max(0) } else { end };
    let stop = start.saturating_add(length).min(end);
    let range = size(start).unwrap_or_default()..size(stop).unwrap_or_default();
    match text.get(range) {
        Some(part) => Ok(part.into()),
        None => context.null(number::BAD_PARAMETER, "bad parameter"),
    }
}

pub(super) fn trim(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    let text = text(arguments, 0);
    Ok(match argument(arguments, 1) {
        Value::String(chars) => trim_both(&text, chars),
        way if way.is_number() => match way.to_integer() {
            1 => trim_left(&text, WHITE_SPACE),
            2 => trim_right(&text, WHITE_SPACE),
            _ => trim_both(&text, WHITE_SPACE),
        },
        _ => trim_both(&text, WHITE_SPACE),
    }
    .into())
}

pub(super) fn ltrim(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(trim_left(&text(arguments, 0), &trimmed_chars(arguments)).into())
}

pub(super) fn rtrim(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(trim_right(&text(arguments, 0), &trimmed_chars(arguments)).into())
}

fn trimmed_chars(arguments: &[Value]) -> String {
    arguments.get(1).map_or_else(|| WHITE_SPACE.to_owned(), |chars| chars.to_text().to_string())
}

fn trim_left<'a>(text: &'a str, chars: &str) -> &'a str {
    text.trim_start_matches(|char| chars.contains(char))
}

fn trim_right<'a>(text: &'a str, chars: &str) -> &'a str {
    text.trim_end_matches(|char| chars.contains(char))
}

fn trim_both<'a>(text: &'a str, chars: &str) -> &'a str {
    trim_right(trim_left(text, chars), chars)
}

pub(super) fn split(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(limit) = limit(arguments, 2) else { return context.invalid() };
    let separators: Vec<&str> = match argument(arguments, 1) {
        Value::Object(_) => return context.invalid(),
        _ if limit < 0 => return Ok(Value::Null),
        _ if limit == 0 => return Ok(Value::empty_array()),
        _ if arguments.len() == 1 => return Ok(Value::array(vec![arguments[0].clone()])),
        Value::String(separator) => vec![separator],
        // An item that is not a string counts as the empty string, which separates all characters.
        Value::Array(items) => items.iter().map(|item| item.as_str().unwrap_or_default()).collect(),
        _ => return Err(context.not_implemented("a separator that is not a string")),
    };
    let text = text(arguments, 0);
    let limit = size(limit).unwrap_or_default();
    if separators.is_empty() || separators.contains(&"") {
        if separators.is_empty() {
            return Err(context.not_implemented("no separators"));
        }
        return Ok(Value::array(text.chars().take(limit).map(|char| char.to_string().into()).collect()));
    }
    Ok(Value::array(pieces(&text, &separators).into_iter().take(limit).map(Value::from).collect()))
}

/// Cuts a text at each separator; of several at one place the first counts.
fn pieces<'a>(text: &'a str, separators: &[&str]) -> Vec<&'a str> {
    let mut pieces = Vec::new();
    let (mut start, mut position) = (0, 0);
    while position < text.len() {
        let rest = &text[position..];
        if let Some(separator) = separators.iter().find(|separator| rest.starts_with(**separator)) {
            pieces.push(&text[start..position]);
            position += separator.len();
            start = position;
        } else {
            position += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    pieces.push(&text[start..]);
    pieces
}

/// Returns the limit of pieces, if it is a number or left out.
fn limit(arguments: &[Value], position: usize) -> Option<i64> {
    match arguments.get(position) {
        None => Some(i64::MAX),
        Some(limit) if limit.is_number() => Some(limit.to_integer()),
        Some(_) => None,
    }
}

pub(super) fn regex_split(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(limit) = limit(arguments, 3) else { return context.invalid() };
    if limit < 0 {
        return Ok(Value::Null);
    }
    if limit == 0 {
        return Ok(Value::empty_array());
    }
    let limit = size(limit).unwrap_or_default();
    let (subject, pattern) = (text(arguments, 0), text(arguments, 1));
    if pattern.is_empty() {
        return Ok(Value::array(subject.chars().take(limit).map(|char| char.to_string().into()).collect()));
    }
    let Some(regex) = patterns::compile(context, &pattern, &subject, patterns::case(arguments, 2))? else {
        return patterns::invalid(context);
    };
    let mut pieces: Vec<Value> = Vec::new();
    let mut start = 0;
    for captures in regex.captures_iter(&subject) {
        let Some(found) = captures.get(0) else { continue };
        if found.is_empty() {
            return Err(context.not_implemented("a pattern that matches the empty string"));
        }
        pieces.push(subject[start..found.start()].into());
        // What groups of the pattern match is a piece, too.
        pieces.extend(captures.iter().skip(1).map(|group| group.map_or("", |group| group.as_str()).into()));
        start = found.end();
    }
    pieces.push(subject[start..].into());
    pieces.truncate(limit);
    Ok(Value::array(pieces))
}
