//! Traversals.

use super::{Expression, Target, Variable};
use crate::error::Position;

/// `FOR vertex, edge, path IN min..max OUTBOUND start …`.
#[derive(Debug)]
pub(crate) struct Traversal {
    /// Its number among the traversals of the query. Set by the check.
    pub(crate) index: usize,
    pub(crate) vertex: Variable,
    pub(crate) edge: Option<Variable>,
    pub(crate) path: Option<Variable>,
    /// A number or a range of numbers.
    pub(crate) depths: Option<Expression>,
    pub(crate) start: Expression,
    pub(crate) edges: TraversedEdges,
    pub(crate) prune: Option<Prune>,
    pub(crate) options: Option<Expression>,
    /// Where the direction stands.
    pub(crate) position: Position,
}

/// Which edges a traversal follows.
#[derive(Debug)]
pub(crate) enum TraversedEdges {
    /// Those of the graph with this name, in one direction.
    Graph(Expression, EdgeDirection),
    /// Those of some collections, each in its direction.
    Collections(Vec<(Target, EdgeDirection)>),
}

/// In which direction a traversal follows an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EdgeDirection {
    Outbound,
    Inbound,
    Any,
}

/// `PRUNE variable = condition`.
#[derive(Debug)]
pub(crate) struct Prune {
    pub(crate) variable: Option<Variable>,
    pub(crate) condition: Expression,
}

impl Traversal {
    /// Returns the variables that the traversal sets for each path.
    pub(crate) fn variables(&mut self) -> impl Iterator<Item = &mut Variable> {
        std::iter::once(&mut self.vertex).chain(&mut self.edge).chain(&mut self.path)
    }
}
