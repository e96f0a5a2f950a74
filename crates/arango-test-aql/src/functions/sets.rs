//! Arrays as sets.
//!
//! A server yields most of these results in no particular order; here it is that of first occurrence.

use super::arguments::argument;
use super::arrays::distinct;
use super::context::Context;
use crate::error::QueryError;
use crate::value::{Arithmetic, Value, ValueMap};

type Result = std::result::Result<Value, QueryError>;

fn arrays(arguments: &[Value]) -> Option<Vec<&[Value]>> {
    arguments.iter().map(Value::as_array).collect()
}

pub(super) fn union(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match arrays(arguments) {
        Some(arrays) => Ok(Value::array(arrays.concat())),
        None => context.invalid(),
    }
}

pub(super) fn union_distinct(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match arrays(arguments) {
        Some(arrays) => Ok(Value::array(distinct(arrays.concat()))),
        None => context.invalid(),
    }
}

pub(super) fn intersection(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(arrays) = arrays(arguments) else { return context.array_expected() };
    let common = in_how_many(&arrays).into_entries().into_iter();
    Ok(Value::array(common.filter(|(_, count)| *count == arrays.len()).map(|(value, _)| value).collect()))
}

pub(super) fn outersection(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(arrays) = arrays(arguments) else { return context.array_expected() };
    let mut occurrences = ValueMap::new();
    for value in arrays.concat() {
        *occurrences.entry(value, || 0) += 1;
    }
    let single = occurrences.into_entries().into_iter().filter(|(_, count)| *count == 1);
    Ok(Value::array(single.map(|(value, _)| value).collect()))
}

pub(super) fn minus(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(arrays) = arrays(arguments) else { return context.invalid() };
    let mut removed = ValueMap::new();
    for value in arrays[1..].concat() {
        removed.entry(value, || ());
    }
    let kept = arrays[0].iter().filter(|value| removed.get(value).is_none()).cloned();
    Ok(Value::array(distinct(kept)))
}

pub(super) fn jaccard(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(arrays) = arrays(arguments) else { return context.array_expected() };
    let counts = in_how_many(&arrays);
    if counts.is_empty() {
        return Ok(Value::Int(1));
    }
    let common = counts.iter().filter(|(_, count)| **count == arrays.len()).count();
    Ok(Arithmetic::Divide.calculate(&common.into(), &counts.len().into()).unwrap_or(Value::Null))
}

/// Counts for each value the arrays in which it occurs.
fn in_how_many(arrays: &[&[Value]]) -> ValueMap<usize> {
    let mut counts = ValueMap::new();
    for array in arrays {
        for value in distinct(array.iter().cloned()) {
            *counts.entry(value, || 0) += 1;
        }
    }
    counts
}

pub(super) fn unique(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match argument(arguments, 0) {
        Value::Array(items) => Ok(Value::array(distinct(items.iter().cloned()))),
        _ => context.array_expected(),
    }
}

pub(super) fn count_distinct(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match argument(arguments, 0) {
        Value::Array(items) => Ok(Value::from(distinct(items.iter().cloned()).len())),
        _ => context.array_expected(),
    }
}

pub(super) fn sorted(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(items) = argument(arguments, 0).as_array() else { return context.array_expected() };
    let mut items = items.to_vec();
    items.sort_by(|left, right| left.compare_in(right, &mut context.environment.collation));
    Ok(Value::array(items))
}

pub(super) fn sorted_unique(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(items) = argument(arguments, 0).as_array() else { return context.array_expected() };
    let mut items = distinct(items.iter().cloned());
    items.sort_by(|left, right| left.compare_in(right, &mut context.environment.collation));
    Ok(Value::array(items))
}
