//! Views and analyzers, as they were defined. They search nothing.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A view of a database.
#[derive(Debug, Clone)]
pub(crate) struct SearchView {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) definition: ViewDefinition,
}

/// What a view consists of.
#[derive(Debug, Clone)]
pub(crate) enum ViewDefinition {
    /// A view with its own indexes: its properties, and its links by collection.
    ArangoSearch { properties: Map<String, Value>, links: BTreeMap<String, Value> },
    /// A view of inverted indexes: their collections and names.
    SearchAlias { indexes: Vec<(String, String)> },
}

impl ViewDefinition {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::ArangoSearch { .. } => "arangosearch",
            Self::SearchAlias { .. } => "search-alias",
        }
    }

    /// Returns the collections that are searched.
    pub(crate) fn collections(&self) -> Vec<&str> {
        match self {
            Self::ArangoSearch { links, .. } => links.keys().map(String::as_str).collect(),
            Self::SearchAlias { indexes } => {
                indexes.iter().map(|(collection, _)| collection.as_str()).collect()
            }
        }
    }

    /// Removes what depends on a collection.
    pub(crate) fn forget_collection(&mut self, collection: &str) {
        match self {
            Self::ArangoSearch { links, .. } => {
                links.remove(collection);
            }
            Self::SearchAlias { indexes } => indexes.retain(|(name, _)| name != collection),
        }
    }

    /// Removes an index.
    pub(crate) fn forget_index(&mut self, collection: &str, index: &str) {
        if let Self::SearchAlias { indexes } = self {
            indexes.retain(|(owner, name)| owner != collection || name != index);
        }
    }
}

/// An analyzer of a database.
#[derive(Debug, Clone)]
pub(crate) struct Analyzer {
    pub(crate) kind: String,
    pub(crate) properties: Value,
    pub(crate) features: Vec<String>,
}

impl Analyzer {
    /// Returns whether another analyzer does the same.
    pub(crate) fn is_equal(&self, other: &Self) -> bool {
        let has_all =
            |one: &Self, other: &Self| one.features.iter().all(|name| other.features.contains(name));
        self.kind == other.kind
            && self.properties == other.properties
            && has_all(self, other)
            && has_all(other, self)
    }
}
