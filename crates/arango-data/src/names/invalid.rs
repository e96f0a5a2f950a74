//! The error for a name that the server would refuse.

use std::convert::Infallible;
use std::fmt;

/// How much of an invalid value is kept, in characters.
const MAX_KEPT: usize = 256;

/// An invalid name of a collection, key, document id or revision.
///
/// ```
/// use arango_data::Key;
///
/// let error = Key::try_from("a b").unwrap_err();
/// assert_eq!(error.to_string(), r#"the key "a b" contains a character that no key may contain"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidIdentifier {
    what: &'static str,
    value: String,
    reason: &'static str,
}

impl InvalidIdentifier {
    pub(crate) fn new(what: &'static str, value: &str, reason: &'static str) -> Self {
        Self { what, value: value.chars().take(MAX_KEPT).collect(), reason }
    }

    /// Returns the first 256 characters of the value.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Returns what is wrong with the value, such as `is empty`.
    pub fn reason(&self) -> &'static str {
        self.reason
    }
}

impl fmt::Display for InvalidIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} {:?} {}", self.what, self.value, self.reason)
    }
}

impl std::error::Error for InvalidIdentifier {}

/// For the conversion of a value that is valid already.
impl From<Infallible> for InvalidIdentifier {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
