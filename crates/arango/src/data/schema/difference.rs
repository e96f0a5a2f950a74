//! Differences between a database and its schema.

use std::fmt;

use arango_data::{CollectionName, PropertyDifference};

/// A difference between a database and its schema.
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
    /// A property of a collection differs.
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
        /// The option that differs.
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
    /// A graph is missing.
    MissingGraph {
        /// The graph.
        graph: String,
    },
    /// A graph lacks a definition, ends of edges or an orphan, or has another option.
    Graph {
        /// The graph.
        graph: String,
        /// What it lacks: for edges, their ends with those that it has already.
        difference: PropertyDifference,
    },
}

impl SchemaDifference {
    /// Returns whether [`ensure`](crate::data::DatabaseSchema::ensure) removes the difference.
    pub fn can_be_ensured(&self) -> bool {
        match self {
            Self::MissingCollection { .. } | Self::MissingIndex { .. } | Self::MissingGraph { .. } => true,
            Self::Property { difference, .. } | Self::Graph { difference, .. } => difference.is_changeable(),
            Self::Index { .. } | Self::IndexName { .. } => false,
        }
    }
}

impl fmt::Display for SchemaDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingCollection { collection } => write!(f, "+ collection {collection}"),
            Self::MissingIndex { collection, index } => write!(f, "+ index {collection}/{index}"),
            Self::MissingGraph { graph } => write!(f, "+ graph {graph}"),
            Self::Property { collection, difference } => write_difference(f, collection, difference),
            Self::Graph { graph, difference: PropertyDifference { property, expected, actual, .. } }
                if actual.is_null() && expected.as_bool() == Some(true) =>
            {
                write!(f, "+ graph {graph}.{property}")
            }
            Self::Graph { graph, difference }
                if difference.actual.is_null() && difference.is_changeable() =>
            {
                write!(f, "+ graph {graph}.{} {}", difference.property, difference.expected)
            }
            Self::Graph { graph, difference } => {
                write_difference(f, &format_args!("graph {graph}"), difference)
            }
            Self::Index { collection, index, difference } => {
                write!(f, "! index {collection}/{index} {difference} (cannot be changed)")
            }
            Self::IndexName { collection, index, actual } => {
                write!(f, "! index {collection}/{index} is named {actual} (cannot be changed)")
            }
        }
    }
}

/// Writes a property that can be changed, or cannot.
fn write_difference(
    f: &mut fmt::Formatter<'_>,
    subject: &dyn fmt::Display,
    difference: &PropertyDifference,
) -> fmt::Result {
    if difference.is_changeable() {
        let PropertyDifference { property, expected, actual, .. } = difference;
        write!(f, "~ {subject}.{property} {actual} → {expected}")
    } else {
        write!(f, "! {subject}.{difference} (cannot be changed)")
    }
}

/// All differences between a database and its schema, in the order of the schema.
///
/// [`Display`](fmt::Display) has a line for each difference.
#[derive(Debug, Clone, Default, PartialEq)]
#[must_use = "the differences say what is missing"]
pub struct SchemaDifferences(Vec<SchemaDifference>);

impl SchemaDifferences {
    #[inline]
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
    #[inline]
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
