//! Which collections a collection of edges connects.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Which collections a collection of edges connects.
///
/// ```
/// use arango_data::EdgeDefinition;
///
/// let wrote = EdgeDefinition::new("wrote", ["authors"], ["books", "articles"]);
/// assert_eq!(wrote.to, ["books", "articles"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EdgeDefinition {
    /// The collection of edges.
    pub collection: String,
    /// The collections in which edges begin.
    pub from: Vec<String>,
    /// The collections in which edges end.
    pub to: Vec<String>,
}

impl EdgeDefinition {
    /// Lets edges of a collection begin in `from` and end in `to`.
    #[must_use]
    pub fn new<F: Into<String>, T: Into<String>>(
        collection: impl Into<String>,
        from: impl IntoIterator<Item = F>,
        to: impl IntoIterator<Item = T>,
    ) -> Self {
        Self {
            collection: collection.into(),
            from: from.into_iter().map(Into::into).collect(),
            to: to.into_iter().map(Into::into).collect(),
        }
    }

    /// Returns the names of all its collections.
    #[inline]
    pub(super) fn collections(&self) -> impl Iterator<Item = &str> {
        [&self.collection].into_iter().chain(&self.from).chain(&self.to).map(String::as_str)
    }

    /// Returns a definition with the ends of another one of the same collection, and its own.
    #[inline]
    pub(super) fn with_ends_of(&self, other: &Self) -> Self {
        let unite = |other: &[String], own: &[String]| {
            let mut united = other.to_vec();
            united.extend(own.iter().filter(|name| !other.contains(name)).cloned());
            united
        };
        Self {
            collection: self.collection.clone(),
            from: unite(&other.from, &self.from),
            to: unite(&other.to, &self.to),
        }
    }

    /// Returns whether another definition connects the same collections, in whatever order they are named.
    #[inline]
    pub(super) fn is_equivalent(&self, other: &Self) -> bool {
        fn set(names: &[String]) -> BTreeSet<&str> {
            names.iter().map(String::as_str).collect()
        }
        self.collection == other.collection
            && set(&self.from) == set(&other.from)
            && set(&self.to) == set(&other.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_collections_is_irrelevant() {
        let one = EdgeDefinition::new("wrote", ["authors", "editors"], ["books"]);
        assert!(one.is_equivalent(&EdgeDefinition::new("wrote", ["editors", "authors"], ["books"])));
        assert!(!one.is_equivalent(&EdgeDefinition::new("wrote", ["authors"], ["books"])));
        assert!(!one.is_equivalent(&EdgeDefinition::new("read", ["authors", "editors"], ["books"])));
    }
}
