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

/// Reads a number with white space around it; no text at all is 0. `None` if the text is anything else.
///
/// Takes what C does: `0x1f` is a number, and so is `inf`, which no value can hold.
pub(crate) fn read_number(text: &str) -> Option<f64> {
    let text = text.trim_matches([' ', '\t', '\r', '\n', '\u{c}']);
    if text.is_empty() {
        return Some(0.0);
    }
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        let is_hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        return u64::from_str_radix(digits, 16).ok().filter(|_| is_hexadecimal).map(nearest_unsigned);
    }
    let number: f64 = text.parse().ok()?;
    let is_too_large = number.is_infinite() && text.bytes().any(|byte| byte.is_ascii_digit());
    (!is_too_large).then_some(number)
}

/// Reads the whole number at the begin of a text; what follows is ignored. 0 if there is none.
pub(crate) fn read_leading_integer(text: &str) -> i64 {
    let text = text.trim_start();
    let sign = usize::from(text.starts_with(['-', '+']));
    let digits = text[sign..].bytes().take_while(u8::is_ascii_digit).count();
    text[..sign + digits].parse().unwrap_or(0)
}

/// Returns a double that was calculated: as an integer if its text is that of an integer.
///
/// A server keeps the double, and so writes `1e+8` where an integer would be `100000000`.
pub(crate) fn whole_or_double(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    // Below, no whole number is written with an exponent.
    const SHORT: f64 = 1e8;
    let is_whole = value.fract() == 0.0 && value.abs() <= EXACT;
    let has_exponent = value.abs() >= SHORT && write_double(value).contains('e');
    #[allow(clippy::cast_possible_truncation, reason = "it is whole and within the range")]
    if is_whole && !has_exponent { Value::Int(value as i64) } else { Value::double(value) }
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
