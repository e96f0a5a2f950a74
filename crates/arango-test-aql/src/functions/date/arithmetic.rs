//! Dates: sums, differences, rounding and comparison.

use super::calendar::{DAY, Day};
use super::format::Time;
use super::parse::{IsoDuration, parse_duration};
use super::{Result, is_utc, moment, text, warn_invalid_date};
use crate::functions::arguments::argument;
use crate::functions::context::Context;
use crate::value::Value;
use crate::value::number::whole_or_double;

/// A unit of time, the shortest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Unit {
    fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "f" | "millisecond" | "milliseconds" => Self::Millisecond,
            "s" | "second" | "seconds" => Self::Second,
            "i" | "minute" | "minutes" => Self::Minute,
            "h" | "hour" | "hours" => Self::Hour,
            "d" | "day" | "days" => Self::Day,
            "w" | "week" | "weeks" => Self::Week,
            "m" | "month" | "months" => Self::Month,
            "y" | "year" | "years" => Self::Year,
            _ => return None,
        })
    }

    /// Returns the length in milliseconds; that of months and years is the mean of the calendar.
    fn milliseconds(self) -> i64 {
        match self {
            Self::Millisecond => 1,
            Self::Second => 1000,
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => DAY,
            Self::Week => 7 * DAY,
            Self::Month => 2_629_746_000,
            Self::Year => 31_556_952_000,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Forward,
    Back,
}

pub(in crate::functions) fn date_add(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    add(context, arguments, Direction::Forward)
}

pub(in crate::functions) fn date_subtract(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    add(context, arguments, Direction::Back)
}

/// Adds a duration: a number and a unit, or a text of ISO 8601. A time zone may follow.
fn add(context: &mut Context<'_>, arguments: &[Value], direction: Direction) -> Result {
    let Some(milliseconds) = moment(context, arguments, 0) else { return Ok(Value::Null) };
    let amount = argument(arguments, 1);
    let is_iso = arguments.len() == 2 || (arguments.len() == 3 && amount.as_str().is_some());
    if !is_utc(context, arguments, if is_iso { 2 } else { 3 })? {
        return Ok(Value::Null);
    }
    let duration = if is_iso {
        let Some(duration) = amount.as_str() else { return context.invalid() };
        parse_duration(duration)
    } else {
        let Some(unit) = argument(arguments, 2).as_str().filter(|_| amount.is_number()) else {
            return context.invalid();
        };
        Unit::parse(unit).map(|unit| duration(amount, unit))
    };
    let Some(mut duration) = duration else {
        warn_invalid_date(context);
        return Ok(Value::Null);
    };
    if direction == Direction::Back {
        duration = IsoDuration { months: -duration.months, milliseconds: -duration.milliseconds };
    }
    // More than this leads out of the range of dates, whatever the first date is.
    let limit = 2 * super::RANGE.end();
    let is_far = duration.months.abs() > 12 * 20_000 || duration.milliseconds.abs() > limit;
    let time = milliseconds.rem_euclid(DAY) + duration.milliseconds;
    let day = Day::of(milliseconds).add_months(if is_far { 0 } else { duration.months });
    text(context, if is_far { i64::MAX } else { day.milliseconds() + time })
}

/// Returns the duration of a number of units. What remains of years and months becomes months and days of 30 per month.
///
/// Durations that lead out of the range of dates are cut to others that do.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "durations are cut to milliseconds"
)]
fn duration(amount: &Value, unit: Unit) -> IsoDuration {
    const FAR: f64 = 1e17;
    let mut amount = amount.to_double().clamp(-FAR, FAR);
    let mut months = 0;
    let mut unit = unit;
    if unit == Unit::Year {
        months += amount.trunc() as i64 * 12;
        amount = amount.fract() * 12.0;
        unit = Unit::Month;
    }
    if unit == Unit::Month {
        months += amount.trunc() as i64;
        amount = amount.fract() * 30.0;
        unit = Unit::Day;
    }
    // Cutting, a conversion as here, is what a server does.
    IsoDuration { months, milliseconds: (amount * unit.milliseconds() as f64).clamp(-FAR, FAR) as i64 }
}

#[allow(clippy::cast_precision_loss, reason = "differences of dates fit into doubles")]
pub(in crate::functions) fn date_diff(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(from) = moment(context, arguments, 0) else { return Ok(Value::Null) };
    let Some(to) = moment(context, arguments, 1) else { return Ok(Value::Null) };
    let Some(unit) = argument(arguments, 2).as_str() else { return context.invalid() };
    let (as_float, zones) = match arguments.get(3) {
        Some(Value::Bool(as_float)) => (*as_float, 4..6),
        _ => (false, 3..6),
    };
    for zone in zones {
        if !is_utc(context, arguments, zone)? {
            return Ok(Value::Null);
        }
    }
    let Some(unit) = Unit::parse(unit) else {
        warn_invalid_date(context);
        return Ok(Value::Null);
    };
    let difference = (to - from) as f64 / unit.milliseconds() as f64;
    Ok(whole_or_double(if as_float { difference } else { difference.round() }))
}

pub(in crate::functions) fn date_trunc(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(milliseconds) = moment(context, arguments, 0) else { return Ok(Value::Null) };
    let Some(unit) = argument(arguments, 1).as_str() else { return context.invalid() };
    if !is_utc(context, arguments, 2)? {
        return Ok(Value::Null);
    }
    let day = Day::of(milliseconds);
    let truncated = match Unit::parse(unit) {
        Some(Unit::Year) => Day { month: 1, day: 1, ..day }.milliseconds(),
        Some(Unit::Month) => Day { day: 1, ..day }.milliseconds(),
        Some(Unit::Week) | None => {
            warn_invalid_date(context);
            return Ok(Value::Null);
        }
        Some(unit) => milliseconds - milliseconds.rem_euclid(unit.milliseconds()),
    };
    text(context, truncated)
}

pub(in crate::functions) fn date_round(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(milliseconds) = moment(context, arguments, 0) else { return Ok(Value::Null) };
    let (amount, unit) = (argument(arguments, 1), argument(arguments, 2).as_str());
    let (true, Some(unit)) = (amount.is_number(), unit) else { return context.invalid() };
    if !is_utc(context, arguments, 3)? {
        return Ok(Value::Null);
    }
    // Here a server does not take units in capital letters.
    let unit = Unit::parse(unit).filter(|parsed| *parsed <= Unit::Day && unit.to_ascii_lowercase() == unit);
    let step = unit.and_then(|unit| amount.to_integer().checked_mul(unit.milliseconds()));
    match step.filter(|step| *step > 0) {
        // Towards 1970, also before it.
        Some(step) => text(context, milliseconds / step * step),
        None => context.invalid(),
    }
}

pub(in crate::functions) fn date_compare(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(left) = moment(context, arguments, 0) else { return Ok(Value::Null) };
    let Some(right) = moment(context, arguments, 1) else { return Ok(Value::Null) };
    let unit = |position| argument(arguments, position).as_str().and_then(Unit::parse);
    let Some(start) = unit(2) else { return context.invalid() };
    let end = unit(3);
    let first_zone = if end.is_some() { 4 } else { 3 };
    if end.is_none() && arguments.len() == 6 {
        return context.invalid();
    }
    for zone in first_zone..6 {
        if !is_utc(context, arguments, zone)? {
            return Ok(Value::Null);
        }
    }
    let end = end.unwrap_or(start);
    if start == Unit::Week {
        return Err(context.not_implemented("weeks"));
    }
    let parts = |time| {
        let (day, clock) = (Day::of(time), Time::of(time));
        [
            (Unit::Year, day.year),
            (Unit::Month, day.month),
            (Unit::Day, day.day),
            (Unit::Hour, clock.hour),
            (Unit::Minute, clock.minute),
            (Unit::Second, clock.second),
            (Unit::Millisecond, clock.millisecond),
        ]
    };
    // The first part always counts, even if the range ends before it begins.
    let counts = |unit: Unit| unit <= start && (unit == start || unit >= end);
    let mut pairs = parts(left).into_iter().zip(parts(right));
    Ok(pairs.all(|((unit, left), (_, right))| !counts(unit) || left == right).into())
}
