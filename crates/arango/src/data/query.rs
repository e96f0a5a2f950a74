//! A query, its options, and the ways to read its rows.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::time::Duration;

use arango_data::{
    Aql, CreateCursor, ExplainQuery, Explanation, Extra, ParseQuery, ParsedQuery, Profile, QueryOptions,
};
use arango_transport::{BoxFuture, Error};
use serde::de::DeserializeOwned;

use crate::data::cursor::Cursor;
use crate::handles::database::Database;

impl Database {
    /// Executes a query, whose rows are decoded into `T`.
    ///
    /// ```no_run
    /// use arango::data::Aql;
    ///
    /// # async fn example(client: &arango::Client) -> arango::Result<()> {
    /// let query = Aql::new("FOR b IN books FILTER b.year >= @from SORT b.year RETURN b.title").bind("from", 1960);
    /// let titles: Vec<String> = client.db("library").query(query).all().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn query<T: DeserializeOwned>(&self, query: Aql) -> Query<T> {
        let options = QueryOptions::new().allow_retry();
        Query { database: self.clone(), aql: query, options, rows: PhantomData }
    }

    /// Returns how the server would execute a query, without executing it.
    ///
    /// # Errors
    ///
    /// [`InvalidQuery`](crate::ErrorKind::InvalidQuery), and as [`execute`](Self::execute).
    pub async fn explain(&self, query: &Aql) -> Result<Explanation, Error> {
        self.execute(ExplainQuery::new(query)).await
    }

    /// Checks the syntax of a query, without executing it.
    ///
    /// # Errors
    ///
    /// [`InvalidQuery`](crate::ErrorKind::InvalidQuery), and as [`execute`](Self::execute).
    pub async fn parse(&self, query: &Aql) -> Result<ParsedQuery, Error> {
        self.execute(ParseQuery::new(query)).await
    }
}

/// A query, sent when it is awaited.
///
/// A query whose text proves that it [only reads](Aql::is_read_only) is sent again after a broken connection. Any other
/// query is not, since it may have been executed.
///
/// # Errors
///
/// [`InvalidQuery`](crate::ErrorKind::InvalidQuery); [`CollectionNotFound`](crate::ErrorKind::CollectionNotFound); for a
/// query that writes, those of writes; [`QueryKilled`](crate::ErrorKind::QueryKilled) and
/// [`ResourceLimit`](crate::ErrorKind::ResourceLimit).
#[must_use = "a query is sent when it is awaited"]
pub struct Query<T> {
    database: Database,
    aql: Aql,
    options: QueryOptions,
    rows: PhantomData<fn() -> T>,
}

impl<T> Query<T> {
    /// Sets how many rows a response contains at most; by default 1,000.
    pub fn batch_size(self, rows: u64) -> Self {
        self.map(|options| options.batch_size(rows))
    }

    /// Sets how long the server keeps the cursor after a batch was read.
    ///
    /// By default 600 s, and 60 s for a [stream](Self::stream).
    pub fn ttl(self, ttl: Duration) -> Self {
        self.map(|options| options.ttl(ttl))
    }

    /// Counts the rows: see [`Cursor::count`].
    pub fn count(self) -> Self {
        self.map(QueryOptions::count)
    }

    /// Counts the rows that there would be without the last `LIMIT`: see [`Cursor::full_count`].
    pub fn full_count(self) -> Self {
        self.map(QueryOptions::full_count)
    }

    /// Computes rows when they are read, instead of all before the first response.
    ///
    /// A stream that writes commits with its last batch: dropped before, it has no effect.
    pub fn stream(self) -> Self {
        self.map(QueryOptions::stream)
    }

    /// Limits how long the server executes the query.
    pub fn max_runtime(self, limit: Duration) -> Self {
        self.map(|options| options.max_runtime(limit))
    }

    /// Limits the memory that the query uses on each server.
    pub fn memory_limit(self, bytes: u64) -> Self {
        self.map(|options| options.memory_limit(bytes))
    }

    /// Measures the steps of the query: see [`Cursor::finish`].
    pub fn profile(self, profile: Profile) -> Self {
        self.map(|options| options.profile(profile))
    }

    /// Fails where the query would have a warning.
    pub fn fail_on_warning(self) -> Self {
        self.map(QueryOptions::fail_on_warning)
    }

    /// Allows coordinators to read from followers, whose documents may be older.
    pub fn allow_dirty_reads(self) -> Self {
        self.map(QueryOptions::allow_dirty_reads)
    }

    /// Replaces all options. Batches can be [read again](QueryOptions::allow_retry) in any case.
    pub fn options(mut self, options: QueryOptions) -> Self {
        self.options = options.allow_retry();
        self
    }

    fn map(mut self, change: impl FnOnce(QueryOptions) -> QueryOptions) -> Self {
        self.options = change(self.options);
        self
    }
}

impl<T: DeserializeOwned + Send + 'static> Query<T> {
    /// Executes the query and reads all rows.
    ///
    /// # Errors
    ///
    /// As the query, and as [`Cursor`].
    pub async fn all(self) -> Result<Vec<T>, Error> {
        self.await?.all().await
    }

    /// Executes the query and returns its first row; `None` if there is none.
    ///
    /// Further rows are dropped. A [stream](Self::stream) that may write is read to its end, so that it
    /// commits.
    ///
    /// # Errors
    ///
    /// As the query.
    pub async fn first(self) -> Result<Option<T>, Error> {
        let commits_last = self.commits_with_its_last_batch();
        let mut cursor = self.await?;
        let first = cursor.try_next().await?;
        while commits_last && cursor.try_next().await?.is_some() {}
        Ok(first)
    }

    /// Executes the query and reads it to its end, without its rows.
    ///
    /// # Errors
    ///
    /// As the query, and as [`Cursor`].
    pub async fn finish(self) -> Result<Extra, Error> {
        self.await?.finish().await
    }

    /// Whether the query is a stream that may write. Then no batch is read before it is needed.
    fn commits_with_its_last_batch(&self) -> bool {
        self.options.is_stream() && !self.aql.is_read_only()
    }

    async fn send(self) -> Result<Cursor<T>, Error> {
        let reads_ahead = !self.commits_with_its_last_batch();
        let create = CreateCursor::new(&self.aql).options(&self.options);
        let (batch, owner) = self.database.execute_with_coordinator(create).await?;
        Ok(Cursor::new(self.database, owner, batch, reads_ahead))
    }
}

impl<T: DeserializeOwned + Send + 'static> IntoFuture for Query<T> {
    type Output = Result<Cursor<T>, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl<T> fmt::Debug for Query<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("aql", &self.aql)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
