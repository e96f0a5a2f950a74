//! The edges and vertices of graphs within a transaction.

use std::marker::PhantomData;

use arango_data::{DocumentId, DropStatus, InvalidIdentifier, RemoveVertex};
use arango_transport::Error;
use serde::Serialize;

use super::calls::TransactionCalls;
use crate::data::collection::Borrow;
use crate::data::edges::Edges;
use crate::data::graph::vertex;
use crate::data::insert::Insert;
use crate::data::key::ToKey;

/// The edges of one collection within a transaction.
///
/// Edges are documents, too: [`collection`](crate::data::Transaction::collection) reads, changes and removes them.
#[derive(Debug)]
pub struct TransactionEdges<'a> {
    edges: Edges,
    transaction: Borrow<'a>,
}

impl TransactionEdges<'_> {
    pub(super) fn new(edges: Edges) -> Self {
        Self { edges, transaction: PhantomData }
    }

    /// Inserts an edge between two vertices, which need not exist: see [`Edges::link`].
    pub fn link<T: Serialize + ?Sized>(
        &mut self,
        from: impl TryInto<DocumentId, Error: Into<InvalidIdentifier>>,
        to: impl TryInto<DocumentId, Error: Into<InvalidIdentifier>>,
        document: &T,
    ) -> Insert<'_> {
        self.edges.link(from, to, document)
    }

    /// Inserts an edge between two vertices, unless it is there: see [`Edges::link_once`].
    ///
    /// If another transaction has inserted it and is not committed yet, that is a conflict.
    pub fn link_once<T: Serialize + ?Sized>(
        &mut self,
        from: impl TryInto<DocumentId, Error: Into<InvalidIdentifier>>,
        to: impl TryInto<DocumentId, Error: Into<InvalidIdentifier>>,
        document: &T,
    ) -> Insert<'_> {
        self.edges.link_once(from, to, document)
    }
}

/// The vertices of one named graph within a transaction.
#[derive(Debug)]
pub struct TransactionGraph<'a> {
    name: String,
    calls: &'a TransactionCalls,
}

impl<'a> TransactionGraph<'a> {
    pub(super) fn new(name: &str, calls: &'a TransactionCalls) -> Self {
        Self { name: name.to_owned(), calls }
    }

    /// Removes a vertex, and all edges of any graph of the database that begin or end there.
    ///
    /// The transaction has to write all collections of edges of the graph, and those of other graphs that connect the
    /// collection of the vertex. A vertex that is not there is no error.
    ///
    /// # Errors
    ///
    /// As [`execute`](crate::data::Transaction::execute). [`Server`](crate::ErrorKind::Server) with error 1652 if one of the
    /// collections was not declared; nothing is removed then.
    pub async fn remove_vertex(&mut self, collection: &str, key: impl ToKey) -> Result<DropStatus, Error> {
        let (collection, key) = vertex(collection, key)?;
        self.calls.execute(RemoveVertex::new(&self.name, &collection, &key)).await
    }
}
