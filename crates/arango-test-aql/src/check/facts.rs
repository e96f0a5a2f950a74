//! What a query is found to use.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::error::Position;
use crate::syntax::tree::{BindIndex, CollectionIndex, Expression, Slot, Traversal};

/// What a query uses, as far as its text tells.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Names of the bind parameters; those of collections begin with `@`.
    pub(crate) binds: Vec<Arc<str>>,
    /// The numbers of the bind parameters, by name.
    bind_numbers: HashMap<Arc<str>, BindIndex>,
    /// Bind parameters that name an attribute.
    pub(crate) attribute_binds: Vec<BindIndex>,
    pub(crate) collections: Vec<Collection>,
    /// Names of the variables by slot.
    pub(crate) variables: Vec<Arc<str>>,
    /// Reads and writes in the order in which they happen.
    pub(crate) accesses: Vec<Access>,
    /// Places where a collection stands in for a value.
    pub(crate) misused: Vec<(CollectionIndex, Position)>,
    /// The traversals, by their number.
    pub(crate) traversals: Vec<Arc<Traversal>>,
    /// Numbers of the traversals whose paths are filtered.
    pub(crate) filtered_paths: HashSet<usize>,
    /// Constants that are calculated before the query runs; those within others come first.
    pub(crate) folded: Vec<Expression>,
    /// Constants over which loops run, by their number, and where they stand.
    pub(crate) constant_sources: Vec<(usize, Position)>,
    /// Names of the functions that are called, each once.
    pub(crate) functions: Vec<&'static str>,
    pub(crate) is_modification: bool,
    pub(crate) has_upsert: bool,
    pub(crate) has_subqueries: bool,
}

/// A collection that a query uses.
#[derive(Debug)]
pub(crate) struct Collection {
    pub(crate) name: CollectionName,
    pub(crate) is_written: bool,
    /// Whether a loop visits its documents.
    pub(crate) is_scanned: bool,
}

/// How a query names a collection.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CollectionName {
    Literal(Arc<str>),
    Bind(BindIndex),
}

/// A read or write that counts for the order of reads and writes.
#[derive(Debug)]
pub(crate) enum Access {
    Read(CollectionIndex),
    Write(CollectionIndex),
    /// Calls a function that can read any document.
    Function(&'static str),
    /// Traverses a graph, whose collections may be known only when the query runs.
    Traversal,
}

impl Facts {
    /// Returns the number of a bind parameter.
    pub(super) fn bind(&mut self, name: &Arc<str>) -> BindIndex {
        let binds = &mut self.binds;
        *self.bind_numbers.entry(name.clone()).or_insert_with(|| {
            binds.push(name.clone());
            binds.len() - 1
        })
    }

    /// Whether the query has a bind parameter of this name.
    pub(super) fn has_bind(&self, name: &str) -> bool {
        self.bind_numbers.contains_key(name)
    }

    /// Returns the number of a collection.
    pub(super) fn collection(&mut self, name: CollectionName) -> CollectionIndex {
        self.collections.iter().position(|known| known.name == name).unwrap_or_else(|| {
            self.collections.push(Collection { name, is_written: false, is_scanned: false });
            self.collections.len() - 1
        })
    }

    /// Returns the slot of a new variable.
    pub(super) fn slot(&mut self, name: &str) -> Slot {
        self.variables.push(name.into());
        self.variables.len() - 1
    }

    pub(super) fn write(&mut self, collection: CollectionIndex) {
        self.collections[collection].is_written = true;
        self.accesses.push(Access::Write(collection));
        self.is_modification = true;
    }
}
