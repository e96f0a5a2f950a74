//! Passwords of users.

use std::fmt;

use serde::{Serialize, Serializer};

/// A password that a user is to have.
///
/// It is sent, and never printed.
///
/// ```
/// use arango_data::Password;
///
/// assert_eq!(format!("{:?}", Password::new("s3cret")), "Password(..)");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Takes a password. An empty one lets the user log in without.
    #[must_use]
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }
}

impl Serialize for Password {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}
