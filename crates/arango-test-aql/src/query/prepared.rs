//! Queries with values for their bind parameters.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::{Checked, Options, Rows};
use crate::check::Binding;
use crate::error::{QueryError, number};
use crate::execute::Snapshots;
use crate::store::Store;
use crate::syntax::tree::{ExpressionKind, TraversedEdges};

/// A query with values for its bind parameters, ready to run.
#[derive(Clone)]
pub struct Prepared {
    pub(super) checked: Arc<Checked>,
    pub(super) binding: Arc<Binding>,
}

impl Prepared {
    /// Whether the query writes.
    pub fn is_modification(&self) -> bool {
        self.checked.facts.is_modification
    }

    /// Returns the collections of the query and whether it writes to them, by name.
    pub fn collections(&self) -> Vec<(&str, bool)> {
        let names = self.binding.collections.iter().map(|name| &**name);
        let used: Vec<_> = names.zip(&self.checked.facts.collections).collect();
        let distinct: BTreeSet<&str> = used.iter().map(|(name, _)| *name).collect();
        let is_written = |name| used.iter().any(|(used, collection)| *used == name && collection.is_written);
        distinct.into_iter().map(|name| (name, is_written(name))).collect()
    }

    /// Returns the names of the graphs that the query traverses. Their collections are not among
    /// [`collections`](Self::collections).
    pub fn graphs(&self) -> Vec<&str> {
        let names = self.checked.facts.traversals.iter().filter_map(|traversal| match &traversal.edges {
            TraversedEdges::Graph(name, _) => match &name.kind {
                ExpressionKind::Constant(name) => name.as_str(),
                ExpressionKind::Bind(bind) => self.binding.values[*bind].as_str(),
                _ => None,
            },
            TraversedEdges::Collections(_) => None,
        });
        let distinct: BTreeSet<&str> = names.collect();
        distinct.into_iter().collect()
    }

    /// Whether a bind parameter names an attribute.
    pub fn binds_attributes(&self) -> bool {
        !self.checked.facts.attribute_binds.is_empty()
    }

    /// Whether the query has an `UPSERT`.
    pub fn has_upsert(&self) -> bool {
        self.checked.facts.has_upsert
    }

    /// Whether the query traverses a graph.
    pub fn has_traversals(&self) -> bool {
        !self.checked.facts.traversals.is_empty()
    }

    /// Begins to run the query. Rows are computed when they are taken.
    ///
    /// The store can also be a reference to one.
    ///
    /// # Errors
    /// If a collection (1203) or graph (1924) does not exist or a collection stands where a value is needed (1568), or
    /// if limits, depths or options have values that they cannot have.
    pub fn run<S: Store>(&self, store: S, options: Options) -> Result<Rows<S>, QueryError> {
        self.check_collections(&store)?;
        let snapshots = self.snapshots(&store)?;
        Rows::begin(&self.checked, self.binding.clone(), snapshots, store, options)
    }

    fn check_collections(&self, store: &impl Store) -> Result<(), QueryError> {
        let collections = &self.binding.collections;
        if let Some(missing) = collections.iter().find(|collection| store.kind(collection).is_none()) {
            let message = format!("collection or view not found: {missing}");
            return Err(QueryError::new(number::COLLECTION_NOT_FOUND, message));
        }
        let Some((collection, position)) = self.checked.facts.misused.first() else { return Ok(()) };
        let message = format!("collection '{}' used as expression operand", collections[*collection]);
        Err(QueryError::new(number::COLLECTION_USED_IN_EXPRESSION, message).at(*position))
    }

    /// Reads the collections that the query both visits and writes to, so that no loop sees what it writes.
    fn snapshots(&self, store: &impl Store) -> Result<Snapshots, QueryError> {
        let used = self.collections();
        let mut snapshots = Snapshots::new();
        for (index, collection) in self.checked.facts.collections.iter().enumerate() {
            let name = &*self.binding.collections[index];
            if collection.is_scanned && used.contains(&(name, true)) {
                snapshots.insert(index, Arc::new(store.scan(name)?.collect()));
            }
        }
        Ok(snapshots)
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").field("binding", &self.binding).finish_non_exhaustive()
    }
}
