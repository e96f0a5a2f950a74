//! Numbers: rounding, powers and angles.

use super::arguments::argument;
use super::context::Context;
use crate::error::QueryError;
use crate::value::Value;
use crate::value::number::whole_or_double;

type Result = std::result::Result<Value, QueryError>;

/// Defines functions of one number. A result that is not finite is `null`.
macro_rules! of_one_number {
    ($($name:ident => $calculate:expr;)*) => {
        $(pub(super) fn $name(_: &mut Context<'_>, arguments: &[Value]) -> Result {
            let calculate: fn(f64) -> f64 = $calculate;
            Ok(whole_or_double(calculate(argument(arguments, 0).to_double())))
        })*
    };
}

of_one_number! {
    // A half is rounded up, below zero as well.
    round => |number| (number + 0.5).floor();
    abs => f64::abs;
    ceil => f64::ceil;
    floor => f64::floor;
    sqrt => f64::sqrt;
    log => f64::ln;
    log2 => f64::log2;
    log10 => f64::log10;
    exp => f64::exp;
    exp2 => f64::exp2;
    sin => f64::sin;
    cos => f64::cos;
    tan => f64::tan;
    asin => f64::asin;
    acos => f64::acos;
    atan => f64::atan;
    radians => |degrees| degrees * (std::f64::consts::PI / 180.0);
    degrees => |radians| radians * (180.0 / std::f64::consts::PI);
}

pub(super) fn pow(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    let [base, exponent] = [0, 1].map(|position| argument(arguments, position).to_double());
    Ok(whole_or_double(base.powf(exponent)))
}

pub(super) fn atan2(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    let [y, x] = [0, 1].map(|position| argument(arguments, position).to_double());
    Ok(whole_or_double(y.atan2(x)))
}

pub(super) fn pi(_: &mut Context<'_>, _: &[Value]) -> Result {
    Ok(Value::Double(std::f64::consts::PI))
}

pub(super) fn in_range(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let [value, low, high] = [0, 1, 2].map(|position| argument(arguments, position));
    let (Value::Bool(includes_low), Value::Bool(includes_high)) =
        (argument(arguments, 3), argument(arguments, 4))
    else {
        return context.invalid();
    };
    let collation = &mut context.environment.collation;
    let (from_low, to_high) = (low.compare_in(value, collation), value.compare_in(high, collation));
    let is_above = from_low.is_lt() || (*includes_low && from_low.is_eq());
    let is_below = to_high.is_lt() || (*includes_high && to_high.is_eq());
    Ok((is_above && is_below).into())
}
