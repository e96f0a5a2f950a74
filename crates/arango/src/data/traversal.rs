//! Traversals of graphs.

use std::fmt;
use std::ops::RangeInclusive;

use arango_data::{
    Aql, CollectionName, DocumentId, Edge, InvalidIdentifier, Path, Traversal, UniqueVertices,
};
use serde::de::DeserializeOwned;

use crate::data::graph::Graph;
use crate::data::query::Query;
use crate::handles::database::Database;

impl Database {
    /// Traverses edge collections from a vertex.
    ///
    /// All are followed in the same direction. [`declare`](Traverse::declare) names the collections of the vertices,
    /// which a cluster needs to know.
    ///
    /// ```no_run
    /// # use serde_json::Value;
    /// # async fn example(library: &arango::Database) -> arango::Result<()> {
    /// let traversal = library.traverse(["wrote"], "authors/herbert").declare(["authors", "books"]);
    /// let books: Vec<Value> = traversal.outbound(1..=1).vertices().all().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn traverse<C>(
        &self,
        edges: impl IntoIterator<Item = C>,
        start: impl TryInto<DocumentId, Error: Into<InvalidIdentifier>>,
    ) -> Traverse
    where
        C: TryInto<CollectionName, Error: fmt::Display>,
    {
        Traverse { database: self.clone(), traversal: Traversal::of_edges(edges, start) }
    }
}

impl Graph {
    /// Traverses the graph from a vertex.
    pub fn traverse(&self, start: impl TryInto<DocumentId, Error: Into<InvalidIdentifier>>) -> Traverse {
        Traverse { database: self.database.clone(), traversal: Traversal::of_graph(&self.name, start) }
    }
}

/// A traversal. It becomes a [`Query`] for its [vertices](Self::vertices), [edges](Self::edges) or [paths](Self::paths).
///
/// By default edges are followed outbound, to depth 1. A vertex is visited on each path to it, an edge once on each.
/// In clauses `v` is the last vertex of a path, `e` its last edge, and `p` the path, with `p.vertices` and `p.edges`.
///
/// ```no_run
/// use arango::data::Aql;
/// # use serde::Deserialize;
///
/// # #[derive(Deserialize)]
/// # struct Book {
/// #     title: String,
/// # }
/// # async fn example(library: &arango::Database) -> arango::Result<()> {
/// let graph = library.graph("library");
/// let recent = Aql::new("v.year >= @from").bind("from", 1960);
/// let books: Vec<Book> = graph.traverse("authors/herbert").outbound(1..=3).filter(recent).vertices().all().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a traversal is sent when a query of it is awaited"]
pub struct Traverse {
    database: Database,
    traversal: Traversal,
}

impl Traverse {
    /// Declares collections in which vertices are.
    ///
    /// A cluster needs that of the start and of all others: for edge collections, and for vertices outside of the
    /// collections of a named graph. Without it the query fails with error 1521. See [`Traversal::declare`].
    pub fn declare<C>(self, collections: impl IntoIterator<Item = C>) -> Self
    where
        C: TryInto<CollectionName, Error: fmt::Display>,
    {
        self.map(|traversal| traversal.declare(collections))
    }

    /// Follows edges from where they begin to where they end. Depth 0 is the start itself.
    pub fn outbound(self, depths: RangeInclusive<u32>) -> Self {
        self.map(|traversal| traversal.outbound(depths))
    }

    /// Follows edges from where they end to where they begin. Depth 0 is the start itself.
    pub fn inbound(self, depths: RangeInclusive<u32>) -> Self {
        self.map(|traversal| traversal.inbound(depths))
    }

    /// Follows edges in both directions. Depth 0 is the start itself.
    pub fn any(self, depths: RangeInclusive<u32>) -> Self {
        self.map(|traversal| traversal.any(depths))
    }

    /// Limits how often a vertex is visited. Default: on each path to it.
    pub fn unique_vertices(self, unique: UniqueVertices) -> Self {
        self.map(|traversal| traversal.unique_vertices(unique))
    }

    /// Lets a path follow an edge more than once. Then only the depth ends a path in a cycle.
    pub fn repeat_edges(self) -> Self {
        self.map(Traversal::repeat_edges)
    }

    /// Visits all vertices of a depth before those of the next.
    pub fn breadth_first(self) -> Self {
        self.map(Traversal::breadth_first)
    }

    /// Ends a path where a condition holds. The vertex where it holds is still part of the result.
    ///
    /// At the start `e` is `null`, which is less than any number.
    pub fn prune(self, condition: impl Into<Aql>) -> Self {
        self.map(|traversal| traversal.prune(condition))
    }

    /// Keeps only paths for which a condition holds. Filters add up.
    pub fn filter(self, condition: impl Into<Aql>) -> Self {
        self.map(|traversal| traversal.filter(condition))
    }

    /// Appends a clause, such as `SORT v.year` or `LIMIT @count`.
    pub fn and(self, clause: impl Into<Aql>) -> Self {
        self.map(|traversal| traversal.and(clause))
    }

    /// Returns the query for the last vertex of each path.
    ///
    /// `T` is an `Option` where edges may lead to documents that do not exist.
    pub fn vertices<T: DeserializeOwned>(&self) -> Query<T> {
        self.database.query(self.traversal.vertices())
    }

    /// Returns the query for the last edge of each path; the start has none.
    pub fn edges<T: DeserializeOwned>(&self) -> Query<Edge<T>> {
        self.database.query(self.traversal.edges())
    }

    /// Returns the query for each path. `V` is the type of a vertex, `E` that of the attributes of an edge.
    pub fn paths<V: DeserializeOwned, E: DeserializeOwned>(&self) -> Query<Path<V, E>> {
        self.database.query(self.traversal.paths())
    }

    fn map(mut self, change: impl FnOnce(Traversal) -> Traversal) -> Self {
        self.traversal = change(self.traversal);
        self
    }
}
