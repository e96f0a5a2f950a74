//! Creating a named graph.

use std::future::IntoFuture;

use arango_data::{CreateGraph, EdgeDefinition, EnsureGraph, Ensured, GraphInfo, ReplicationFactor};
use arango_transport::{BoxFuture, Error};

use crate::handles::database::Database;

impl Database {
    /// Creates a named graph, and those of its collections that do not exist.
    ///
    /// ```no_run
    /// use arango::data::EdgeDefinition;
    ///
    /// # async fn example(library: &arango::Database) -> arango::Result<()> {
    /// let wrote = EdgeDefinition::new("wrote", ["authors"], ["books"]);
    /// let new = library.create_graph("library").edges(wrote).orphan("shelves").shards(3).replication_factor(3);
    /// println!("{}", new.ensure().await?); // such as `graph library created`
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "has_graph")]
    #[doc(alias = "createGraph")]
    #[inline]
    pub fn create_graph(&self, name: &str) -> NewGraph {
        NewGraph { database: self.clone(), operation: CreateGraph::new(name) }
    }
}

/// The creation of a named graph, sent when it is awaited.
///
/// # Errors
///
/// [`Conflict`](crate::ErrorKind::Conflict) if there is a graph of the name: [`ensure`](Self::ensure) compares it.
#[derive(Debug)]
#[must_use = "the graph is created when it is awaited"]
pub struct NewGraph {
    database: Database,
    operation: CreateGraph,
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*);)*) => {
        impl NewGraph {
            $(
                $(#[$doc])*
                #[inline]
                pub fn $name(mut self, $($argument: $type),*) -> Self {
                    self.operation = self.operation.$name($($argument),*);
                    self
                }
            )*
        }
    };
}

setters! {
    /// Adds a collection of edges.
    edges(definition: EdgeDefinition);
    /// Adds a collection of vertices that no definition names.
    orphan(collection: impl Into<String>);
    /// Sets the number of shards of the collections that are created; by default 1.
    shards(count: u64);
    /// Sets the number of copies of each shard of the collections that are created.
    replication_factor(factor: impl Into<ReplicationFactor>);
    /// Sets how many copies must be in sync for a write to the collections that are created.
    write_concern(copies: u64);
    /// Keeps vertices and their edges on the same servers, by the keys of the vertices.
    smart();
    /// Keeps vertices and their edges on the same servers, by an attribute of the vertices.
    smart_by(attribute: impl Into<String>);
    /// Allows no edges between vertices of a smart graph that are on different servers.
    disjoint();
    /// Keeps a copy of these collections of a smart graph on each DB-Server.
    satellites(collections: impl IntoIterator<Item = impl Into<String>>);
    /// Waits until the graph is on disk.
    wait_for_sync();
}

impl NewGraph {
    /// Creates the graph, or compares it if there is one of the name. It is never changed.
    ///
    /// # Errors
    ///
    /// As [`execute`](Database::execute). An existing graph is no error, even if it differs.
    #[inline]
    pub async fn ensure(self) -> Result<Ensured<GraphInfo>, Error> {
        let operation: EnsureGraph = self.operation.ensure();
        self.database.execute_resolving(operation).await
    }
}

impl IntoFuture for NewGraph {
    type Output = Result<GraphInfo, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.database.execute_resolving(self.operation).await })
    }
}
