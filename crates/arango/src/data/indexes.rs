//! The indexes of a collection.

use std::future::IntoFuture;
use std::time::Duration;

use arango_data::{
    DropIndex, DropStatus, EnsureIndex, Ensured, GetIndex, Index, IndexId, IndexInfo, ListIndexes,
};
use arango_transport::protocol::BuildError;
use arango_transport::{BoxFuture, Error};

use crate::data::collection::Collection;
use crate::handles::data_support::invalid_request;

/// The indexes of the collection. All methods fail as [`Database::execute`](crate::Database::execute) does.
impl Collection {
    /// Creates an index unless there is one that does the same, or compares one of the name that does something else.
    ///
    /// An index is never changed. Without a name it is found under any.
    ///
    /// ```no_run
    /// use arango::data::Index;
    ///
    /// # async fn example(books: &arango::Collection) -> Result<(), Box<dyn std::error::Error>> {
    /// let ensured = books.ensure_index(Index::persistent(["year", "title"]).named("by_year")).await?;
    /// println!("{ensured}"); // such as `index books/by_year created`
    /// let index = ensured.into_result()?; // an error if the name is that of another index
    /// println!("{}", index.id);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "add_index")]
    #[doc(alias = "add_persistent_index")]
    #[doc(alias = "add_ttl_index")]
    #[doc(alias = "createIndex")]
    #[doc(alias = "ensureIndex")]
    pub fn ensure_index(&self, index: impl Into<Index>) -> NewIndex {
        NewIndex {
            collection: self.clone(),
            operation: self.operation(|name| Ok(EnsureIndex::new(name, index))),
        }
    }

    /// Lists the indexes, without those that are being built.
    #[inline]
    pub async fn indexes(&self) -> Result<Vec<IndexInfo>, Error> {
        self.database().execute(ListIndexes::new(self.name()?)).await
    }

    /// Lists the indexes that are being built, with their [progress](IndexInfo::progress).
    ///
    /// Since 3.10.13 and 3.11.7; older servers do not report the progress, and the list is empty.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use arango::data::Index;
    ///
    /// # async fn example(books: &arango::Collection) -> arango::Result<()> {
    /// let build = books.ensure_index(Index::persistent(["year"]).in_background());
    /// let build = tokio::spawn(build.into_future());
    /// while !build.is_finished() {
    ///     tokio::time::sleep(Duration::from_secs(1)).await;
    ///     for index in books.indexes_in_progress().await? {
    ///         println!("{}: {:?} %", index.name, index.progress);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn indexes_in_progress(&self) -> Result<Vec<IndexInfo>, Error> {
        let mut indexes = self.database().execute(ListIndexes::new(self.name()?).include_hidden()).await?;
        indexes.retain(|index| index.progress.is_some());
        Ok(indexes)
    }

    /// Returns an index.
    #[inline]
    pub async fn index(&self, id: &IndexId) -> Result<IndexInfo, Error> {
        self.database().execute(GetIndex { id: id.clone() }).await
    }

    /// Removes an index. One that is not there is no error.
    ///
    /// By its number, as in [`IndexInfo`], it is sent again after any failure. By its name it is not: another index may have got
    /// the name meanwhile.
    #[doc(alias = "delete_index")]
    #[doc(alias = "dropIndex")]
    #[inline]
    pub async fn drop_index(&self, id: &IndexId) -> Result<DropStatus, Error> {
        self.database().execute(DropIndex::new(id)).await
    }
}

/// The creation of an index, sent when it is awaited.
///
/// The server goes on building it after the client has given up; it can then be ensured again.
///
/// # Errors
///
/// [`UniqueViolation`](crate::ErrorKind::UniqueViolation) if the index is unique and documents have equal values;
/// [`CollectionNotFound`](crate::ErrorKind::CollectionNotFound); [`Request`](crate::ErrorKind::Request) if its type does
/// not have one of its options.
#[derive(Debug)]
#[must_use = "the index is created when it is awaited"]
pub struct NewIndex {
    collection: Collection,
    operation: Result<EnsureIndex, BuildError>,
}

impl NewIndex {
    /// Sets how long the client waits until the index is built; by default an hour.
    pub fn build_timeout(mut self, limit: Duration) -> Self {
        self.operation = self.operation.map(|operation| operation.build_timeout(limit));
        self
    }
}

impl IntoFuture for NewIndex {
    type Output = Result<Ensured<IndexInfo>, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let operation = self.operation.map_err(invalid_request::<EnsureIndex>)?;
            self.collection.database().execute_resolving(operation).await
        })
    }
}
