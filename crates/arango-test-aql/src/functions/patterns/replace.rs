//! `REGEX_REPLACE`: replacements may refer to groups of the pattern.

use regex::{Captures, Regex};

use super::{Result, case, compile, invalid};
use crate::functions::arguments::text;
use crate::functions::context::Context;
use crate::value::Value;

pub(in crate::functions) fn regex_replace(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let [text, pattern, replacement] = [0, 1, 2].map(|position| text(arguments, position));
    let Some(regex) = compile(context, &pattern, &text, case(arguments, 3))? else { return invalid(context) };
    if replacement.contains("\\u") || replacement.contains("\\U") {
        return Err(context.not_implemented("an escaped character in the replacement"));
    }
    if !regex.is_match(&text) {
        return Ok(text.to_string().into());
    }
    match parse(&replacement, &regex) {
        Some(parts) => {
            let replaced = regex.replace_all(&text, |captures: &Captures<'_>| expand(&parts, captures));
            Ok(replaced.into_owned().into())
        }
        None => invalid(context),
    }
}

enum Part {
    Char(char),
    Group(usize),
}

/// Reads `$1`, `${name}` and escaped characters; `None` if a group does not exist.
fn parse(replacement: &str, regex: &Regex) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut chars = replacement.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\\' => parts.push(Part::Char(chars.next()?)),
            '$' if chars.peek() == Some(&'{') => {
                let name: String = chars.by_ref().skip(1).take_while(|char| *char != '}').collect();
                let group = regex.capture_names().position(|known| known == Some(name.as_str()))?;
                parts.push(Part::Group(group));
            }
            '$' => {
                let mut group = digit(chars.next()?).filter(|group| *group < regex.captures_len())?;
                // As many digits as there are groups.
                while let Some(next) = chars.peek().copied().and_then(digit) {
                    if group * 10 + next >= regex.captures_len() {
                        break;
                    }
                    group = group * 10 + next;
                    chars.next();
                }
                parts.push(Part::Group(group));
            }
            char => parts.push(Part::Char(char)),
        }
    }
    Some(parts)
}

fn digit(char: char) -> Option<usize> {
    char.to_digit(10).and_then(|digit| usize::try_from(digit).ok())
}

fn expand(parts: &[Part], captures: &Captures<'_>) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Char(char) => text.push(*char),
            Part::Group(group) => text.push_str(captures.get(*group).map_or("", |group| group.as_str())),
        }
    }
    text
}
