//! Dates: numbers of milliseconds since 1970, or texts of ISO 8601. All of them in UTC.

mod arithmetic;
mod calendar;
mod format;
mod parse;
mod parts;

pub(super) use self::arithmetic::{date_add, date_compare, date_diff, date_round, date_subtract, date_trunc};
pub(super) use self::format::iso8601;
pub(super) use self::parts::*;

use self::calendar::Day;
use super::arguments::{argument, integer};
use super::context::Context;
use crate::error::{QueryError, number};
use crate::value::Value;

type Result<T = Value> = std::result::Result<T, QueryError>;

/// The first and the last time that a server takes: the begin of the year 0 and the end of the year 9999.
const RANGE: std::ops::RangeInclusive<i64> = -62_167_219_200_000..=253_402_300_799_999;

pub(super) fn date_now(context: &mut Context<'_>, _: &[Value]) -> Result {
    Ok(Value::Int(context.environment.now_ms))
}

pub(super) fn date_timestamp(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(from_parts(context, arguments)?.map_or(Value::Null, Value::Int))
}

pub(super) fn date_iso8601(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match from_parts(context, arguments)? {
        Some(milliseconds) => text(context, milliseconds),
        None => Ok(Value::Null),
    }
}

pub(super) fn is_date_string(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    Ok(argument(arguments, 0).as_str().and_then(parse::parse_date).is_some().into())
}

pub(super) fn date_format(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(milliseconds) = moment(context, arguments, 0) else { return Ok(Value::Null) };
    let Some(pattern) = argument(arguments, 1).as_str() else { return context.invalid() };
    if !is_utc(context, arguments, 2)? {
        return Ok(Value::Null);
    }
    Ok(format::format(pattern, milliseconds).into())
}

/// Returns the time of one argument, or of year, month, day and so on; `None` after a warning.
fn from_parts(context: &mut Context<'_>, arguments: &[Value]) -> Result<Option<i64>> {
    if arguments.len() == 1 {
        return Ok(moment(context, arguments, 0));
    }
    let is_valid = |value: &Value| value.is_number() || value.as_str().is_some();
    if arguments.len() < 3 || !arguments.iter().all(is_valid) {
        context.warn_invalid();
        return Ok(None);
    }
    let parts: Vec<i64> = (0..7).map(|position| integer(arguments, position)).collect();
    if parts[0] > 9999 || parts.iter().any(|part| *part < 0) {
        warn_invalid_date(context);
        return Ok(None);
    }
    // A server keeps months and days in a byte, and counts on only a little beyond the year.
    if parts[1] > 14 || parts[2] > 255 {
        return Err(context.not_implemented("such a month or day"));
    }
    let units = [3_600_000, 60_000, 1000, 1];
    let time = parts[3..].iter().zip(units).map(|(part, unit)| {
        let limit = if unit == 1 { 999 } else { i64::MAX };
        (*part).min(limit).saturating_mul(unit)
    });
    let day = Day { year: parts[0], month: parts[1], day: parts[2] };
    Ok(Some(time.fold(day.milliseconds(), i64::saturating_add)))
}

/// Returns an argument as a time; `None` after a warning.
fn moment(context: &mut Context<'_>, arguments: &[Value], position: usize) -> Option<i64> {
    let moment = match argument(arguments, position) {
        Value::String(text) => parse::parse_date(text),
        number if number.is_number() => Some(number.to_integer()).filter(|time| RANGE.contains(time)),
        _ => {
            context.warn_invalid();
            return None;
        }
    };
    if moment.is_none() {
        warn_invalid_date(context);
    }
    moment
}

/// Returns a time as text; `null` after a warning if it is out of range.
fn text(context: &mut Context<'_>, milliseconds: i64) -> Result {
    // Far outside, the calendar would overflow.
    let near = -2 * RANGE.end()..=2 * RANGE.end();
    let text = Some(milliseconds).filter(|time| near.contains(time)).and_then(iso8601);
    if text.is_none() {
        warn_invalid_date(context);
    }
    Ok(text.map_or(Value::Null, Value::from))
}

fn warn_invalid_date(context: &mut Context<'_>) {
    context.warn_of(number::INVALID_DATE, "invalid date value");
}

/// Whether a time zone is left out or is UTC; `false` after a warning if it is not a string.
///
/// # Errors
/// If it is another time zone: this crate has no rules for those.
fn is_utc(context: &mut Context<'_>, arguments: &[Value], position: usize) -> Result<bool> {
    match arguments.get(position).map(Value::resolve) {
        None => Ok(true),
        Some(Value::String(zone)) if matches!(&**zone, "UTC" | "Etc/UTC") => Ok(true),
        Some(Value::String(_)) => Err(context.not_implemented("a time zone other than UTC")),
        Some(_) => {
            context.warn_invalid();
            Ok(false)
        }
    }
}
