//! Literals of numbers.

use super::super::token::Token;
use super::prefix;

/// Returns the number at the begin of a text, and its length.
///
/// A number ends where it can no longer go on, even within a word: `1REMOVE` is a number and a keyword.
pub(super) fn number(text: &str) -> Option<(Token, usize)> {
    radix(text, "0b", 2, 32).or_else(|| radix(text, "0x", 16, 8)).or_else(|| decimal(text))
}

/// Reads `0b…` or `0x…`, which have at most 32 bits.
fn radix(text: &str, mark: &str, radix: u32, most: usize) -> Option<(Token, usize)> {
    let digits = text.get(2..).filter(|_| text[..2].eq_ignore_ascii_case(mark))?;
    let length = prefix(digits, |char| char.is_digit(radix)).min(most);
    let value = i64::from_str_radix(&digits[..length], radix).ok()?;
    Some((Token::Integer(value), 2 + length))
}

fn decimal(text: &str) -> Option<(Token, usize)> {
    let digits = |text: &str| prefix(text, |char| char.is_ascii_digit());
    // A zero is not followed by further digits: `01` is two numbers.
    let whole = if text.starts_with('0') { 1 } else { digits(text) };
    let mut length = whole;
    let fraction = text[length..].strip_prefix('.').map_or(0, digits);
    if fraction > 0 {
        length += 1 + fraction;
    }
    if length == 0 {
        return None;
    }
    if let Some(rest) = text[length..].strip_prefix(['e', 'E']) {
        let sign = usize::from(rest.starts_with(['+', '-']));
        let exponent = digits(&rest[sign..]);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    let literal = &text[..length];
    let token = match literal.parse() {
        Ok(value) if length == whole => Token::Integer(value),
        _ => match literal.parse() {
            Ok(value) if f64::is_finite(value) => Token::Double(value),
            _ => Token::OutOfRange,
        },
    };
    Some((token, length))
}
