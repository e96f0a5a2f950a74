//! Handle on one named graph.

use arango_data::{
    AddEdgeDefinition, AddOrphanCollection, CollectionName, DropGraph, DropStatus, EdgeDefinition, GetGraph,
    GraphInfo, Key, ListGraphs, RemoveEdgeDefinition, RemoveOrphanCollection, RemoveVertex,
    ReplaceEdgeDefinition,
};
use arango_transport::Error;

use crate::data::collection::invalid_name;
use crate::data::key::ToKey;
use crate::handles::data_support::invalid_request;
use crate::handles::database::Database;

/// Handle on one named graph.
///
/// Cheap to clone. Creating it sends nothing. All methods fail as [`Database::execute`] does.
///
/// ```no_run
/// use arango::data::EdgeDefinition;
///
/// # async fn example(library: &arango::Database) -> arango::Result<()> {
/// let graph = library.graph("library");
/// graph.add_edges(EdgeDefinition::new("read", ["people"], ["books"])).await?;
/// graph.remove_vertex("authors", "herbert").await?; // with all edges that begin or end there
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Graph {
    pub(super) database: Database,
    pub(super) name: String,
}

impl Database {
    /// Returns a handle on a named graph of this database.
    pub fn graph(&self, name: &str) -> Graph {
        Graph { database: self.clone(), name: name.to_owned() }
    }

    /// Lists the graphs of the database.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    #[inline]
    pub async fn graphs(&self) -> Result<Vec<GraphInfo>, Error> {
        self.execute(ListGraphs).await
    }
}

impl Graph {
    /// Returns the definitions and options; `None` if there is no such graph.
    #[doc(alias = "edge_definitions")]
    #[doc(alias = "vertex_collections")]
    #[inline]
    pub async fn info(&self) -> Result<Option<GraphInfo>, Error> {
        self.database.execute(GetGraph { name: self.name.clone() }).await
    }

    /// Adds a collection of edges, and creates its collections that do not exist. Sent once.
    #[doc(alias = "create_edge_definition")]
    #[doc(alias = "addEdgeDefinition")]
    #[inline]
    pub async fn add_edges(&self, definition: EdgeDefinition) -> Result<GraphInfo, Error> {
        self.database.execute_resolving(AddEdgeDefinition::new(&self.name, definition)).await
    }

    /// Replaces which collections a collection of edges connects, in all graphs that have it. Sent once.
    #[doc(alias = "replace_edge_definition")]
    #[inline]
    pub async fn replace_edges(&self, definition: EdgeDefinition) -> Result<GraphInfo, Error> {
        self.database.execute_resolving(ReplaceEdgeDefinition::new(&self.name, definition)).await
    }

    /// Removes a collection of edges from the graph; it stays in the database. Sent once.
    #[doc(alias = "delete_edge_definition")]
    #[inline]
    pub async fn remove_edges(&self, collection: &str) -> Result<GraphInfo, Error> {
        self.database.execute_resolving(RemoveEdgeDefinition::new(&self.name, collection)).await
    }

    /// Adds a collection of vertices without edges, and creates it unless it exists. Sent once.
    #[doc(alias = "create_vertex_collection")]
    #[doc(alias = "addVertexCollection")]
    #[inline]
    pub async fn add_orphan(&self, collection: &str) -> Result<GraphInfo, Error> {
        self.database.execute_resolving(AddOrphanCollection::new(&self.name, collection)).await
    }

    /// Removes a collection of vertices without edges from the graph; it stays in the database. Sent once.
    #[doc(alias = "delete_vertex_collection")]
    #[inline]
    pub async fn remove_orphan(&self, collection: &str) -> Result<GraphInfo, Error> {
        self.database.execute_resolving(RemoveOrphanCollection::new(&self.name, collection)).await
    }

    /// Removes a vertex, and all edges of any graph of the database that begin or end there. Sent once.
    ///
    /// A vertex that is not there is no error. [`Collection::remove`](crate::Collection::remove) would leave the edges
    /// behind.
    #[doc(alias = "delete_vertex")]
    pub async fn remove_vertex(&self, collection: &str, key: impl ToKey) -> Result<DropStatus, Error> {
        let (collection, key) = vertex(collection, key)?;
        self.database.execute_resolving(RemoveVertex::new(&self.name, &collection, &key)).await
    }

    /// Removes the graph; its collections stay. Sent once. One that is not there is no error.
    #[doc(alias = "delete_graph")]
    #[inline]
    pub async fn drop_graph(&self) -> Result<DropStatus, Error> {
        self.database.execute_resolving(DropGraph::new(&self.name)).await
    }

    /// Removes the graph, and those of its collections that no other graph uses. Sent once.
    ///
    /// The server drops them after the graph. If the response is lost, it stays unknown whether all of them are gone.
    #[inline]
    pub async fn drop_with_collections(&self) -> Result<DropStatus, Error> {
        self.database.execute_resolving(DropGraph::new(&self.name).with_collections()).await
    }
}

/// Returns where a vertex is, or what is wrong with its names.
pub(super) fn vertex(collection: &str, key: impl ToKey) -> Result<(CollectionName, Key), Error> {
    let invalid = |field, invalid| invalid_request::<RemoveVertex>(invalid_name(field, &invalid));
    let collection = CollectionName::new(collection).map_err(|error| invalid("collection", error))?;
    let key = key.to_key().map_err(|error| invalid("key", error))?;
    Ok((collection, key))
}
