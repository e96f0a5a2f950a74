//! Ids of cursors, batches and queries.

use std::fmt;

use serde::de::{Error, Visitor};

/// Defines an id that the server writes as text.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Creates an id from its text.
            #[must_use]
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// Returns the id as text.
            #[inline]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            #[inline]
            fn from(id: &str) -> Self {
                Self::new(id)
            }
        }

        impl std::fmt::Display for $name {
            #[inline]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any($crate::queries::IdVisitor).map(Self)
            }
        }
    };
}

pub(crate) use id;

id! {
    /// The id of a cursor, unique within its database.
    ///
    /// A secret: every user of the database can read the rest of the cursor by it.
    CursorId
}

id! {
    /// The number of a batch within its cursor.
    #[derive(Debug)]
    BatchId
}

id! {
    /// The id of a running query.
    #[derive(Debug)]
    QueryId
}

// Without the id.
impl fmt::Debug for CursorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CursorId").finish_non_exhaustive()
    }
}

impl BatchId {
    /// Returns whether `next` is the number after this one.
    pub(super) fn is_followed_by(&self, next: &Self) -> bool {
        let number = |id: &Self| id.0.parse::<u64>().ok();
        number(self).zip(number(next)).is_some_and(|(this, next)| this.checked_add(1) == Some(next))
    }
}

pub(crate) struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id")
    }

    fn visit_str<E: Error>(self, id: &str) -> Result<String, E> {
        Ok(id.to_owned())
    }

    fn visit_u64<E: Error>(self, id: u64) -> Result<String, E> {
        Ok(id.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_texts_and_numbers() {
        let read = |text: &str| serde_json::from_str::<BatchId>(text).unwrap();
        assert_eq!(read("\"2\""), read("2"));
        assert!(read("2").is_followed_by(&read("3")) && !read("2").is_followed_by(&read("2")));
        assert!(!BatchId::new("x").is_followed_by(&BatchId::new("x")));
    }
}
