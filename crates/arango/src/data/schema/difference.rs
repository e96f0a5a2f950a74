//! What a database has otherwise than its schema.

use std::fmt;

use arango_data::{CollectionName, PropertyDifference};

/// Something that a database has otherwise than its schema.
///
/// [`Display`](fmt::Display) is one line, which begins with `+` for what is missing, with `~` for what can be changed, and with
/// `!` for what cannot.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SchemaDifference {
    /// A collection is missing.
    MissingCollection {
        /// The collection.
        collection: CollectionName,
    },
    /// A property of a collection is another one.
    Property {
        /// The collection.
        collection: CollectionName,
        /// The property.
        difference: PropertyDifference,
    },
    /// An index is missing.
    MissingIndex {
        /// The collection.
        collection: CollectionName,
        /// The name of the index, or its type and fields.
        index: String,
    },
    /// An index of the name exists, and has another definition. It can only be dropped.
    Index {
        /// The collection.
        collection: CollectionName,
        /// The name of the index, or its type and fields.
        index: String,
        /// An option that is another one.
        difference: PropertyDifference,
    },
    /// The index exists under another name. It can only be dropped.
    IndexName {
        /// The collection.
        collection: CollectionName,
        /// The name that it should have.
        index: String,
        /// The name that it has.
        actual: String,
    },
}

impl SchemaDifference {
    /// Returns whether [`ensure`](crate::data::DatabaseSchema::ensure) removes the difference.
    pub fn can_be_ensured(&self) -> bool {
        match self {
            Self::MissingCollection { .. } | Self::MissingIndex { .. } => true,
            Self::Property { difference, .. } => difference.is_changeable(),
            Self::Index { .. } | Self::IndexName { .. } => false,
        }
    }
}

impl fmt::Display for SchemaDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingCollection { collection } => write!(f, "+ collection {collection}"),
            Self::MissingIndex { collection, index } => write!(f, "+ index {collection}/{index}"),
            Self::Property { collection, difference } => {
                let PropertyDifference { property, expected, actual, .. } = difference;
                if difference.is_changeable() {
                    write!(f, "~ {collection}.{property} {actual} → {expected}")
                } else {
                    write!(f, "! {collection}.{property} {actual}, wanted {expected} (fixed for life)")
                }
            }
            Self::Index { collection, index, difference } => {
                let PropertyDifference { property, expected, actual, .. } = difference;
                write!(
                    f,
                    "! index {collection}/{index} {property} {actual}, wanted {expected} (fixed for life)"
                )
            }
            Self::IndexName { collection, index, actual } => {
                write!(f, "! index {collection}/{index} is named {actual} (fixed for life)")
            }
        }
    }
}

/// All that a database has otherwise than its schema, in the order of the schema.
///
/// [`Display`](fmt::Display) has a line for each difference.
#[derive(Debug, Clone, Default, PartialEq)]
#[must_use = "the differences say what is missing"]
pub struct SchemaDifferences(Vec<SchemaDifference>);

impl SchemaDifferences {
    pub(super) fn push(&mut self, difference: SchemaDifference) {
        self.0.push(difference);
    }

    /// Returns whether the database has all that the schema expects.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the differences.
    pub fn iter(&self) -> std::slice::Iter<'_, SchemaDifference> {
        self.0.iter()
    }

    /// Returns whether [`ensure`](crate::data::DatabaseSchema::ensure) removes all differences.
    pub fn can_be_ensured(&self) -> bool {
        self.0.iter().all(SchemaDifference::can_be_ensured)
    }
}

impl<'a> IntoIterator for &'a SchemaDifferences {
    type Item = &'a SchemaDifference;
    type IntoIter = std::slice::Iter<'a, SchemaDifference>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for SchemaDifferences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, difference) in self.iter().enumerate() {
            write!(f, "{}{difference}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}
