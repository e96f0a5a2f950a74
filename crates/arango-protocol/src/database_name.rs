//! Database names and their path prefixes.

use std::fmt;
use std::sync::Arc;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The longest database name, in bytes: the server's limit for extended names.
const MAX_LENGTH: usize = 128;

/// A validated database name with its path prefix.
///
/// ```
/// use arango_protocol::DatabaseName;
///
/// let shop = DatabaseName::new("Büro / 1")?;
/// assert_eq!(shop.prefix(), "/_db/B%C3%BCro%20%2F%201");
/// assert_eq!(DatabaseName::system().prefix(), "");
/// # Ok::<(), arango_protocol::InvalidName>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DatabaseName {
    name: Arc<str>,
    // Encoded once, since every path needs it.
    prefix: Arc<str>,
}

impl DatabaseName {
    /// Validates a name as far as possible without a server.
    ///
    /// The server decides whether it allows extended names, and whether a name is in Unicode's normal form C.
    ///
    /// # Errors
    ///
    /// If it is empty, longer than 128 bytes, contains a control character or is `.` or `..`.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        let reason = if name.is_empty() {
            "is empty"
        } else if name.len() > MAX_LENGTH {
            "is longer than 128 bytes"
        } else if name.chars().any(char::is_control) {
            "contains a control character"
        } else if name == "." || name == ".." {
            "would change the path"
        } else {
            let prefix = if name == "_system" {
                String::new()
            } else {
                const UNRESERVED: &percent_encoding::AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');
                format!("/_db/{}", utf8_percent_encode(name, UNRESERVED))
            };
            return Ok(Self { name: name.into(), prefix: prefix.into() });
        };
        Err(InvalidName { name: name.chars().take(MAX_LENGTH).collect(), reason })
    }

    /// The database `_system`, which every cluster has.
    pub fn system() -> Self {
        Self { name: "_system".into(), prefix: "".into() }
    }

    /// Returns the name as given.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Returns the prefix of every path in this database; empty for `_system`.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl fmt::Display for DatabaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

impl fmt::Debug for DatabaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.name, f)
    }
}

/// An invalid database name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the database name {name:?} {reason}")]
pub struct InvalidName {
    name: String,
    reason: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    #[test]
    fn names_are_encoded_byte_by_byte() {
        for (name, prefix) in [
            ("shop", "/_db/shop"),
            ("_system", ""),
            ("a/b%c", "/_db/a%2Fb%25c"),
            ("日本", "/_db/%E6%97%A5%E6%9C%AC"),
            ("x.y", "/_db/x%2Ey"),
        ] {
            assert_eq!(DatabaseName::new(name).unwrap().prefix(), prefix);
        }
    }

    #[test]
    fn an_invalid_name_is_rejected_before_sending() {
        for name in ["", "..", "a\0b", "a\nb", &"x".repeat(129)] {
            assert!(DatabaseName::new(name).is_err(), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn every_accepted_name_is_one_segment_and_can_be_decoded(name in "\\PC{1,32}|[ -~]{1,128}") {
            if let Ok(database) = DatabaseName::new(&name) {
                let segment = database.prefix().strip_prefix("/_db/").unwrap_or("_system");
                prop_assert!(!segment.contains(|c: char| !c.is_ascii_graphic() || "/?#.".contains(c)));
                prop_assert_eq!(percent_decode_str(segment).decode_utf8().unwrap(), name);
            }
        }
    }
}
