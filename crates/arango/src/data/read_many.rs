//! Reading several documents with one request.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;

use arango_data::ReadDocuments;
use arango_transport::protocol::BuildError;
use arango_transport::{BoxFuture, Error};
use serde::de::DeserializeOwned;

use crate::data::collection::{Borrow, Collection};
use crate::handles::data_support::invalid_request;

/// A read of several documents, sent when it is awaited.
///
/// # Errors
///
/// [`CollectionNotFound`](crate::ErrorKind::CollectionNotFound); [`Decode`](crate::ErrorKind::Decode) if one of the
/// documents is not a `T`. A missing document is `None`.
#[must_use = "a read is sent when it is awaited"]
pub struct GetMany<'a, T> {
    collection: Collection,
    operation: Result<ReadDocuments<T>, BuildError>,
    transaction: Borrow<'a>,
}

impl<T> GetMany<'_, T> {
    pub(super) fn new(collection: &Collection, operation: Result<ReadDocuments<T>, BuildError>) -> Self {
        Self { collection: collection.clone(), operation, transaction: PhantomData }
    }

    /// Allows a coordinator to read from followers, whose documents may be older.
    pub fn allow_dirty_read(mut self) -> Self {
        self.operation = self.operation.map(ReadDocuments::allow_dirty_read);
        self
    }
}

impl<'a, T: DeserializeOwned + Send + 'static> IntoFuture for GetMany<'a, T> {
    type Output = Result<Vec<Option<T>>, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let operation = self.operation.map_err(invalid_request::<ReadDocuments<T>>)?;
            if operation.keys().is_empty() {
                // Servers before 3.10.9 and 3.11.1 refuse it.
                return Ok(Vec::new());
            }
            self.collection.execute(operation).await
        })
    }
}

impl<T> fmt::Debug for GetMany<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetMany").field("operation", &self.operation).finish_non_exhaustive()
    }
}
