//! Strings: patterns of `LIKE` and regular expressions.

mod dialect;
mod like;
mod replace;

pub(super) use self::like::like;
pub(super) use self::replace::regex_replace;

use regex::{Regex, RegexBuilder};

use super::arguments::{flag, text};
use super::context::Context;
use crate::error::{QueryError, number};
use crate::value::Value;

type Result<T = Value> = std::result::Result<T, QueryError>;

pub(super) fn regex_test(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let (text, pattern) = (text(arguments, 0), text(arguments, 1));
    let Some(regex) = compile(context, &pattern, &text, case(arguments, 2))? else { return invalid(context) };
    Ok(regex.is_match(&text).into())
}

pub(super) fn regex_matches(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let (text, pattern) = (text(arguments, 0), text(arguments, 1));
    let Some(regex) = compile(context, &pattern, &text, case(arguments, 2))? else { return invalid(context) };
    let Some(captures) = regex.captures(&text) else { return Ok(Value::Null) };
    let groups = captures.iter().map(|group| group.map_or("", |group| group.as_str()).into());
    Ok(Value::array(groups.collect()))
}

/// Whether the case of letters matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Sensitive,
    Ignored,
}

/// Reads the flag that makes a function ignore the case of letters.
pub(super) fn case(arguments: &[Value], position: usize) -> Case {
    if flag(arguments, position) { Case::Ignored } else { Case::Sensitive }
}

/// Compiles a pattern for a text, once per query; `None` if it is not a regular expression.
///
/// # Errors
/// If the pattern has another meaning for a server, or may have.
pub(super) fn compile(
    context: &mut Context<'_>,
    pattern: &str,
    text: &str,
    case: Case,
) -> Result<Option<Regex>> {
    if let Some(difference) = dialect::difference_in_text(pattern, text) {
        return Err(context.not_implemented(difference));
    }
    let key = if case == Case::Ignored { format!("(?i){pattern}") } else { pattern.to_owned() };
    if let Some(regex) = context.environment.regexes.get(&key) {
        return Ok(Some(regex.clone()));
    }
    if let Some(difference) = dialect::difference(pattern) {
        return Err(context.not_implemented(difference));
    }
    // For a server a carriage return is the end of a line, too.
    match RegexBuilder::new(&key).crlf(true).build() {
        Ok(regex) => {
            context.environment.regexes.insert(key, regex.clone());
            Ok(Some(regex))
        }
        Err(error) if dialect::is_surely_invalid(&error) => Ok(None),
        Err(_) => Err(context.not_implemented("a pattern of another dialect")),
    }
}

/// Warns that a pattern is not a regular expression; the result is `null`.
pub(super) fn invalid(context: &mut Context<'_>) -> Result {
    context.null(number::INVALID_REGEX, "invalid regex value")
}
