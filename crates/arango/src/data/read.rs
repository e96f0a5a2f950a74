//! Reading a document.

use std::fmt;
use std::future::{IntoFuture, ready};
use std::marker::PhantomData;

use arango_data::{ChangedDocument, DocumentExists, ReadChangedDocument, ReadDocument, Revision};
use arango_transport::protocol::{BuildError, Resolve};
use arango_transport::{BoxFuture, Error};
use serde::de::DeserializeOwned;

use crate::data::boxed::boxed;
use crate::data::collection::{Borrow, Collection};
use crate::handles::data_support::invalid_request;

/// A read, sent when it is awaited.
///
/// # Errors
///
/// [`CollectionNotFound`](crate::ErrorKind::CollectionNotFound); [`Decode`](crate::ErrorKind::Decode) if the document is
/// not a `T`. A missing document is `None`.
#[must_use = "a read is sent when it is awaited"]
pub struct Get<'a, T> {
    collection: Collection,
    operation: Result<ReadDocument<T>, BuildError>,
    transaction: Borrow<'a>,
}

impl<'a, T> Get<'a, T> {
    pub(super) fn new(collection: &Collection, operation: Result<ReadDocument<T>, BuildError>) -> Self {
        Self { collection: collection.clone(), operation, transaction: PhantomData }
    }

    /// Fails with [`PreconditionFailed`](crate::ErrorKind::PreconditionFailed) if it has another revision.
    pub fn if_revision(mut self, revision: &Revision) -> Self {
        self.operation = self.operation.map(|operation| operation.if_revision(revision));
        self
    }

    /// Reads the document only if it has another revision than this one.
    pub fn unless_revision(self, revision: &Revision) -> GetChanged<'a, T> {
        let operation = self.operation.map(|operation| operation.unless_revision(revision));
        GetChanged { collection: self.collection, operation, transaction: PhantomData }
    }

    /// Allows a coordinator to read from a follower, whose document may be older.
    pub fn allow_dirty_read(mut self) -> Self {
        self.operation = self.operation.map(ReadDocument::allow_dirty_read);
        self
    }
}

impl<'a, T: DeserializeOwned + Send + 'static> IntoFuture for Get<'a, T> {
    type Output = Result<Option<T>, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { collection, operation, .. } = self;
        match operation {
            Ok(operation) => boxed(|| async move { collection.execute(&operation).await }),
            Err(error) => Box::pin(ready(Err(invalid_request::<ReadDocument<T>>(error)))),
        }
    }
}

/// A read of a document that may have changed, sent when it is awaited.
#[must_use = "a read is sent when it is awaited"]
pub struct GetChanged<'a, T> {
    collection: Collection,
    operation: Result<ReadChangedDocument<T>, BuildError>,
    transaction: Borrow<'a>,
}

impl<'a, T: DeserializeOwned + Send + 'static> IntoFuture for GetChanged<'a, T> {
    type Output = Result<ChangedDocument<T>, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let operation = self.operation.map_err(invalid_request::<ReadChangedDocument<T>>)?;
            self.collection.execute(operation).await
        })
    }
}

/// Whether there is a document, asked when it is awaited.
///
/// The server answers without a body, so that nothing is transferred. Such an answer does not say why there is no document:
/// then it is read once.
#[must_use = "it is asked when it is awaited"]
pub struct Exists<'a> {
    collection: Collection,
    operation: Result<DocumentExists, BuildError>,
    transaction: Borrow<'a>,
}

impl Exists<'_> {
    pub(super) fn new(collection: &Collection, operation: Result<DocumentExists, BuildError>) -> Self {
        Self { collection: collection.clone(), operation, transaction: PhantomData }
    }
}

impl<'a> IntoFuture for Exists<'a> {
    type Output = Result<bool, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let operation = self.operation.map_err(invalid_request::<DocumentExists>)?;
            if self.collection.is_in_transaction() {
                // A response without a body does not prove anything, and it is not asked twice.
                return Ok(self.collection.execute(operation.read()).await?.is_some());
            }
            let database = self.collection.database();
            let error = match database.execute(&operation).await {
                Ok(revision) => return Ok(revision.is_some()),
                Err(error) => error,
            };
            match operation.question(&error.failure()) {
                Some(read) => {
                    let database = database.clone().after(&error);
                    Ok(database.execute(read).await?.is_some())
                }
                None => Err(error),
            }
        })
    }
}

impl<T> fmt::Debug for Get<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Get").field("operation", &self.operation).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for GetChanged<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetChanged").finish_non_exhaustive()
    }
}

impl fmt::Debug for Exists<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exists").field("operation", &self.operation).finish_non_exhaustive()
    }
}
