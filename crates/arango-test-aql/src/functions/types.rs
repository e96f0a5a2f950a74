//! Checks of types and conversions.

use super::arguments::argument;
use super::context::Context;
use crate::error::QueryError;
use crate::value::Value;
use crate::value::number::whole_or_double;

type Result = std::result::Result<Value, QueryError>;

pub(super) fn is_null(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(argument(arguments, 0).is_null().into())
}

pub(super) fn is_bool(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(matches!(argument(arguments, 0), Value::Bool(_)).into())
}

pub(super) fn is_number(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(argument(arguments, 0).is_number().into())
}

pub(super) fn is_string(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(argument(arguments, 0).as_str().is_some().into())
}

pub(super) fn is_array(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(argument(arguments, 0).as_array().is_some().into())
}

pub(super) fn is_object(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(argument(arguments, 0).as_object().is_some().into())
}

pub(super) fn type_name(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(argument(arguments, 0).type_name().into())
}

pub(super) fn to_number(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    // A server makes a double of everything, also of an integer.
    Ok(whole_or_double(argument(arguments, 0).to_double()))
}

pub(super) fn to_string(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(argument(arguments, 0).to_string_value())
}

pub(super) fn to_bool(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(argument(arguments, 0).to_bool())
}

pub(super) fn to_array(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(argument(arguments, 0).to_array())
}
