//! Scalars: what is neither an object nor an array.

use std::fmt;

use serde_json::Value;

/// A scalar, or a body that is not JSON.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scalar {
    Null,
    Bool,
    /// A number without a fraction.
    Integer,
    /// A number that may have a fraction.
    Number,
    String,
    /// A string of digits, as ids are.
    Digits,
    /// A string with a time.
    Time,
    /// A string such as `CRDN-…`.
    ServerId,
    /// This very value.
    Exactly(String),
    /// A body that is neither JSON nor empty.
    Text,
    /// No body.
    Nothing,
    /// Anything, also objects and arrays.
    Any,
}

/// What a client reads a scalar as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Null,
    Bool,
    Integer,
    Number,
    String,
    Text,
    Nothing,
    Any,
}

const NAMES: [(&str, Scalar); 11] = [
    ("null", Scalar::Null),
    ("bool", Scalar::Bool),
    ("integer", Scalar::Integer),
    ("number", Scalar::Number),
    ("string", Scalar::String),
    ("digits", Scalar::Digits),
    ("time", Scalar::Time),
    ("server id", Scalar::ServerId),
    ("text", Scalar::Text),
    ("nothing", Scalar::Nothing),
    ("any", Scalar::Any),
];

impl Scalar {
    /// Reads what [`Display`](fmt::Display) writes.
    pub(crate) fn read(text: &str) -> Option<Self> {
        match text.strip_prefix('=') {
            Some(value) => Some(Self::Exactly(value.to_owned())),
            None => NAMES.into_iter().find(|(name, _)| *name == text).map(|(_, scalar)| scalar),
        }
    }

    /// This value, and no other.
    pub(crate) fn exactly(value: &Value) -> Self {
        match value {
            // In quotes if it would be read as something else.
            Value::String(text) if serde_json::from_str::<Value>(text).is_err() => {
                Self::Exactly(text.clone())
            }
            other => Self::Exactly(other.to_string()),
        }
    }

    pub(crate) fn type_of(&self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Bool => Type::Bool,
            Self::Integer => Type::Integer,
            Self::Number => Type::Number,
            Self::String | Self::Digits | Self::Time | Self::ServerId => Type::String,
            Self::Exactly(text) => match serde_json::from_str(text) {
                Ok(Value::Bool(_)) => Type::Bool,
                Ok(Value::Null) => Type::Null,
                Ok(Value::Number(number)) if number.is_f64() => Type::Number,
                Ok(Value::Number(_)) => Type::Integer,
                _ => Type::String,
            },
            Self::Text => Type::Text,
            Self::Nothing => Type::Nothing,
            Self::Any => Type::Any,
        }
    }

    /// Returns whether the other one is a case of this one.
    pub(crate) fn includes(&self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        match self {
            Self::Any => true,
            Self::Bool | Self::Integer | Self::String => other.type_of() == self.type_of(),
            Self::Number => matches!(other.type_of(), Type::Integer | Type::Number),
            _ => false,
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(value) => write!(f, "={value}"),
            other => {
                let name = NAMES.iter().find(|(_, scalar)| scalar == other).map(|(name, _)| *name);
                f.write_str(name.expect("all others have a name"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_scalar_is_read_as_it_is_written() {
        let exactly = [json!("GOOD"), json!("200"), json!(200), json!(true), json!(null), json!("a | b")];
        let scalars = NAMES.into_iter().map(|(_, scalar)| scalar);
        for scalar in scalars.chain(exactly.iter().map(Scalar::exactly)) {
            assert_eq!(Scalar::read(&scalar.to_string()), Some(scalar));
        }
        assert_eq!(Scalar::read("strong"), None);
    }

    #[test]
    fn a_string_of_digits_is_not_the_number() {
        assert_eq!(Scalar::exactly(&json!("200")).type_of(), Type::String);
        assert_eq!(Scalar::exactly(&json!(200)).type_of(), Type::Integer);
    }

    #[test]
    fn a_number_includes_integers_and_an_integer_no_fractions() {
        assert!(Scalar::Number.includes(&Scalar::Integer));
        assert!(!Scalar::Integer.includes(&Scalar::Number));
        assert!(Scalar::String.includes(&Scalar::Time) && !Scalar::Time.includes(&Scalar::String));
        assert!(Scalar::Integer.includes(&Scalar::exactly(&json!(3))));
    }
}
