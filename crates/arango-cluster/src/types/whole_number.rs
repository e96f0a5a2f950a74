//! Whole numbers that a server computes as floating-point numbers.

use std::fmt;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// The first number that `u64` cannot hold.
const TOO_LARGE: f64 = 18_446_744_073_709_551_616.0;

/// Decodes a number that may be written with an exponent, such as `5e+9`.
pub(crate) fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    deserializer.deserialize_any(WholeNumberVisitor)
}

struct WholeNumberVisitor;

impl Visitor<'_> for WholeNumberVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number without a fraction that is not negative")
    }

    fn visit_u64<E>(self, number: u64) -> Result<u64, E> {
        Ok(number)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
    fn visit_f64<E: Error>(self, number: f64) -> Result<u64, E> {
        if (0.0..TOO_LARGE).contains(&number) && number.fract() == 0.0 {
            Ok(number as u64)
        } else {
            Err(E::invalid_value(serde::de::Unexpected::Float(number), &self))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_in_every_notation() {
        let read = |text: &str| required(&mut serde_json::Deserializer::from_str(text));
        for (text, number) in [
            ("512000000", 512_000_000),
            ("5e+9", 5_000_000_000),
            ("1.2e+3", 1_200),
            ("7.0", 7),
            ("0", 0),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(read(text).unwrap(), number, "{text}");
        }
        for text in ["-1", "-1.0", "0.5", "1e300", "\"7\"", "null"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
