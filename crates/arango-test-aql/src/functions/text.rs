//! Strings: joining, length and case.

use super::arguments::{argument, integer, size, text};
use super::context::Context;
use crate::error::{QueryError, number};
use crate::value::Value;
use crate::value::number::write_double;

type Result = std::result::Result<Value, QueryError>;

/// More bytes than this `REPEAT` does not yield.
const REPEAT_LIMIT: usize = 16 * 1024 * 1024;

pub(super) fn concat(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(joined(arguments, "").into())
}

pub(super) fn concat_separator(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(joined(&arguments[1..], &text(arguments, 0)).into())
}

/// Joins all but `null`. An array that stands alone is joined item by item.
fn joined(values: &[Value], separator: &str) -> String {
    let values = match values {
        [Value::Array(items)] => items,
        values => values,
    };
    let texts: Vec<_> = values.iter().filter(|value| !value.is_null()).map(Value::to_text).collect();
    texts.join(separator)
}

pub(super) fn length(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    let value = argument(arguments, 0);
    Ok(Value::from(match value {
        Value::Array(items) => items.len(),
        Value::Object(object) => object.len(),
        Value::String(text) => text.chars().count(),
        Value::Bool(value) => usize::from(*value),
        number if number.is_number() => write_double(number.to_double()).len(),
        _ => 0,
    }))
}

pub(super) fn char_length(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    let value = argument(arguments, 0);
    Ok(Value::from(match value {
        Value::String(text) => text.chars().count(),
        number if number.is_number() => write_double(number.to_double()).len(),
        // Of arrays and objects a server counts the bytes.
        other => other.to_text().len(),
    }))
}

pub(super) fn lower(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(text(arguments, 0).to_lowercase().into())
}

pub(super) fn upper(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(text(arguments, 0).to_uppercase().into())
}

pub(super) fn reverse(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match argument(arguments, 0) {
        Value::Array(items) => Ok(Value::array(items.iter().rev().cloned().collect())),
        Value::String(text) => Ok(text.chars().rev().collect::<String>().into()),
        _ => context.array_expected(),
    }
}

pub(super) fn repeat(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let (unit, separator) = (text(arguments, 0), text(arguments, 2));
    let Some(count) = size(integer(arguments, 1)) else { return context.invalid() };
    let length = unit.len().saturating_add(separator.len()).saturating_mul(count);
    if length == 0 {
        return Ok("".into());
    }
    if length > REPEAT_LIMIT {
        let text = "Output string of AQL REPEAT function was limited to 16MB.";
        return context.null(number::RESOURCE_LIMIT, text);
    }
    Ok(vec![&*unit; count].join(&separator).into())
}

pub(super) fn to_char(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let code = argument(arguments, 0);
    let code = if code.is_number() { code.to_integer() } else { -1 };
    if code < 0 {
        return context.invalid();
    }
    match u32::try_from(code).ok().and_then(char::from_u32) {
        Some(char) => Ok(char.to_string().into()),
        None => Err(context.not_implemented("a code that is not a character")),
    }
}
