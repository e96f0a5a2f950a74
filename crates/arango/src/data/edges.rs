//! Handle on one collection of edges.

use arango_data::{
    CollectionName, DocumentId, Edge, EdgeDirection, InsertDocument, InvalidIdentifier, Key, OverwriteMode,
    edges_of,
};
use arango_transport::protocol::BuildError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::data::collection::{Collection, invalid_name};
use crate::data::insert::Insert;
use crate::data::query::Query;
use crate::handles::database::Database;

/// Handle on one collection of edges.
///
/// Cheap to clone. Creating it sends nothing, and an invalid name is reported by its calls. Vertices are given by their
/// ids, such as `"authors/herbert"`, or by a [`Document`](arango_data::Document) or [`Written`](arango_data::Written).
///
/// ```no_run
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Wrote {
///     year: u16,
/// }
///
/// # async fn example(library: &arango::Database) -> arango::Result<()> {
/// let wrote = library.edges("wrote");
/// wrote.link_once("authors/herbert", "books/dune", &Wrote { year: 1965 }).await?;
/// for edge in wrote.of("authors/herbert").outbound::<Wrote>().all().await? {
///     println!("{} in {}", edge.to, edge.data.year);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Edges {
    collection: Collection,
}

impl Database {
    /// Returns a handle on a collection of edges of this database.
    pub fn edges(&self, name: &str) -> Edges {
        Edges { collection: self.collection(name) }
    }
}

impl Edges {
    /// Returns a handle on the edges of a collection, which may be one within a transaction.
    pub(super) fn of_collection(collection: Collection) -> Self {
        Self { collection }
    }

    /// Returns the handle by which edges are read, changed and removed as documents.
    pub fn collection(&self) -> &Collection {
        &self.collection
    }

    /// Inserts an edge between two vertices, which need not exist.
    ///
    /// Each call inserts another edge, and stores it once even if a response is lost: the client makes the key, as for
    /// [`Collection::insert`]. The document must have neither `_from` nor `_to`.
    pub fn link<T: Serialize + ?Sized>(
        &self,
        from: impl TryInto<DocumentId, Error: Into<InvalidIdentifier>>,
        to: impl TryInto<DocumentId, Error: Into<InvalidIdentifier>>,
        document: &T,
    ) -> Insert<'static> {
        let operation = ends(from, to).and_then(|(from, to)| self.edge(&from, &to, document));
        Insert::new(&self.collection, operation)
    }

    /// Inserts an edge between two vertices, unless it is there.
    ///
    /// The key is [made of both ends](Key::of_edge), so no number of calls, by any clients, stores the edge twice. One
    /// that is there keeps its attributes, and [`return_new`](Insert::return_new) then returns none;
    /// [`overwrite`](Insert::overwrite) chooses otherwise. Edges of [`link`](Self::link) have other keys and do not count.
    ///
    /// A collection that does not accept keys of its clients fails with [`Request`](crate::ErrorKind::Request), and
    /// nothing is inserted.
    pub fn link_once<T: Serialize + ?Sized>(
        &self,
        from: impl TryInto<DocumentId, Error: Into<InvalidIdentifier>>,
        to: impl TryInto<DocumentId, Error: Into<InvalidIdentifier>>,
        document: &T,
    ) -> Insert<'static> {
        let operation = ends(from, to).and_then(|(from, to)| {
            let edge = self.edge(&from, &to, document)?;
            Ok(edge.key(&Key::of_edge(&from, &to)).overwrite(OverwriteMode::Ignore))
        });
        Insert::new(&self.collection, operation).only_under_its_key()
    }

    /// Returns what reads the edges at a vertex, which need not exist.
    pub fn of<V>(&self, vertex: V) -> EdgesOf<V>
    where
        V: TryInto<DocumentId, Error: Into<InvalidIdentifier>>,
    {
        EdgesOf { collection: self.collection.clone(), vertex }
    }

    fn edge<T: Serialize + ?Sized>(
        &self,
        from: &DocumentId,
        to: &DocumentId,
        document: &T,
    ) -> Result<InsertDocument, BuildError> {
        self.collection.operation(|name| Ok(InsertDocument::edge(name, from, to, document)))
    }
}

/// For [`Aql::collection`](arango_data::Aql::collection).
impl TryFrom<&Edges> for CollectionName {
    type Error = InvalidIdentifier;

    fn try_from(edges: &Edges) -> Result<Self, InvalidIdentifier> {
        Self::try_from(&edges.collection)
    }
}

/// The edges at one vertex, in no order.
///
/// Each direction is a query that only reads, so it can be streamed, and is repeated after a failure.
#[derive(Debug, Clone)]
#[must_use = "edges are read when a query for them is awaited"]
pub struct EdgesOf<V> {
    collection: Collection,
    vertex: V,
}

impl<V: TryInto<DocumentId, Error: Into<InvalidIdentifier>>> EdgesOf<V> {
    /// Reads the edges that begin at the vertex.
    pub fn outbound<T: DeserializeOwned>(self) -> Query<Edge<T>> {
        self.query(EdgeDirection::Outbound)
    }

    /// Reads the edges that end at the vertex.
    pub fn inbound<T: DeserializeOwned>(self) -> Query<Edge<T>> {
        self.query(EdgeDirection::Inbound)
    }

    /// Reads the edges that begin or end at the vertex, each once.
    pub fn any<T: DeserializeOwned>(self) -> Query<Edge<T>> {
        self.query(EdgeDirection::Any)
    }

    fn query<T: DeserializeOwned>(self, direction: EdgeDirection) -> Query<Edge<T>> {
        self.collection.database().query(edges_of(&self.collection, self.vertex, direction))
    }
}

fn ends(
    from: impl TryInto<DocumentId, Error: Into<InvalidIdentifier>>,
    to: impl TryInto<DocumentId, Error: Into<InvalidIdentifier>>,
) -> Result<(DocumentId, DocumentId), BuildError> {
    let from = from.try_into().map_err(|invalid| invalid_name("_from", &invalid.into()))?;
    let to = to.try_into().map_err(|invalid| invalid_name("_to", &invalid.into()))?;
    Ok((from, to))
}
