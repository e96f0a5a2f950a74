//! Inserting a document.

use std::fmt;
use std::future::{IntoFuture, ready};
use std::marker::PhantomData;

use arango_data::{InsertDocument, OperationId, OverwriteMode, Silent, WriteOutput, Written};
use arango_transport::protocol::BuildError;
use arango_transport::{BoxFuture, Error};

use crate::data::boxed::boxed;
use crate::data::collection::{Borrow, Collection, Keys};
use crate::data::key::ToKey;
use crate::handles::data_support::invalid_request;

/// An insert, sent when it is awaited.
///
/// Outside of a transaction, one that [ignores](OverwriteMode::Ignore) an existing document is sent up to five times again if
/// another write of the document runs at the same time, unless the retry policy allows a single attempt.
///
/// # Errors
///
/// [`UniqueViolation`](crate::ErrorKind::UniqueViolation) if the key or the value of another unique attribute is in use;
/// [`CollectionNotFound`](crate::ErrorKind::CollectionNotFound); [`SchemaViolation`](crate::ErrorKind::SchemaViolation).
/// If the response was lost and nothing could be found out, the outcome is [`Unknown`](crate::Outcome::Unknown).
#[must_use = "an insert is sent when it is awaited"]
pub struct Insert<'a, W = Written> {
    collection: Collection,
    operation: Result<InsertDocument<W>, BuildError>,
    transaction: Borrow<'a>,
    needs_its_key: bool,
}

impl Insert<'_> {
    pub(super) fn new(collection: &Collection, operation: Result<InsertDocument, BuildError>) -> Self {
        Self { collection: collection.clone(), operation, needs_its_key: false, transaction: PhantomData }
    }

    /// Refuses the insert if the collection does not accept keys of its clients.
    pub(super) fn only_under_its_key(mut self) -> Self {
        self.needs_its_key = true;
        self
    }
}

impl<'a, W> Insert<'a, W> {
    /// Sets the key; the document must have no other.
    pub fn key(mut self, key: impl ToKey) -> Self {
        self.operation = self.operation.and_then(|operation| match key.to_key() {
            Ok(key) => Ok(operation.key(&key)),
            Err(invalid) => Err(BuildError::Field { field: "key", reason: invalid.reason() }),
        });
        self
    }

    /// Sets what happens if a document with the key exists; by default it is an error.
    pub fn overwrite(self, mode: OverwriteMode) -> Self {
        self.map(|operation| operation.overwrite(mode))
    }

    /// Overwrites an existing document only if this attribute has a higher number in the new one.
    ///
    /// The write can then be repeated. Only with [`overwrite`](Self::overwrite) by `Replace` or `Update`; otherwise the insert
    /// fails with [`Request`](crate::ErrorKind::Request), and nothing is sent. Since 3.12.
    pub fn version(self, attribute: impl Into<String>) -> Self {
        self.map(|operation| operation.version_attribute(attribute))
    }

    /// Removes the attributes that are `null` in the new document from an existing one.
    ///
    /// Only with [`overwrite`](Self::overwrite) by `Update`; otherwise the insert fails, and nothing is sent.
    pub fn remove_nulls(self) -> Self {
        self.map(InsertDocument::remove_nulls)
    }

    /// Replaces objects in an existing document, instead of merging their attributes.
    ///
    /// Only with [`overwrite`](Self::overwrite) by `Update`; otherwise the insert fails, and nothing is sent.
    pub fn replace_objects(self) -> Self {
        self.map(InsertDocument::replace_objects)
    }

    /// Waits until the write is on disk.
    pub fn wait_for_sync(self) -> Self {
        self.map(InsertDocument::wait_for_sync)
    }

    /// Updates the entries of the document in the caches of indexes.
    pub fn refill_index_caches(self) -> Self {
        self.map(InsertDocument::refill_index_caches)
    }

    /// Adds an attribute that tells this write from all others.
    pub fn operation_id(self, id: OperationId) -> Self {
        self.map(|operation| operation.operation_id(id))
    }

    /// Returns only whether the write succeeded.
    pub fn silent(self) -> Insert<'a, Silent> {
        self.map(InsertDocument::silent)
    }

    fn map<V>(self, change: impl FnOnce(InsertDocument<W>) -> InsertDocument<V>) -> Insert<'a, V> {
        Insert {
            collection: self.collection,
            operation: self.operation.map(change),
            needs_its_key: self.needs_its_key,
            transaction: PhantomData,
        }
    }
}

impl<'a, New, Old> Insert<'a, Written<New, Old>> {
    /// Returns the document after the write, too.
    pub fn return_new<T>(self) -> Insert<'a, Written<T, Old>> {
        self.map(InsertDocument::return_new)
    }

    /// Returns the document before the write, too.
    pub fn return_old<T>(self) -> Insert<'a, Written<New, T>> {
        self.map(InsertDocument::return_old)
    }
}

/// Sends an insert.
#[expect(clippy::manual_async_fn, reason = "an async function stores its parameters twice")]
fn send<W: WriteOutput + Send + 'static>(
    mut collection: Collection,
    mut operation: InsertDocument<W>,
    needs_its_key: bool,
) -> impl Future<Output = Result<W, Error>> + Send {
    async move {
        let is_without_key = collection.keys() == Keys::Client && operation.document_key().is_none();
        let accepts_keys = (is_without_key || needs_its_key)
            && match collection.known_to_accept_generated_keys() {
                Some(known) => known,
                None => collection
                    .accepts_generated_keys::<InsertDocument<W>>()
                    .await
                    .inspect_err(|error| collection.record_failure(error))?,
            };
        if needs_its_key && !accepts_keys {
            let reason = "is not accepted by this collection, and without it the edge could be stored twice";
            return Err(invalid_request::<InsertDocument<W>>(BuildError::Field { field: "_key", reason }));
        }
        let gets_key = is_without_key && accepts_keys;
        if gets_key {
            operation = operation.key(&collection.new_key());
        }
        let error = match collection.execute_resolving(&operation).await {
            Err(error) => error,
            written => return written,
        };
        match operation.without_refused_key(&error.failure()) {
            // A key that the program chose is never replaced.
            Some(operation) if gets_key => {
                collection.record_key_refusal();
                collection.set_database(collection.database().clone().after(&error));
                // Boxed: rare and large, so it should not enlarge the future of every insert.
                Box::pin(collection.execute_resolving(operation)).await
            }
            // A further call would make another key.
            _ if gets_key && !error.was_not_executed() => {
                let outcome = error.outcome();
                Err(error.of_write(outcome))
            }
            _ => Err(error),
        }
    }
}

impl<'a, W: WriteOutput + Send + 'static> IntoFuture for Insert<'a, W> {
    type Output = Result<W, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        match self.operation.and_then(|operation| operation.check().map(|()| operation)) {
            Ok(operation) => boxed(|| send(self.collection, operation, self.needs_its_key)),
            Err(error) => Box::pin(ready(Err(invalid_request::<InsertDocument<W>>(error)))),
        }
    }
}

impl<W> fmt::Debug for Insert<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Insert").field("operation", &self.operation).finish_non_exhaustive()
    }
}
