//! Conversions between types, as operators and the `TO_…` functions make them.

use std::sync::Arc;

use super::Value;
use super::number::{
    nearest, nearest_unsigned, read_leading_integer, read_number, whole_or_double, write_double,
};

impl Value {
    /// Converts to a number: `null`, and what has no number, is 0.
    pub fn to_number(&self) -> Value {
        match self.resolve() {
            number @ (Self::Int(_) | Self::UInt(_) | Self::Double(_)) => number.clone(),
            other => whole_or_double(other.to_double()),
        }
    }

    /// Converts to the nearest double. The result is infinite or NaN only for a text that says so.
    pub fn to_double(&self) -> f64 {
        self.try_to_double().unwrap_or(0.0)
    }

    /// Converts to the nearest double; `None` if the value has no number.
    pub(crate) fn try_to_double(&self) -> Option<f64> {
        match self.resolve() {
            Self::Null => Some(0.0),
            Self::Bool(value) => Some(f64::from(u8::from(*value))),
            Self::Int(value) => Some(nearest(*value)),
            Self::UInt(value) => Some(nearest_unsigned(*value)),
            Self::Double(value) => Some(*value),
            Self::String(text) => read_number(text),
            Self::Array(items) => match items.as_slice() {
                [] => Some(0.0),
                [item] => item.try_to_double(),
                _ => None,
            },
            Self::Object(_) | Self::Document(_) => None,
        }
    }

    /// Converts to a whole number, as functions do with positions and counts.
    ///
    /// A fraction is cut off, and so is what follows the digits of a text. A number that is too large is cut to the
    /// range.
    #[allow(clippy::cast_possible_truncation, reason = "cuts to the range, as intended")]
    pub fn to_integer(&self) -> i64 {
        match self.resolve() {
            Self::Bool(value) => i64::from(*value),
            Self::Int(value) => *value,
            Self::UInt(_) => i64::MAX,
            Self::Double(value) => *value as i64,
            Self::String(text) => read_leading_integer(text),
            Self::Array(items) if items.len() == 1 => items[0].to_integer(),
            Self::Null | Self::Array(_) | Self::Object(_) | Self::Document(_) => 0,
        }
    }

    /// Converts to a string: `null` is empty, arrays and objects are JSON.
    pub fn to_text(&self) -> Arc<str> {
        match self.resolve() {
            Self::Null | Self::Document(_) => Arc::from(""),
            Self::Bool(true) => Arc::from("true"),
            Self::Bool(false) => Arc::from("false"),
            Self::Int(value) => value.to_string().into(),
            Self::UInt(value) => value.to_string().into(),
            Self::Double(value) => write_double(*value).into(),
            Self::String(text) => text.clone(),
            Self::Array(_) | Self::Object(_) => self.to_json_string().into(),
        }
    }

    /// Converts to a value of type string.
    pub fn to_string_value(&self) -> Value {
        Self::String(self.to_text())
    }

    /// Converts to a truth value.
    pub fn to_bool(&self) -> Value {
        Self::Bool(self.is_true())
    }

    /// Converts to an array: `null` is empty, an object yields its values, a scalar becomes the one item.
    pub fn to_array(&self) -> Value {
        match self.resolve() {
            Self::Null | Self::Document(_) => Self::empty_array(),
            array @ Self::Array(_) => array.clone(),
            Self::Object(object) => Self::array(object.iter().map(|(_, value)| value.clone()).collect()),
            scalar => Self::array(vec![scalar.clone()]),
        }
    }
}
