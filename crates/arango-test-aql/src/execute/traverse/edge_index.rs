//! Edges by the vertices that they connect.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::QueryError;
use crate::store::Store;
use crate::value::Value;

/// An edge and the identifiers of the vertices at its ends.
#[derive(Debug)]
pub(super) struct Edge {
    pub(super) from: Arc<str>,
    pub(super) to: Arc<str>,
    pub(super) document: Value,
}

/// The edges of a collection as they were when the query began, in the order of the store.
#[derive(Debug, Default)]
pub(super) struct EdgeIndex {
    from: HashMap<Arc<str>, Vec<Arc<Edge>>>,
    to: HashMap<Arc<str>, Vec<Arc<Edge>>>,
}

impl EdgeIndex {
    pub(super) fn read(store: &dyn Store, collection: &str) -> Result<Self, QueryError> {
        let mut index = Self::default();
        for document in store.scan(collection)? {
            let (Value::String(from), Value::String(to)) =
                (document.attribute("_from"), document.attribute("_to"))
            else {
                return Err(QueryError::not_implemented(format_args!("edges of {collection} without ends")));
            };
            let edge = Arc::new(Edge { from: from.clone(), to: to.clone(), document });
            index.from.entry(from).or_default().push(edge.clone());
            index.to.entry(to).or_default().push(edge);
        }
        Ok(index)
    }

    /// Returns the edges that begin in a vertex.
    pub(super) fn outbound(&self, vertex: &str) -> &[Arc<Edge>] {
        self.from.get(vertex).map_or(&[], Vec::as_slice)
    }

    /// Returns the edges that end in a vertex.
    pub(super) fn inbound(&self, vertex: &str) -> &[Arc<Edge>] {
        self.to.get(vertex).map_or(&[], Vec::as_slice)
    }
}
