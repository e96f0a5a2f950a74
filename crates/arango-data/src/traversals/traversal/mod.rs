//! A traversal of a graph, as a query.

use std::fmt;
use std::ops::RangeInclusive;

use super::direction::EdgeDirection;
use crate::names::{CollectionName, DocumentId, InvalidIdentifier};
use crate::queries::Aql;

/// A traversal of a named graph, or of the graph that some edge collections make.
///
/// It follows edges from a start, and becomes a query for the [vertices](Self::vertices), [edges](Self::edges) or
/// [paths](Self::paths) that it visits. In its clauses `v` is the last vertex of a path, `e` its last edge, and `p` the
/// path, with `p.vertices` and `p.edges`.
///
/// ```
/// use arango_data::{Aql, Traversal};
///
/// let traversal = Traversal::of_graph("library", "authors/herbert")
///     .outbound(1..=3)
///     .filter(Aql::new("v.year >= @from").bind("from", 1960));
/// let query = traversal.vertices();
/// assert_eq!(
///     query.text(),
///     "FOR v, e, p IN @min..@max OUTBOUND @start GRAPH @graph\nFILTER v.year >= @from\nRETURN v"
/// );
/// assert!(query.is_read_only());
/// ```
///
/// By default it follows edges outbound, to depth 1. A vertex is visited on each path to it, an edge once on each.
/// Vertices that do not exist are `null`. A start that does not exist yields nothing.
///
/// An error in a name or parameter is reported when the request is built.
#[derive(Debug, Clone)]
#[must_use]
pub struct Traversal {
    /// Collections of vertices: `WITH …`.
    declared: Option<Aql>,
    /// `GRAPH @graph`, or the edge collections.
    edges: Aql,
    start: Result<DocumentId, InvalidIdentifier>,
    direction: EdgeDirection,
    depths: RangeInclusive<u32>,
    prune: Option<Aql>,
    unique_vertices: Option<UniqueVertices>,
    repeats_edges: bool,
    is_breadth_first: bool,
    clauses: Vec<Aql>,
}

/// How often a traversal may visit a vertex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UniqueVertices {
    /// Once on each path: there are no cycles.
    PerPath,
    /// Once in the traversal, on one of the shortest paths. This traverses breadth-first.
    Global,
}

impl Traversal {
    /// Traverses a named graph from a vertex.
    pub fn of_graph<V>(graph: &str, start: V) -> Self
    where
        V: TryInto<DocumentId, Error: Into<InvalidIdentifier>>,
    {
        Self::new(Aql::new("GRAPH @graph").bind("graph", graph), start)
    }

    /// Traverses edge collections from a vertex.
    ///
    /// A cluster needs to know the collections of the vertices, that of the start included: see
    /// [`declare`](Self::declare).
    pub fn of_edges<C, V>(collections: impl IntoIterator<Item = C>, start: V) -> Self
    where
        C: TryInto<CollectionName, Error: fmt::Display>,
        V: TryInto<DocumentId, Error: Into<InvalidIdentifier>>,
    {
        let (edges, count) = list("edges", collections);
        let edges =
            if count == 0 { edges.fail("the traversal has no edge collection".to_owned()) } else { edges };
        Self::new(edges, start)
    }

    fn new<V>(edges: Aql, start: V) -> Self
    where
        V: TryInto<DocumentId, Error: Into<InvalidIdentifier>>,
    {
        Self {
            declared: None,
            edges,
            start: start.try_into().map_err(Into::into),
            direction: EdgeDirection::default(),
            depths: 1..=1,
            prune: None,
            unique_vertices: None,
            repeats_edges: false,
            is_breadth_first: false,
            clauses: Vec::new(),
        }
    }

    /// Declares collections in which vertices are, by `WITH`.
    ///
    /// A cluster needs it for [edge collections](Self::of_edges), and for vertices outside of the collections of a named
    /// graph. Without it such a query fails with error 1521. Since 3.12.6 the server knows the collections that any
    /// named graph connects by these edges.
    pub fn declare<C>(mut self, collections: impl IntoIterator<Item = C>) -> Self
    where
        C: TryInto<CollectionName, Error: fmt::Display>,
    {
        let (declared, count) = list("vertices", collections);
        self.declared = (count > 0).then(|| declared.after_words("WITH"));
        self
    }

    /// Follows edges from where they begin to where they end. Depth 0 is the start itself.
    pub fn outbound(self, depths: RangeInclusive<u32>) -> Self {
        self.follow(EdgeDirection::Outbound, depths)
    }

    /// Follows edges from where they end to where they begin. Depth 0 is the start itself.
    pub fn inbound(self, depths: RangeInclusive<u32>) -> Self {
        self.follow(EdgeDirection::Inbound, depths)
    }

    /// Follows edges in both directions. Depth 0 is the start itself.
    pub fn any(self, depths: RangeInclusive<u32>) -> Self {
        self.follow(EdgeDirection::Any, depths)
    }

    fn follow(mut self, direction: EdgeDirection, depths: RangeInclusive<u32>) -> Self {
        (self.direction, self.depths) = (direction, depths);
        self
    }

    /// Limits how often a vertex is visited. Default: on each path to it.
    pub fn unique_vertices(mut self, unique: UniqueVertices) -> Self {
        self.unique_vertices = Some(unique);
        self
    }

    /// Lets a path follow an edge more than once. Then only the depth ends a path in a cycle.
    pub fn repeat_edges(mut self) -> Self {
        self.repeats_edges = true;
        self
    }

    /// Visits all vertices of a depth before those of the next. Default: the paths of one vertex after the other.
    pub fn breadth_first(mut self) -> Self {
        self.is_breadth_first = true;
        self
    }

    /// Ends a path where a condition holds. The vertex where it holds is still part of the result.
    ///
    /// At the start `e` is `null`, which is less than any number.
    pub fn prune(mut self, condition: impl Into<Aql>) -> Self {
        self.prune = Some(condition.into().after_words("PRUNE"));
        self
    }

    /// Keeps only paths for which a condition holds. Filters add up.
    pub fn filter(self, condition: impl Into<Aql>) -> Self {
        self.and(condition.into().after_words("FILTER"))
    }

    /// Appends a clause, such as `SORT v.year` or `LIMIT @count`.
    pub fn and(mut self, clause: impl Into<Aql>) -> Self {
        self.clauses.push(clause.into());
        self
    }

    /// Returns the query for the last vertex of each path.
    #[must_use]
    pub fn vertices(&self) -> Aql {
        self.query("RETURN v")
    }

    /// Returns the query for the last edge of each path; the start has none.
    #[must_use]
    #[inline]
    pub fn edges(&self) -> Aql {
        if *self.depths.start() == 0 {
            return self.clone().filter("e != null").query("RETURN e");
        }
        self.query("RETURN e")
    }

    /// Returns the query for each [`Path`](super::Path).
    #[must_use]
    pub fn paths(&self) -> Aql {
        self.query("RETURN { vertices: p.vertices, edges: p.edges }")
    }

    fn query(&self, last: &'static str) -> Aql {
        let words = format!("FOR v, e, p IN @min..@max {} @start", self.direction.word());
        let mut head = self.edges.clone().after_words(&words);
        head = head.bind("min", self.depths.start()).bind("max", self.depths.end());
        if self.depths.is_empty() {
            head = head.fail("the greatest depth of the traversal is less than the least".to_owned());
        }
        head = match &self.start {
            Ok(start) => head.bind("start", start),
            Err(invalid) => head.fail(invalid.to_string()),
        };
        let head = match &self.declared {
            Some(declared) => declared.clone().and(head),
            None => head,
        };
        let head = head.and_maybe(self.prune.clone()).and_maybe(self.options());
        self.clauses.iter().cloned().fold(head, Aql::and).and(last)
    }

    fn options(&self) -> Option<Aql> {
        let is_global = self.unique_vertices == Some(UniqueVertices::Global);
        let options: Vec<&str> = [
            (self.is_breadth_first || is_global).then_some("order: 'bfs'"),
            self.unique_vertices.map(|unique| match unique {
                UniqueVertices::PerPath => "uniqueVertices: 'path'",
                UniqueVertices::Global => "uniqueVertices: 'global'",
            }),
            self.repeats_edges.then_some("uniqueEdges: 'none'"),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!options.is_empty()).then(|| Aql::dynamic(format!("OPTIONS {{ {} }}", options.join(", "))))
    }
}

/// Binds collections, and returns their list and their number.
fn list<C>(name: &str, collections: impl IntoIterator<Item = C>) -> (Aql, usize)
where
    C: TryInto<CollectionName, Error: fmt::Display>,
{
    let collections: Vec<C> = collections.into_iter().collect();
    let names: Vec<String> = (1..=collections.len()).map(|number| format!("{name}_{number}")).collect();
    let text: Vec<String> = names.iter().map(|name| format!("@@{name}")).collect();
    let count = collections.len();
    let bound = names.iter().zip(collections);
    (
        bound.fold(Aql::dynamic(text.join(", ")), |list, (name, collection)| {
            list.collection(name, collection)
        }),
        count,
    )
}

#[cfg(test)]
mod tests;
