//! Inserting several documents.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;

use arango_data::{InsertDocuments, ItemOutput, OverwriteMode, Silent, Written};
use arango_transport::protocol::BuildError;
use arango_transport::{BoxFuture, Error};
use serde::Serialize;

use crate::data::bulk::chunks::Chunks;
use crate::data::bulk::report::BulkReport;
use crate::data::collection::{Borrow, Collection, Keys};
use crate::handles::data_support::invalid_request;

impl Collection {
    /// Inserts several documents, which succeed or fail one by one.
    ///
    /// Each document without a `_key` gets one of the client, as by [`insert`](Self::insert). There is one request for
    /// at most 10,000 documents and 8 MiB, one after the other. The documents are serialised at once and held in memory:
    /// use [`import`](Self::import) for more of them.
    ///
    /// ```no_run
    /// use serde_json::json;
    ///
    /// # async fn example(books: &arango::Collection) -> Result<(), Box<dyn std::error::Error>> {
    /// let report = books.insert_many([json!({ "title": "Dune" }), json!({ "title": "Emma" })]).await?;
    /// for (place, error) in report.failed() {
    ///     println!("document {place}: {error}");
    /// }
    /// let written = report.into_result()?; // or an error that keeps what succeeded
    /// println!("{} documents", written.len());
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "saveAll")]
    pub fn insert_many<T: Serialize>(&self, documents: impl IntoIterator<Item = T>) -> InsertMany<'static> {
        let chunks = self.operation(|name| {
            let mut chunks = Chunks::new(InsertDocuments::new(name));
            for document in documents {
                chunks.add(|write| match self.keys() {
                    Keys::Client => write.push_with_key(&document, || self.new_key()),
                    Keys::Server => write.push(&document),
                });
            }
            Ok(chunks)
        });
        InsertMany { collection: self.clone(), chunks, transaction: PhantomData }
    }
}

/// An insert of several documents, sent when it is awaited.
///
/// The time limit holds for each request. If the future is dropped, what was sent may be executed.
///
/// # Errors
///
/// Only if nothing can be said item by item, such as [`CollectionNotFound`](crate::ErrorKind::CollectionNotFound).
/// Otherwise the [`BulkReport`] has a result for each document.
#[must_use = "an insert is sent when it is awaited"]
pub struct InsertMany<'a, W = Written> {
    collection: Collection,
    chunks: Result<Chunks<InsertDocuments<W>>, BuildError>,
    transaction: Borrow<'a>,
}

impl<'a, W: ItemOutput> InsertMany<'a, W> {
    /// Sets what happens if a document with a key exists; by default it is an error of the item.
    pub fn overwrite(self, mode: OverwriteMode) -> Self {
        self.map(|write| write.overwrite(mode))
    }

    /// Overwrites an existing document only if this attribute has a higher number in the new one.
    ///
    /// The write can then be repeated. Only with [`overwrite`](Self::overwrite) by `Replace` or `Update`; otherwise the insert
    /// fails with [`Request`](crate::ErrorKind::Request), and nothing is sent. Since 3.12.
    pub fn version(self, attribute: impl Into<String>) -> Self {
        let attribute = attribute.into();
        self.map(|write| write.version_attribute(attribute.as_str()))
    }

    /// Removes the attributes that are `null` in a new document from an existing one.
    ///
    /// Only with [`overwrite`](Self::overwrite) by `Update`; otherwise the insert fails, and nothing is sent.
    pub fn remove_nulls(self) -> Self {
        self.map(InsertDocuments::remove_nulls)
    }

    /// Replaces objects in an existing document, instead of merging their attributes.
    ///
    /// Only with [`overwrite`](Self::overwrite) by `Update`; otherwise the insert fails, and nothing is sent.
    pub fn replace_objects(self) -> Self {
        self.map(InsertDocuments::replace_objects)
    }

    /// Waits until the writes are on disk.
    pub fn wait_for_sync(self) -> Self {
        self.map(InsertDocuments::wait_for_sync)
    }

    /// Updates the entries of the documents in the caches of indexes.
    pub fn refill_index_caches(self) -> Self {
        self.map(InsertDocuments::refill_index_caches)
    }

    /// Returns only whether each write succeeded.
    pub fn silent(self) -> InsertMany<'a, Silent> {
        self.map(InsertDocuments::silent)
    }

    async fn send(self) -> Result<BulkReport<W>, Error> {
        let chunks = self.chunks.and_then(|chunks| chunks.check(InsertDocuments::check).map(|()| chunks));
        let mut chunks = chunks.map_err(invalid_request::<InsertDocuments<W>>)?;
        let mut collection = self.collection;
        if chunks.any(InsertDocuments::has_generated_keys)
            && !collection
                .accepts_generated_keys::<InsertDocuments<W>>()
                .await
                .inspect_err(|error| collection.record_failure(error))?
        {
            chunks = chunks.map(InsertDocuments::without_generated_keys);
        }
        chunks.send(&collection).await
    }
}

impl<'a, W> InsertMany<'a, W> {
    fn map<V>(self, change: impl Fn(InsertDocuments<W>) -> InsertDocuments<V>) -> InsertMany<'a, V> {
        let chunks = self.chunks.map(|chunks| chunks.map(change));
        InsertMany { collection: self.collection, chunks, transaction: PhantomData }
    }
}

impl<'a, New, Old> InsertMany<'a, Written<New, Old>> {
    /// Returns each document after the write, too.
    pub fn return_new<T>(self) -> InsertMany<'a, Written<T, Old>> {
        self.map(InsertDocuments::return_new)
    }

    /// Returns each document before the write, too.
    pub fn return_old<T>(self) -> InsertMany<'a, Written<New, T>> {
        self.map(InsertDocuments::return_old)
    }
}

impl<'a, W: ItemOutput + Send + Sync + 'static> IntoFuture for InsertMany<'a, W> {
    type Output = Result<BulkReport<W>, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl<W> fmt::Debug for InsertMany<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InsertMany").field("chunks", &self.chunks).finish_non_exhaustive()
    }
}
