//! Strings: searching and replacing.

use super::arguments::{argument, flag, integer, signed, text};
use super::context::Context;
use crate::error::{QueryError, number};
use crate::value::Value;

type Result = std::result::Result<Value, QueryError>;

pub(super) fn contains(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    let (text, search) = (text(arguments, 0), text(arguments, 1));
    let found = if search.is_empty() { None } else { text.find(&*search) };
    if !flag(arguments, 2) {
        return Ok(found.is_some().into());
    }
    // A server counts in steps as wide as the first character of the text.
    let step = text.chars().next().map_or(1, char::len_utf8);
    Ok(Value::Int(found.map_or(-1, |bytes| signed(bytes.div_ceil(step) * step))))
}

pub(super) fn starts_with(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(text) = argument(arguments, 0).as_str() else { return context.invalid() };
    let prefixes = match argument(arguments, 1) {
        Value::String(prefix) => return Ok(text.starts_with(&**prefix).into()),
        Value::Array(prefixes) => prefixes,
        _ => return context.invalid(),
    };
    let required = match arguments.get(2) {
        None => 1,
        Some(count) if count.is_number() => count.to_integer(),
        Some(_) => -1,
    };
    if required < 0 {
        return context.invalid();
    }
    if required == 0 || required > signed(prefixes.len()) {
        return Ok((required == 0).into());
    }
    let mut matched = 0;
    for prefix in prefixes.iter() {
        let Some(prefix) = prefix.as_str() else { return context.invalid() };
        matched += i64::from(text.starts_with(prefix));
        if matched == required {
            return Ok(true.into());
        }
    }
    Ok(false.into())
}

pub(super) fn find_first(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(search) = Search::new(arguments) else { return Ok(Value::Int(-1)) };
    if search.pattern.is_empty() {
        return Ok(Value::Int(search.start));
    }
    Ok(Value::Int(search.matches().next().unwrap_or(-1)))
}

pub(super) fn find_last(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(search) = Search::new(arguments) else { return Ok(Value::Int(-1)) };
    if search.pattern.is_empty() {
        let has_end = !argument(arguments, 3).is_null();
        return Ok(Value::Int(search.end.saturating_add(i64::from(has_end))));
    }
    Ok(Value::Int(search.matches().last().unwrap_or(-1)))
}

/// A search within a part of a text. Positions count units of UTF-16, as those of a server do.
struct Search {
    text: Vec<u16>,
    pattern: Vec<u16>,
    start: i64,
    end: i64,
}

impl Search {
    /// Returns the search; `None` if its range is empty.
    fn new(arguments: &[Value]) -> Option<Self> {
        let units = |position| -> Vec<u16> { text(arguments, position).encode_utf16().collect() };
        let (text, pattern) = (units(0), units(1));
        let start = integer(arguments, 2);
        let end = argument(arguments, 3);
        let end = if end.is_null() { signed(text.len()) } else { end.to_integer() };
        let is_empty = start < 0 || (!argument(arguments, 3).is_null() && (end < start || end < 0));
        (!is_empty).then_some(Self { text, pattern, start, end })
    }

    /// Returns the positions of matches that do not overlap, from the begin of the text, within the range.
    fn matches(&self) -> impl Iterator<Item = i64> {
        let mut next = 0;
        let all = std::iter::from_fn(move || {
            let rest = self.text.get(next..)?;
            let offset = rest.windows(self.pattern.len()).position(|window| window == self.pattern)?;
            let found = next + offset;
            next = found + self.pattern.len();
            Some(signed(found))
        });
        let length = signed(self.pattern.len());
        all.filter(move |found| *found >= self.start && found + length - 1 <= self.end)
    }
}

pub(super) fn substitute(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some((rules, limit)) = rules(arguments) else { return context.invalid() };
    if arguments.len() > 3 && argument(arguments, 1).as_object().is_some() {
        return context.null(number::FUNCTION_ARGUMENT_NUMBER, "invalid number of arguments");
    }
    let text = text(arguments, 0);
    if limit == 0 || rules.is_empty() {
        return Ok(text.to_string().into());
    }
    if rules.iter().any(|(search, _)| search.is_empty()) {
        return Err(context.not_implemented("an empty search string"));
    }
    let mut result = String::new();
    let mut rest = &*text;
    let mut count = 0;
    while limit == -1 || count < limit {
        let found = rules.iter().filter_map(|(search, by)| Some((rest.find(search)?, search, by)));
        // Of several at one place the first counts.
        let Some((position, search, by)) = found.min_by_key(|(position, ..)| *position) else { break };
        result.push_str(&rest[..position]);
        result.push_str(by);
        rest = &rest[position + search.len()..];
        count += 1;
    }
    result.push_str(rest);
    Ok(result.into())
}

/// Returns what is replaced by what, and how often; `None` if an argument is not a string.
fn rules(arguments: &[Value]) -> Option<(Vec<(&str, &str)>, i64)> {
    let limit = |position| arguments.get(position).map_or(-1, |limit: &Value| limit.to_integer());
    let searches: Vec<&str> = match argument(arguments, 1) {
        Value::Object(object) => {
            let rules = object.iter().map(|(search, by)| Some((&**search, replacement(by)?)));
            return Some((rules.collect::<Option<_>>()?, limit(2)));
        }
        Value::Array(items) => items.iter().map(Value::as_str).collect::<Option<_>>()?,
        Value::String(search) => vec![search],
        _ => return None,
    };
    let by: Vec<&str> = match arguments.get(2).map(Value::resolve) {
        None => Vec::new(),
        Some(Value::String(by)) => vec![by; searches.len()],
        Some(Value::Array(items)) => items.iter().map(replacement).collect::<Option<_>>()?,
        Some(_) => return None,
    };
    // A search string without a replacement is removed.
    let by = by.into_iter().chain(std::iter::repeat(""));
    Some((searches.into_iter().zip(by).collect(), limit(3)))
}

fn replacement(value: &Value) -> Option<&str> {
    if value.is_null() { Some("") } else { value.as_str() }
}

pub(super) fn levenshtein_distance(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    /// The most pairs of characters that are compared. A server takes as long as it needs.
    const MOST_PAIRS: usize = 100_000_000;

    let (left, right) = (text(arguments, 0), text(arguments, 1));
    let right: Vec<char> = right.chars().collect();
    if left.chars().count().saturating_mul(right.len()) > MOST_PAIRS {
        return Err(context.not_implemented("such long texts"));
    }
    let mut costs: Vec<usize> = (0..=right.len()).collect();
    for (row, char) in left.chars().enumerate() {
        let mut diagonal = costs[0];
        costs[0] = row + 1;
        for column in 0..right.len() {
            let replaced = diagonal + usize::from(char != right[column]);
            diagonal = costs[column + 1];
            costs[column + 1] = replaced.min(diagonal + 1).min(costs[column] + 1);
        }
    }
    Ok(costs[right.len()].into())
}
