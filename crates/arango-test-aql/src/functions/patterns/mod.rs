//! Strings: patterns of `LIKE` and regular expressions.

mod dialect;
mod like;
mod replace;

pub(super) use self::like::like;
pub(super) use self::replace::regex_replace;

use regex::Regex;

use super::arguments::{flag, text};
use super::context::Context;
use crate::error::{QueryError, number};
use crate::value::Value;

type Result<T = Value> = std::result::Result<T, QueryError>;

pub(super) fn regex_test(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let pattern = text(arguments, 1);
    let Some(regex) = compile(context, &pattern, flag(arguments, 2))? else { return invalid(context) };
    Ok(regex.is_match(&text(arguments, 0)).into())
}

pub(super) fn regex_matches(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let pattern = text(arguments, 1);
    let Some(regex) = compile(context, &pattern, flag(arguments, 2))? else { return invalid(context) };
    let text = text(arguments, 0);
    let Some(captures) = regex.captures(&text) else { return Ok(Value::Null) };
    let groups = captures.iter().map(|group| group.map_or("", |group| group.as_str()).into());
    Ok(Value::array(groups.collect()))
}

/// Compiles a pattern once per query; `None` if it is not a regular expression.
///
/// # Errors
/// If the pattern has another meaning for a server, or may have.
pub(super) fn compile(context: &mut Context<'_>, pattern: &str, ignores_case: bool) -> Result<Option<Regex>> {
    let key = if ignores_case { format!("(?i){pattern}") } else { pattern.to_owned() };
    if let Some(regex) = context.environment.patterns.get(&key) {
        return Ok(Some(regex.clone()));
    }
    if let Some(difference) = dialect::difference(pattern) {
        return Err(context.not_implemented(difference));
    }
    match Regex::new(&key) {
        Ok(regex) => {
            context.environment.patterns.insert(key, regex.clone());
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
