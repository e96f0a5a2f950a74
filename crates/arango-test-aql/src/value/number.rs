//! Numbers: their text, and integers as doubles.

use super::Value;

/// Returns the shortest text that reads as the same number, in the form of a server.
///
/// Whole numbers have no fraction, and the exponent is written where a server writes it: for `1e+21` as well as for
/// `1e+8`, but not for `12345678900`.
pub(crate) fn write_double(value: f64) -> String {
    let scientific = format!("{:e}", value.abs());
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let digits = digits.replace('.', "");
    // The value is `digits` times ten to the power of `scale`.
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let scale = if value == 0.0 { 0 } else { exponent + 1 - count };
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());

    if scale >= 0 && exponent.abs() < count + 7 {
        return format!("{sign}{digits}{}", zeros(scale));
    }
    if scale < 0 && (scale > -7 || exponent.abs() < 4) {
        return match usize::try_from(count + scale) {
            Ok(point) if point > 0 => format!("{sign}{}.{}", &digits[..point], &digits[point..]),
            _ => format!("{sign}0.{}{digits}", zeros(-scale - count)),
        };
    }
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{first}{point}{rest}e{exponent_sign}{}", exponent.abs())
}

/// Reads a number with white space around it; `None` if the text is anything else.
pub(crate) fn read_number(text: &str) -> Option<Value> {
    let text = text.trim_matches([' ', '\t', '\r', '\n', '\u{c}', '\u{b}']);
    if let Ok(value) = text.parse::<i64>() {
        return Some(Value::Int(value));
    }
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    text.parse::<f64>().ok().filter(|_| is_number).map(Value::double)
}

/// Returns the nearest double.
#[allow(clippy::cast_precision_loss, reason = "the nearest double is what is asked for")]
pub(crate) fn nearest(value: i64) -> f64 {
    value as f64
}

/// Returns the nearest double.
#[allow(clippy::cast_precision_loss, reason = "the nearest double is what is asked for")]
pub(crate) fn nearest_unsigned(value: u64) -> f64 {
    value as f64
}
