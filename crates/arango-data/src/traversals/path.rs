//! A path of a traversal.

use serde::Deserialize;

use crate::json::Edge;

/// A path of a traversal: its vertices, and the edges between them.
///
/// There is one vertex more than edges. `V` is the type of a vertex, such as a [`Document`](crate::Document); an `Option`
/// of it where edges may lead to documents that do not exist.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(bound(deserialize = "V: Deserialize<'de>, E: Deserialize<'de>"))]
#[non_exhaustive]
pub struct Path<V, E> {
    /// The vertices, from the start to the end.
    pub vertices: Vec<V>,
    /// The edges, from the start to the end.
    pub edges: Vec<Edge<E>>,
}
