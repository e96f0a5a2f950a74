//! Removing several documents.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;

use arango_data::{InvalidIdentifier, Key, RemoveDocuments, Removed, Revision};
use arango_transport::protocol::BuildError;
use arango_transport::{BoxFuture, Error};
use serde::de::DeserializeOwned;

use crate::data::bulk::chunks::Chunks;
use crate::data::bulk::report::BulkReport;
use crate::data::collection::{Borrow, Collection, invalid_name};
use crate::data::key::ToKey;
use crate::handles::data_support::invalid_request;

/// What is removed, as an argument: a key, or a key with the expected revision.
///
/// Sealed: it cannot be implemented outside of this crate.
pub trait ToRemoval: Sealed {}

mod sealed {
    use super::{InvalidIdentifier, Key, Revision};

    pub trait Sealed {
        fn to_removal(self) -> Result<(Key, Option<Revision>), InvalidIdentifier>;
    }
}

use sealed::Sealed;

impl<K: ToKey> ToRemoval for K {}

impl<K: ToKey> Sealed for K {
    fn to_removal(self) -> Result<(Key, Option<Revision>), InvalidIdentifier> {
        Ok((self.to_key()?, None))
    }
}

impl<K: ToKey> ToRemoval for (K, &Revision) {}

impl<K: ToKey> Sealed for (K, &Revision) {
    fn to_removal(self) -> Result<(Key, Option<Revision>), InvalidIdentifier> {
        Ok((self.0.to_key()?, Some(self.1.clone())))
    }
}

impl Collection {
    /// Removes several documents: by their keys, or by pairs of a key and the expected revision.
    ///
    /// They succeed or fail one by one, and a document that is not there is no error. There is one request for at most
    /// 10,000 keys, one after the other.
    ///
    /// ```no_run
    /// # async fn example(books: &arango::Collection) -> Result<(), Box<dyn std::error::Error>> {
    /// books.remove_many(["dune", "emma"]).await?.into_result()?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "delete_many")]
    #[doc(alias = "removeAll")]
    pub fn remove_many(&self, documents: impl IntoIterator<Item = impl ToRemoval>) -> RemoveMany<'static> {
        let chunks = self.operation(|name| {
            let mut chunks = Chunks::new(RemoveDocuments::new(name));
            for document in documents {
                chunks.add(|write| {
                    let removal = document.to_removal().map_err(|invalid| invalid_name("key", &invalid))?;
                    match removal {
                        (key, None) => write.push(&key),
                        (key, Some(revision)) => write.push_if_revision(&key, &revision),
                    }
                    Ok(())
                });
            }
            Ok(chunks)
        });
        RemoveMany { collection: self.clone(), chunks, transaction: PhantomData }
    }
}

/// A removal of several documents, sent when it is awaited.
///
/// # Errors
///
/// As [`InsertMany`](crate::data::InsertMany).
#[must_use = "a removal is sent when it is awaited"]
pub struct RemoveMany<'a, Old = ()> {
    collection: Collection,
    chunks: Result<Chunks<RemoveDocuments<Old>>, BuildError>,
    transaction: Borrow<'a>,
}

impl<'a, Old> RemoveMany<'a, Old> {
    /// Lets the items fail whose document does not exist.
    pub fn must_exist(self) -> Self {
        self.map(RemoveDocuments::must_exist)
    }

    /// Waits until the removals are on disk.
    pub fn wait_for_sync(self) -> Self {
        self.map(RemoveDocuments::wait_for_sync)
    }

    /// Updates the entries of the documents in the caches of indexes.
    pub fn refill_index_caches(self) -> Self {
        self.map(RemoveDocuments::refill_index_caches)
    }

    /// Returns each removed document, too.
    pub fn return_old<T>(self) -> RemoveMany<'a, T> {
        self.map(RemoveDocuments::return_old)
    }

    fn map<T>(self, change: impl Fn(RemoveDocuments<Old>) -> RemoveDocuments<T>) -> RemoveMany<'a, T> {
        let chunks = self.chunks.map(|chunks| chunks.map(change));
        RemoveMany { collection: self.collection, chunks, transaction: PhantomData }
    }
}

impl<'a, Old: DeserializeOwned + Send + Sync + 'static> IntoFuture for RemoveMany<'a, Old> {
    type Output = Result<BulkReport<Removed<Old>>, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let chunks = self.chunks.map_err(invalid_request::<RemoveDocuments<Old>>)?;
            chunks.send(&self.collection).await
        })
    }
}

impl<Old> fmt::Debug for RemoveMany<'_, Old> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoveMany").field("chunks", &self.chunks).finish_non_exhaustive()
    }
}
