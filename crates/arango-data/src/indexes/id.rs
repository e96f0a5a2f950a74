//! Ids of indexes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::names::InvalidIdentifier;

/// The id of an index: the name of its collection, a slash, and a number or the name of the index.
///
/// ```
/// use arango_data::IndexId;
///
/// assert_eq!(IndexId::new("books/12345")?.as_str(), "books/12345");
/// assert!(IndexId::new("12345").is_err());
/// # Ok::<(), arango_data::InvalidIdentifier>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IndexId(String);

impl IndexId {
    /// Validates an id.
    ///
    /// # Errors
    ///
    /// If it is not two names with a slash between them.
    pub fn new(id: &str) -> Result<Self, InvalidIdentifier> {
        match id.split_once('/') {
            Some((collection, index))
                if !collection.is_empty() && !index.is_empty() && !index.contains('/') =>
            {
                Ok(Self(id.to_owned()))
            }
            _ => Err(InvalidIdentifier::new("index id", id, "is not a collection, a slash and an index")),
        }
    }

    /// Returns whether it has the number of the index, and not its name.
    pub(super) fn is_number(&self) -> bool {
        self.0.split_once('/').is_some_and(|(_, index)| index.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IndexId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_two_parts() {
        for id in ["", "books", "/1", "books/", "books/1/2"] {
            assert!(IndexId::new(id).is_err(), "{id}");
        }
        assert_eq!(IndexId::new("books/primary").unwrap().to_string(), "books/primary");
    }
}
