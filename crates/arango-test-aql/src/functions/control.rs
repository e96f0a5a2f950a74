//! Control of a query: alternatives, failures, warnings, pauses and calls by name.

use std::time::Duration;

use super::arguments::argument;
use super::context::Context;
use super::{Lookup, find, unknown};
use crate::error::{QueryError, number};
use crate::value::Value;

type Result = std::result::Result<Value, QueryError>;

pub(super) fn not_null(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(arguments.iter().find(|value| !value.is_null()).cloned().unwrap_or(Value::Null))
}

pub(super) fn first_list(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(arguments.iter().find(|value| value.as_array().is_some()).cloned().unwrap_or(Value::Null))
}

pub(super) fn first_document(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(arguments.iter().find(|value| value.as_object().is_some()).cloned().unwrap_or(Value::Null))
}

pub(super) fn min_match(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let (required, conditions) = (&arguments[arguments.len() - 1], &arguments[..arguments.len() - 1]);
    if !required.is_number() {
        return context.invalid();
    }
    let required = required.to_integer();
    let met = conditions.iter().filter(|condition| condition.is_true()).count();
    // A server counts down to 0, so that fewer than none never match.
    Ok((required >= 0 && super::arguments::signed(met) >= required).into())
}

pub(super) fn pass_through(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(arguments[0].clone())
}

pub(super) fn fail(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    let message = argument(arguments, 0).as_str().map_or("FAIL() called".to_owned(), str::to_owned);
    Err(QueryError::new(number::FAIL_CALLED, message))
}

pub(super) fn assert(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(message) = argument(arguments, 1).as_str() else { return context.invalid() };
    if argument(arguments, 0).is_true() {
        return Ok(true.into());
    }
    Err(QueryError::new(number::ASSERTION_FAILED, message))
}

pub(super) fn warn(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(message) = argument(arguments, 1).as_str() else { return context.invalid() };
    let holds = argument(arguments, 0).is_true();
    if !holds {
        context.warn(number::WARNING_RAISED, message);
    }
    Ok(holds.into())
}

/// Adds to the time that the query has slept, and returns at once.
pub(super) fn sleep(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let seconds = argument(arguments, 0);
    if !seconds.is_number() {
        return context.invalid();
    }
    let Ok(pause) = Duration::try_from_secs_f64(seconds.to_double()) else { return context.invalid() };
    context.environment.slept = context.environment.slept.saturating_add(pause);
    Ok(Value::Null)
}

pub(super) fn current_database(context: &mut Context<'_>, _: &[Value]) -> Result {
    Ok(context.environment.database.as_str().into())
}

pub(super) fn current_user(context: &mut Context<'_>, _: &[Value]) -> Result {
    Ok(context.environment.user.as_deref().map_or(Value::Null, Value::from))
}

pub(super) fn call(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    call_by_name(context, argument(arguments, 0), &arguments[1..])
}

pub(super) fn apply(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match argument(arguments, 1) {
        Value::Array(items) => call_by_name(context, argument(arguments, 0), items),
        Value::Null if arguments.len() == 1 => call_by_name(context, argument(arguments, 0), &[]),
        _ => context.invalid(),
    }
}

fn call_by_name(context: &mut Context<'_>, name: &Value, arguments: &[Value]) -> Result {
    let Some(name) = name.as_str() else { return Err(context.argument_error()) };
    match find(name) {
        Some(Lookup::Function(function)) => function.call(context, arguments),
        Some(Lookup::NotSupported(name)) => {
            Err(QueryError::not_implemented(format_args!("function {name}()")))
        }
        None if name.contains("::") => Err(QueryError::not_implemented("user-defined functions")),
        None => Err(unknown(name)),
    }
}
