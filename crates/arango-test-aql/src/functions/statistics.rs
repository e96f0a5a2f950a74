//! Arrays of numbers: sums, extremes and distributions.

use std::cmp::Ordering;

use super::arguments::argument;
use super::context::Context;
use crate::error::{QueryError, number};
use crate::value::Value;
use crate::value::number::whole_or_double;

type Result = std::result::Result<Value, QueryError>;

pub(super) fn min(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    extreme(context, arguments, Ordering::Less)
}

pub(super) fn max(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    extreme(context, arguments, Ordering::Greater)
}

/// Returns the first of the items that no other one precedes, or follows. Items that are `null` do not count.
fn extreme(context: &mut Context<'_>, arguments: &[Value], wanted: Ordering) -> Result {
    let Some(items) = argument(arguments, 0).as_array() else { return context.array_expected() };
    let mut best = &Value::Null;
    for item in items.iter().filter(|item| !item.is_null()) {
        if best.is_null() || item.compare_in(best, &mut context.environment.collation) == wanted {
            best = item;
        }
    }
    Ok(best.clone())
}

pub(super) fn sum(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    fold(context, arguments, 0.0, |sum, item| sum + item)
}

pub(super) fn product(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    fold(context, arguments, 1.0, |product, item| product * item)
}

/// Combines numbers; `null` without a warning if an item is something else.
fn fold(context: &mut Context<'_>, arguments: &[Value], start: f64, combine: fn(f64, f64) -> f64) -> Result {
    let Some(items) = argument(arguments, 0).as_array() else { return context.array_expected() };
    let Some(numbers) = numbers(items) else { return Ok(Value::Null) };
    let result = numbers.into_iter().fold(start, combine);
    Ok(whole_or_double(if result.is_finite() { result } else { 0.0 }))
}

pub(super) fn average(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(items) = argument(arguments, 0).as_array() else { return context.array_expected() };
    let Some(numbers) = numbers(items) else { return context.array_expected() };
    let sum: f64 = numbers.iter().sum();
    Ok(if numbers.is_empty() { Value::Null } else { whole_or_double(sum / count(&numbers)) })
}

pub(super) fn median(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(numbers) = sorted(context, arguments) else { return Ok(Value::Null) };
    let middle = numbers.len() / 2;
    Ok(match numbers.get(middle) {
        None => Value::Null,
        Some(upper) if numbers.len() % 2 == 0 => whole_or_double(f64::midpoint(numbers[middle - 1], *upper)),
        Some(only) => whole_or_double(*only),
    })
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positions are within the array")]
pub(super) fn percentile(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    if argument(arguments, 0).as_array().is_none() {
        return context.array_expected();
    }
    let border = argument(arguments, 1);
    let share = border.to_double();
    let method = arguments.get(2).map_or(Some("rank"), Value::as_str);
    let interpolates = match method {
        Some("rank") => false,
        Some("interpolation") => true,
        _ => return context.invalid(),
    };
    if !border.is_number() || !(0.0..=100.0).contains(&share) {
        return context.invalid();
    }
    let Some(numbers) = sorted(context, arguments) else { return Ok(Value::Null) };
    let [first, .., last] = numbers.as_slice() else {
        return Ok(numbers.first().map_or(Value::Null, |only| whole_or_double(*only)));
    };
    let length = count(&numbers);
    let exact = if interpolates { share * (length + 1.0) / 100.0 } else { share * length / 100.0 };
    let position = if interpolates { exact.floor() } else { exact.ceil() };
    Ok(whole_or_double(if position >= length {
        *last
    } else if position <= 0.0 {
        *first
    } else if interpolates {
        let lower = numbers[position as usize - 1];
        lower + (exact - position) * (numbers[position as usize] - lower)
    } else {
        numbers[position as usize - 1]
    }))
}

pub(super) fn variance_population(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    variance(context, arguments, 0.0, |variance| variance)
}

pub(super) fn variance_sample(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    variance(context, arguments, 1.0, |variance| variance)
}

pub(super) fn stddev_population(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    variance(context, arguments, 0.0, f64::sqrt)
}

pub(super) fn stddev_sample(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    variance(context, arguments, 1.0, f64::sqrt)
}

/// Returns what a function makes of the variance; `missing` is the number of degrees of freedom that a sample lacks.
fn variance(context: &mut Context<'_>, arguments: &[Value], missing: f64, result: fn(f64) -> f64) -> Result {
    let Some(numbers) = all_numbers(context, arguments) else { return Ok(Value::Null) };
    let (mut mean, mut squares, mut seen) = (0.0, 0.0, 0.0);
    for number in numbers {
        seen += 1.0;
        let delta = number - mean;
        mean += delta / seen;
        squares += delta * (number - mean);
    }
    Ok(if seen <= missing { Value::Null } else { whole_or_double(result(squares / (seen - missing))) })
}

fn sorted(context: &mut Context<'_>, arguments: &[Value]) -> Option<Vec<f64>> {
    let mut numbers = all_numbers(context, arguments)?;
    numbers.sort_by(f64::total_cmp);
    Some(numbers)
}

/// Returns the numbers of the first argument; warns if there is anything else.
fn all_numbers(context: &mut Context<'_>, arguments: &[Value]) -> Option<Vec<f64>> {
    let Some(items) = argument(arguments, 0).as_array() else {
        context.warn_of(number::ARRAY_EXPECTED, "array expected");
        return None;
    };
    let numbers = numbers(items);
    if numbers.is_none() {
        context.warn_of(number::INVALID_ARITHMETIC_VALUE, "invalid arithmetic value");
    }
    numbers
}

/// Returns the numbers of an array without its `null`s; `None` if there is anything else.
fn numbers(items: &[Value]) -> Option<Vec<f64>> {
    let present = items.iter().filter(|item| !item.is_null());
    present.map(|item| item.is_number().then(|| item.to_double())).collect()
}

#[allow(clippy::cast_precision_loss, reason = "no array is so long")]
fn count(numbers: &[f64]) -> f64 {
    numbers.len() as f64
}
