//! Numbers: operations on up to 32 bits.

use super::arguments::argument;
use super::context::Context;
use crate::error::QueryError;
use crate::value::Value;

type Result = std::result::Result<Value, QueryError>;

const WIDTH: u64 = 32;

/// Returns a number that fits into 32 bits; a fraction is cut off.
fn bits(value: &Value) -> Option<u64> {
    let is_valid = value.is_number() && value.to_double() >= 0.0;
    u32::try_from(value.to_integer()).ok().filter(|_| is_valid).map(u64::from)
}

/// Returns the bits of the first argument, and the second, which counts bits.
fn bits_and_count(arguments: &[Value]) -> Option<(u64, u64)> {
    let count = bits(argument(arguments, 1)).filter(|count| *count <= WIDTH)?;
    Some((bits(argument(arguments, 0))?, count))
}

fn masked(value: u64, width: u64) -> Value {
    Value::from(value & ((1 << width) - 1))
}

fn combine(context: &mut Context<'_>, arguments: &[Value], operation: fn(u64, u64) -> u64) -> Result {
    let operands = match arguments {
        [_, _] => arguments,
        [Value::Array(items)] => items,
        _ => return context.invalid(),
    };
    // Items that are `null` do not count.
    let present = operands.iter().filter(|value| arguments.len() == 2 || !value.is_null());
    match present.map(bits).collect::<Option<Vec<u64>>>() {
        Some(values) => Ok(values.into_iter().reduce(operation).map_or(Value::Null, Value::from)),
        None => context.invalid(),
    }
}

pub(super) fn bit_and(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    combine(context, arguments, |left, right| left & right)
}

pub(super) fn bit_or(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    combine(context, arguments, |left, right| left | right)
}

pub(super) fn bit_xor(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    combine(context, arguments, |left, right| left ^ right)
}

pub(super) fn bit_negate(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match bits_and_count(arguments) {
        Some((value, width)) => Ok(masked(!value, width)),
        None => context.invalid(),
    }
}

pub(super) fn bit_test(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match bits_and_count(arguments) {
        Some((value, index)) if index < WIDTH => Ok((value & (1 << index) != 0).into()),
        _ => context.invalid(),
    }
}

pub(super) fn bit_shift_left(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    shift(context, arguments, |value, shift| value << shift)
}

pub(super) fn bit_shift_right(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    shift(context, arguments, |value, shift| value >> shift)
}

fn shift(context: &mut Context<'_>, arguments: &[Value], operation: fn(u64, u64) -> u64) -> Result {
    let width = bits(argument(arguments, 2)).filter(|width| *width <= WIDTH);
    match (bits_and_count(arguments), width) {
        (Some((value, shift)), Some(width)) => Ok(masked(operation(value, shift), width)),
        _ => context.invalid(),
    }
}

pub(super) fn bit_popcount(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match bits(argument(arguments, 0)) {
        Some(value) => Ok(Value::Int(value.count_ones().into())),
        None => context.invalid(),
    }
}

pub(super) fn bit_construct(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(items) = argument(arguments, 0).as_array() else { return context.invalid() };
    let positions: Option<Vec<u64>> =
        items.iter().map(|item| bits(item).filter(|position| *position < WIDTH)).collect();
    match positions {
        Some(positions) => Ok(Value::from(positions.into_iter().fold(0u64, |value, bit| value | (1 << bit)))),
        None => context.invalid(),
    }
}

pub(super) fn bit_deconstruct(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match bits(argument(arguments, 0)) {
        Some(value) => {
            Ok(Value::array((0..WIDTH).filter(|bit| value & (1 << bit) != 0).map(Value::from).collect()))
        }
        None => context.invalid(),
    }
}

pub(super) fn bit_to_string(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match bits_and_count(arguments) {
        Some((value, width)) => {
            let digit = |bit: u64| if value & (1 << bit) == 0 { '0' } else { '1' };
            Ok((0..width).rev().map(digit).collect::<String>().into())
        }
        None => context.invalid(),
    }
}

pub(super) fn bit_from_string(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(digits) = argument(arguments, 0).as_str() else { return context.invalid() };
    if digits.len() > 32 || !digits.bytes().all(|digit| matches!(digit, b'0' | b'1')) {
        return context.invalid();
    }
    Ok(Value::from(digits.bytes().fold(0u64, |value, digit| (value << 1) | u64::from(digit == b'1'))))
}
