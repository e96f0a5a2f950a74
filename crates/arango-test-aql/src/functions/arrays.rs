//! Arrays: arrays made of others.

use super::arguments::{argument, flag, integer, signed, size};
use super::context::Context;
use crate::error::QueryError;
use crate::value::{Value, ValueMap};

type Result = std::result::Result<Value, QueryError>;

/// The position up to which `REPLACE_NTH` makes an array longer. A server goes as far as its memory reaches.
const FARTHEST_POSITION: usize = 10_000_000;

pub(super) fn push(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let added = argument(arguments, 1);
    let mut items = match argument(arguments, 0) {
        Value::Null => return Ok(Value::array(vec![added.clone()])),
        Value::Array(items) => items.to_vec(),
        _ => return context.invalid(),
    };
    if !flag(arguments, 2) || !contains(&items, added) {
        items.push(added.clone());
    }
    Ok(Value::array(items))
}

pub(super) fn unshift(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let added = argument(arguments, 1);
    let items: &[Value] = match argument(arguments, 0) {
        Value::Null => &[],
        Value::Array(items) => items,
        _ => return context.invalid(),
    };
    if flag(arguments, 2) && contains(items, added) {
        return Ok(arguments[0].clone());
    }
    Ok(Value::array(std::iter::once(added).chain(items).cloned().collect()))
}

pub(super) fn pop(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match argument(arguments, 0) {
        Value::Null => Ok(Value::Null),
        Value::Array(items) => Ok(Value::array(items[..items.len().saturating_sub(1)].to_vec())),
        _ => context.invalid(),
    }
}

pub(super) fn shift(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match argument(arguments, 0) {
        Value::Null => Ok(Value::Null),
        Value::Array(items) => Ok(Value::array(items.iter().skip(1).cloned().collect())),
        _ => context.invalid(),
    }
}

pub(super) fn append(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let (list, added) = (argument(arguments, 0), argument(arguments, 1));
    let is_unique = flag(arguments, 2);
    let kept: &[Value] = match (list, added) {
        (_, Value::Array(added)) if added.is_empty() && !is_unique => return Ok(list.clone()),
        (Value::Null, Value::Array(added)) if added.is_empty() => return Ok(Value::Null),
        (Value::Null | Value::Array(_), Value::Null) if !is_unique => return Ok(list.clone()),
        (Value::Null, _) => &[],
        (Value::Array(items), _) => items,
        _ => return context.invalid(),
    };
    let added: &[Value] = match added {
        Value::Null => &[],
        Value::Array(items) => items,
        other => std::slice::from_ref(other),
    };
    let all = kept.iter().chain(added).cloned();
    Ok(Value::array(if is_unique { distinct(all) } else { all.collect() }))
}

pub(super) fn remove_value(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let items = match argument(arguments, 0) {
        Value::Null => return Ok(Value::empty_array()),
        Value::Array(items) => items,
        _ => return context.invalid(),
    };
    let removed = argument(arguments, 1);
    let limit = argument(arguments, 2);
    // A limit below zero is no limit.
    let mut left = if limit.is_null() { -1 } else { limit.to_integer() };
    let mut kept = Vec::with_capacity(items.len());
    for item in items.iter() {
        if left != 0 && item.equals(removed) {
            left = left.saturating_sub(1);
        } else {
            kept.push(item.clone());
        }
    }
    Ok(Value::array(kept))
}

pub(super) fn remove_values(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match (argument(arguments, 0), argument(arguments, 1)) {
        (list, Value::Null) => Ok(list.clone()),
        (Value::Null, _) => Ok(Value::empty_array()),
        (Value::Array(items), Value::Array(removed)) => {
            Ok(Value::array(items.iter().filter(|item| !contains(removed, item)).cloned().collect()))
        }
        _ => context.invalid(),
    }
}

pub(super) fn remove_nth(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let items = match argument(arguments, 0) {
        Value::Null => return Ok(Value::empty_array()),
        Value::Array(items) => items,
        _ => return context.invalid(),
    };
    #[allow(clippy::cast_precision_loss, reason = "no array is so long")]
    let length = items.len() as f64;
    let position = argument(arguments, 1).to_double();
    // A fraction is cut off after counting from the end.
    let position = if position < 0.0 { position + length } else { position };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within the array")]
    let removed = (0.0..length).contains(&position).then_some(position as usize);
    let kept = items.iter().enumerate().filter(|(position, _)| Some(*position) != removed);
    Ok(Value::array(kept.map(|(_, item)| item.clone()).collect()))
}

pub(super) fn replace_nth(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(items) = argument(arguments, 0).as_array() else { return context.invalid() };
    if argument(arguments, 1).is_null() {
        return Err(context.argument_error());
    }
    let position = integer(arguments, 1);
    let position = if position < 0 { (signed(items.len()) + position).max(0) } else { position };
    let position = size(position).unwrap_or_default();
    if items.len() < position && arguments.len() < 4 {
        return Err(context.argument_error());
    }
    if position > items.len().max(FARTHEST_POSITION) {
        return Err(context.not_implemented("a position so far behind the end"));
    }
    let mut items = items.to_vec();
    if position >= items.len() {
        items.resize(position + 1, argument(arguments, 3).clone());
    }
    items[position] = argument(arguments, 2).clone();
    Ok(Value::array(items))
}

pub(super) fn interleave(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(arrays) = arguments.iter().map(Value::as_array).collect::<Option<Vec<_>>>() else {
        return context.array_expected();
    };
    let longest = arrays.iter().map(|items| items.len()).max().unwrap_or_default();
    let rounds = (0..longest).flat_map(|position| arrays.iter().filter_map(move |items| items.get(position)));
    Ok(Value::array(rounds.cloned().collect()))
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a depth beyond the range is deep enough"
)]
pub(super) fn flatten(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(items) = argument(arguments, 0).as_array() else { return context.array_expected() };
    let depth = arguments.get(1).and_then(Value::try_to_double).map_or(1, |depth| depth.max(1.0) as usize);
    let mut flat = Vec::new();
    flatten_into(items, depth, &mut flat);
    Ok(Value::array(flat))
}

fn flatten_into(items: &[Value], depth: usize, flat: &mut Vec<Value>) {
    for item in items {
        match item {
            Value::Array(inner) if depth > 0 => flatten_into(inner, depth - 1, flat),
            item => flat.push(item.clone()),
        }
    }
}

fn contains(items: &[Value], value: &Value) -> bool {
    items.iter().any(|item| item.equals(value))
}

/// Returns each value once, in the order of first occurrence.
pub(super) fn distinct(values: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let mut seen = ValueMap::new();
    for value in values {
        seen.entry(value, || ());
    }
    seen.into_entries().into_iter().map(|(value, ())| value).collect()
}
