//! Removing several documents with one request.

use std::marker::PhantomData;
use std::sync::Arc;

use arango_protocol::{
    ApiResponse, BuildError, DatabaseName, Failure, Metadata, Operation, OutputError, Permission,
    RequestProperties, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::de::DeserializeOwned;

use super::batch::{Batch, Change};
use super::bulk_write::{BulkWrite, Sealed, bulk_write};
use super::elements::Elements;
use super::item_error::ItemError;
use crate::documents::read_each::{DocumentResult, ReadEachDocument};
use crate::documents::remove::Removed;
use crate::names::{CollectionName, Key, Revision};

/// Removes several documents with one request. Each removal succeeds or fails alone.
///
/// A document that is not there is no error. It can be repeated if that is so for each document, as
/// [`RemoveDocument`](crate::RemoveDocument) says.
///
/// # Errors
///
/// As [`InsertDocuments`](crate::InsertDocuments). In an item also 1200 if the document has another revision.
pub struct RemoveDocuments<Old = ()> {
    batch: Batch,
    output: PhantomData<fn() -> Old>,
}

bulk_write!(RemoveDocuments, Removed<Old>, [Old: DeserializeOwned]);

impl RemoveDocuments {
    /// Creates a removal without keys.
    #[must_use]
    pub fn new(collection: &CollectionName) -> Self {
        Self { batch: Batch::new(collection, Change::Remove { must_exist: false }), output: PhantomData }
    }
}

impl<Old> RemoveDocuments<Old> {
    /// Adds the key of a document.
    pub fn push(&mut self, key: &Key) {
        self.batch.elements.push_key(key.clone(), None);
    }

    /// Adds the key of a document that is removed only if it has this revision.
    pub fn push_if_revision(&mut self, key: &Key, revision: &Revision) {
        self.batch.elements.push_key(key.clone(), Some(revision.clone()));
    }

    /// Lets the items fail whose document does not exist, with error 1202.
    #[must_use]
    pub fn must_exist(mut self) -> Self {
        self.batch.change = Change::Remove { must_exist: true };
        self
    }

    /// Waits until the removals are on disk.
    ///
    /// Otherwise the collection decides.
    #[must_use]
    pub fn wait_for_sync(mut self) -> Self {
        self.batch.write.options_mut().waits_for_sync = true;
        self
    }

    /// Updates the entries of the documents in the caches of indexes.
    ///
    /// Since 3.10.2.
    #[must_use]
    pub fn refill_index_caches(mut self) -> Self {
        self.batch.write.options_mut().refills_index_caches = true;
        self
    }

    /// Returns each removed document, too.
    #[must_use]
    pub fn return_old<T>(mut self) -> RemoveDocuments<T> {
        self.batch.write.options_mut().returns_old = true;
        RemoveDocuments { batch: self.batch, output: PhantomData }
    }
}

impl<Old: DeserializeOwned> Operation for RemoveDocuments<Old> {
    type Output = Vec<Result<Removed<Old>, ItemError>>;

    const METADATA: Metadata = Metadata::delete("document.remove_many", "/_api/document/{collection}")
        .scope(Scope::Database)
        .permission(Permission::Write);

    #[inline]
    fn properties(&self) -> RequestProperties {
        self.batch.properties(&Self::METADATA)
    }

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.batch.request(Self::METADATA)
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Self::Output, OutputError> {
        self.batch.output(&response)
    }
}
