//! Edges of a vertex, and traversals of graphs, as queries. Every value in them is bound.

mod direction;
mod edges_of;
mod path;
mod traversal;

pub use direction::EdgeDirection;
pub use edges_of::edges_of;
pub use path::Path;
pub use traversal::{Traversal, UniqueVertices};
