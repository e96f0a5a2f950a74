//! Arrays: access to items.

use super::arguments::{argument, flag, integer, signed, size};
use super::context::Context;
use crate::error::QueryError;
use crate::value::Value;

type Result = std::result::Result<Value, QueryError>;

pub(super) fn first(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match argument(arguments, 0) {
        Value::Array(items) => Ok(items.first().cloned().unwrap_or(Value::Null)),
        _ => context.array_expected(),
    }
}

pub(super) fn last(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match argument(arguments, 0) {
        Value::Array(items) => Ok(items.last().cloned().unwrap_or(Value::Null)),
        _ => context.array_expected(),
    }
}

pub(super) fn nth(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(items) = argument(arguments, 0).as_array() else { return context.array_expected() };
    let position = size(integer(arguments, 1));
    Ok(position.and_then(|position| items.get(position)).cloned().unwrap_or(Value::Null))
}

pub(super) fn position(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(items) = argument(arguments, 0).as_array() else { return context.array_expected() };
    let search = argument(arguments, 1);
    let found = items.iter().position(|item| item.equals(search));
    Ok(if flag(arguments, 2) { Value::Int(found.map_or(-1, signed)) } else { found.is_some().into() })
}

pub(super) fn slice(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(items) = argument(arguments, 0).as_array() else { return context.invalid() };
    let length = signed(items.len());
    let from = integer(arguments, 1);
    let from = if from < 0 { (length + from).max(0) } else { from };
    let count = argument(arguments, 2);
    let to = match count.to_integer() {
        _ if count.is_null() => length,
        count if count < 0 => (length + count).max(0),
        count => from.saturating_add(count),
    };
    let [from, to] = [from, to].map(|position| size(position).unwrap_or_default());
    Ok(Value::array(items.iter().take(to).skip(from).cloned().collect()))
}

/// Returns the numbers of a range, inclusive; with a step they are doubles.
pub(super) fn range(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    // More items than this a server does not put into an array.
    const LIMIT: usize = 10_000_000;

    let too_large = || QueryError::new(crate::error::number::RESOURCE_LIMIT, "range is too large");
    let step = argument(arguments, 2);
    if step.is_null() {
        let (from, to) = (integer(arguments, 0), integer(arguments, 1));
        if from.abs_diff(to) >= LIMIT as u64 {
            return Err(too_large());
        }
        let up = (from..=to).map(Value::Int);
        let down = (to..from).rev().map(|number| Value::Int(number + 1)).chain([Value::Int(to)]);
        return Ok(Value::array(if from <= to { up.collect() } else { down.collect() }));
    }
    let [from, to, step] = [0, 1, 2].map(|position| argument(arguments, position).to_double());
    if step == 0.0 || (from < to && step < 0.0) || (from > to && step > 0.0) {
        return context.invalid();
    }
    #[allow(clippy::cast_precision_loss, reason = "the limit is small")]
    if (to - from) / step >= LIMIT as f64 {
        return Err(too_large());
    }
    let mut items = Vec::new();
    let mut number = from;
    while (step > 0.0 && number <= to) || (step < 0.0 && number >= to) {
        // A step that is lost in a large number never arrives.
        if items.len() == LIMIT {
            return Err(too_large());
        }
        items.push(crate::value::number::whole_or_double(number));
        number += step;
    }
    Ok(Value::array(items))
}
