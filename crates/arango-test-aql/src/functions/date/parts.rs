//! Parts of dates.

use super::calendar::Day;
use super::format::Time;
use super::{Result, is_utc, moment};
use crate::functions::context::Context;
use crate::value::{Object, Value};

/// Defines functions that return a part of a date, which may have a time zone.
macro_rules! parts {
    ($($name:ident => $part:expr;)*) => {
        $(pub(in crate::functions) fn $name(context: &mut Context<'_>, arguments: &[Value]) -> Result {
            let part: fn(i64) -> Value = $part;
            let Some(milliseconds) = moment(context, arguments, 0) else { return Ok(Value::Null) };
            Ok(if is_utc(context, arguments, 1)? { part(milliseconds) } else { Value::Null })
        })*
    };
}

parts! {
    date_year => |time| Value::Int(Day::of(time).year);
    date_month => |time| Value::Int(Day::of(time).month);
    date_day => |time| Value::Int(Day::of(time).day);
    date_hour => |time| Value::Int(Time::of(time).hour);
    date_minute => |time| Value::Int(Time::of(time).minute);
    date_second => |time| Value::Int(Time::of(time).second);
    date_millisecond => |time| Value::Int(Time::of(time).millisecond);
    date_dayofweek => |time| Value::Int(Day::of(time).day_of_week());
    date_dayofyear => |time| Value::Int(Day::of(time).day_of_year());
    date_isoweek => |time| Value::Int(Day::of(time).iso_week().1);
    date_leapyear => |time| Day::of(time).is_leap_year().into();
    date_quarter => |time| Value::Int(Day::of(time).quarter());
    date_days_in_month => |time| Value::Int(Day::of(time).days_in_month());
    date_isoweekyear => |time| {
        let (year, week) = Day::of(time).iso_week();
        let mut object = Object::new();
        object.set("week", Value::Int(week));
        object.set("year", Value::Int(year));
        object.into()
    };
}
