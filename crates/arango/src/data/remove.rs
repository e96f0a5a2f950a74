//! Removing a document.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;

use arango_data::{RemoveDocument, Removed, Revision};
use arango_transport::protocol::BuildError;
use arango_transport::{BoxFuture, Error};
use serde::de::DeserializeOwned;

use crate::data::collection::{Borrow, Collection};
use crate::handles::data_support::invalid_request;

/// A removal, sent when it is awaited.
///
/// Under a key that others use again it is not repeated if its response is lost, since a late copy could remove their
/// document: set [`if_revision`](Self::if_revision).
///
/// # Errors
///
/// [`PreconditionFailed`](crate::ErrorKind::PreconditionFailed) if the document has another revision;
/// [`CollectionNotFound`](crate::ErrorKind::CollectionNotFound).
#[must_use = "a removal is sent when it is awaited"]
pub struct Remove<'a, Old = ()> {
    collection: Collection,
    operation: Result<RemoveDocument<Old>, BuildError>,
    transaction: Borrow<'a>,
}

impl Remove<'_> {
    pub(super) fn new(collection: &Collection, operation: Result<RemoveDocument, BuildError>) -> Self {
        Self { collection: collection.clone(), operation, transaction: PhantomData }
    }
}

impl<'a, Old> Remove<'a, Old> {
    /// Removes the document only if it has this revision.
    pub fn if_revision(self, revision: &Revision) -> Self {
        self.map(|operation| operation.if_revision(revision))
    }

    /// Fails with [`DocumentNotFound`](crate::ErrorKind::DocumentNotFound) if there is no such document.
    ///
    /// If the response is lost and the document is not there, it counts as removed: see
    /// [`Removed::evidence`](arango_data::Removed::evidence).
    pub fn must_exist(self) -> Self {
        self.map(RemoveDocument::must_exist)
    }

    /// Waits until the removal is on disk.
    pub fn wait_for_sync(self) -> Self {
        self.map(RemoveDocument::wait_for_sync)
    }

    /// Updates the entries of the document in the caches of indexes.
    pub fn refill_index_caches(self) -> Self {
        self.map(RemoveDocument::refill_index_caches)
    }

    /// Returns the removed document, too.
    pub fn return_old<T>(self) -> Remove<'a, T> {
        self.map(RemoveDocument::return_old)
    }

    fn map<T>(self, change: impl FnOnce(RemoveDocument<Old>) -> RemoveDocument<T>) -> Remove<'a, T> {
        let operation = self.operation.map(change);
        Remove { collection: self.collection, operation, transaction: PhantomData }
    }
}

impl<'a, Old: DeserializeOwned + Send + 'static> IntoFuture for Remove<'a, Old> {
    type Output = Result<Removed<Old>, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let operation = self.operation.map_err(invalid_request::<RemoveDocument<Old>>)?;
            self.collection.execute_resolving(operation).await
        })
    }
}

impl<Old> fmt::Debug for Remove<'_, Old> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remove").field("operation", &self.operation).finish_non_exhaustive()
    }
}
