//! Ids of collections.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The id of a collection, which no other collection ever gets.
///
/// A name may be given to another collection after a drop, an id is not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CollectionId(String);

impl CollectionId {
    /// Creates an id from its text, a decimal number.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether the server cannot take the id for a name.
    #[inline]
    pub(super) fn is_valid(&self) -> bool {
        !self.0.is_empty() && self.0.bytes().all(|byte| byte.is_ascii_digit())
    }
}

impl From<&str> for CollectionId {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

impl fmt::Display for CollectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
