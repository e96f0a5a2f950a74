//! The collections, indexes and graphs that a program expects in its database.

mod compare;
mod difference;
mod ensure;
mod graphs;

use arango_data::{CollectionName, CreateCollection, CreateGraph, Index, InvalidIdentifier};
use arango_transport::Error;

pub use self::difference::{SchemaDifference, SchemaDifferences};
pub use self::ensure::{EnsuredSchema, SchemaError};
use crate::data::collection::invalid_name;
use crate::handles::data_support::invalid_request;

/// The collections, indexes and graphs that a program expects in its database.
///
/// [`ensure`](Self::ensure) creates what is missing and changes what can be changed, and [`compare`](Self::compare) only shows
/// it. Nothing is ever removed: what is not named stays as it is.
///
/// ```no_run
/// use arango::data::{DatabaseSchema, EdgeDefinition, Index, SchemaError};
///
/// # async fn example(library: &arango::Database) -> Result<(), SchemaError> {
/// let schema = DatabaseSchema::new()
///     .collection("books", |books| books.shards(3).replication_factor(3).write_concern(2))
///     .index("books", Index::persistent(["year"]).named("by_year"))
///     .collection("wrote", |wrote| wrote.edge().replication_factor(3))
///     .graph("library", |library| library.edges(EdgeDefinition::new("wrote", ["authors"], ["books"])));
/// println!("{}", schema.ensure(library).await?.changes()); // such as `+ collection books`
/// # Ok(())
/// # }
/// ```
///
/// Programs may ensure the same schema at the same time, and after any failure.
#[derive(Debug, Clone, Default)]
pub struct DatabaseSchema {
    collections: Vec<Expected>,
    graphs: Vec<CreateGraph>,
    /// The first invalid name.
    error: Option<InvalidIdentifier>,
}

/// A collection and its indexes.
#[derive(Debug, Clone)]
struct Expected {
    collection: CreateCollection,
    indexes: Vec<Index>,
}

impl DatabaseSchema {
    /// Expects nothing yet.
    #[must_use]
    #[inline]
    pub fn new() -> Self {
        Self::default()
    }

    /// Expects a collection, with the properties that `define` sets.
    ///
    /// Collections are created in the order in which they are named: one that is [distributed
    /// like](CreateCollection::distribute_shards_like) another comes after it. Of two definitions under one name the latter
    /// counts.
    #[must_use]
    pub fn collection(
        mut self,
        name: &str,
        define: impl FnOnce(CreateCollection) -> CreateCollection,
    ) -> Self {
        if let Some(expected) = self.expected(name) {
            expected.collection = define(CreateCollection::new(expected.collection.name()));
        }
        self
    }

    /// Expects an index of a collection. It should have a [name](Index::named).
    ///
    /// A collection that is not [expected](Self::collection) yet is, with any properties.
    #[must_use]
    pub fn index(mut self, collection: &str, index: impl Into<Index>) -> Self {
        if let Some(expected) = self.expected(collection) {
            expected.indexes.push(index.into());
        }
        self
    }

    /// Expects a named graph, with the edge definitions, the orphans and the options that `define` sets.
    ///
    /// Graphs are created after all collections, and create those of their collections that are not expected. What a graph has
    /// beyond that stays: other definitions, further ends of edges, and other orphans. Of two definitions under one name the
    /// latter counts.
    #[must_use]
    pub fn graph(mut self, name: &str, define: impl FnOnce(CreateGraph) -> CreateGraph) -> Self {
        let graph = define(CreateGraph::new(name));
        match self.graphs.iter_mut().find(|expected| expected.name() == name) {
            Some(expected) => *expected = graph,
            None => self.graphs.push(graph),
        }
        self
    }

    /// Returns what is expected under a name; `None` if the name is invalid, which is reported later.
    #[inline]
    fn expected(&mut self, name: &str) -> Option<&mut Expected> {
        let name = match CollectionName::new(name) {
            Ok(name) => name,
            Err(invalid) => {
                self.error.get_or_insert(invalid);
                return None;
            }
        };
        let place = self.collections.iter().position(|expected| *expected.collection.name() == name);
        let place = place.unwrap_or_else(|| {
            self.collections.push(Expected { collection: CreateCollection::new(&name), indexes: Vec::new() });
            self.collections.len() - 1
        });
        self.collections.get_mut(place)
    }

    /// Returns the error of a schema with an invalid name.
    fn check(&self) -> Result<(), Error> {
        match &self.error {
            Some(invalid) => Err(invalid_request::<CreateCollection>(invalid_name("collection", invalid))),
            None => Ok(()),
        }
    }
}
