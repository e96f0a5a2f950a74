//! A query, its options, and the ways to read its rows.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use arango_data::{Aql, CreateCursor, Extra, Profile, QueryOptions, QueryTag, Row};
use arango_transport::balance::RandomSource;
use arango_transport::protocol::BuildError;
use arango_transport::{BoxFuture, Coordinator, Error};
use serde::de::DeserializeOwned;

use crate::data::cursor::{Cursor, CursorEffect};
use crate::data::query_excerpt::with_excerpt;
use crate::data::query_trace::{QueryTrace, observe};
use crate::data::server_cursor::close;
use crate::data::transaction::{Transaction, TransactionCalls};
use crate::data::watched_query::WatchedQuery;
use crate::handles::data_support::invalid_request;
use crate::handles::database::Database;

impl Database {
    /// Executes a query, whose rows are decoded into `T`: any type that owns its values, or
    /// [`RawRows`](crate::data::RawRows) for types that borrow. A constant text is a query without parameters.
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
    #[doc(alias = "aql")]
    pub fn query<T: Row>(&self, query: impl Into<Aql>) -> Query<T> {
        let request =
            Request { aql: query.into(), options: QueryOptions::new().allow_retry(), tag: Ok(None) };
        Query { database: self.clone(), request: Box::new(request), transaction: None, rows: PhantomData }
    }
}

/// A query, sent when it is awaited.
///
/// A query whose text proves that it [only reads](Aql::is_read_only) is sent again after a broken connection. Any other
/// query is not, since it may have been executed. In a [transaction](crate::data::Transaction), none is, and `B` is the
/// borrow of the transaction.
///
/// If the future is dropped before the first response, the server executes the query to its end, and keeps the rows that do
/// not fit into that response for the [time to live](Self::ttl) of their cursor.
///
/// ```no_run
/// # async fn example(library: &arango::Database) -> arango::Result<()> {
/// use arango::data::Aql;
///
/// let by_year = Aql::new("FOR b IN books FILTER b.year < @year RETURN b.title").bind("year", 1970);
/// let titles: Vec<String> = library.query(by_year.clone()).all().await?; // all rows
///
/// let mut rows = library.query::<String>(by_year).batch_size(5_000).await?; // batch by batch
/// while let Some(title) = rows.try_next().await? {
///     println!("{title}");
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`InvalidQuery`](crate::ErrorKind::InvalidQuery); [`CollectionNotFound`](crate::ErrorKind::CollectionNotFound); for a
/// query that writes, those of writes; [`QueryKilled`](crate::ErrorKind::QueryKilled) and
/// [`ResourceLimit`](crate::ErrorKind::ResourceLimit).
#[must_use = "a query is sent when it is awaited"]
pub struct Query<T, B = ()> {
    database: Database,
    /// In a box, because it is large, and a query is moved by each method and by the future that sends it.
    request: Box<Request>,
    transaction: Option<Arc<TransactionCalls>>,
    rows: PhantomData<(fn() -> T, B)>,
}

/// What is sent.
struct Request {
    aql: Aql,
    options: QueryOptions,
    tag: Result<Option<QueryTag>, BuildError>,
}

impl<T, B> Query<T, B> {
    /// Returns the text and the parameters.
    pub fn aql(&self) -> &Aql {
        &self.request.aql
    }

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

    /// Adds a label by which the query is found while it runs: a text, or a [`QueryTag`].
    ///
    /// A random number is added to a label without one, so that [`tag`](Self::tag) names this run only. An invalid label is
    /// reported when the query is sent.
    ///
    /// ```no_run
    /// use arango::data::Aql;
    ///
    /// # async fn example(shop: &arango::Database) -> arango::Result<()> {
    /// let query = Aql::new("FOR i IN items FILTER i.invoice == 17 UPDATE i WITH { paid: true } IN items");
    /// if let Err(error) = shop.query::<()>(query).tagged("invoice-17").finish().await {
    ///     let running = shop.queries().running_with("invoice-17").await?;
    ///     println!("{error}; it still runs: {}", !running.is_empty());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn tagged<L: TryInto<QueryTag, Error: fmt::Display>>(mut self, tag: L) -> Self {
        let random = || new_nonce(self.database.transport.random());
        self.request.tag = match tag.try_into() {
            Ok(tag) if tag.has_nonce() => Ok(Some(tag)),
            Ok(tag) => Ok(Some(tag.with_nonce(random()))),
            Err(invalid) => Err(BuildError::Query(invalid.to_string())),
        };
        self
    }

    /// Returns the tag of this run of the query, if it has a valid one.
    pub fn tag(&self) -> Option<&QueryTag> {
        self.request.tag.as_ref().ok()?.as_ref()
    }

    /// Replaces all options. Batches can be [read again](QueryOptions::allow_retry) in any case, except in a transaction.
    pub fn options(mut self, options: QueryOptions) -> Self {
        self.request.options = if self.transaction.is_none() { options.allow_retry() } else { options };
        self
    }

    fn map(mut self, change: impl FnOnce(QueryOptions) -> QueryOptions) -> Self {
        self.request.options = change(std::mem::take(&mut self.request.options));
        self
    }
}

impl<T> Query<T, &mut Transaction> {
    /// Prepares a query in a transaction. Its batches are read once.
    pub(super) fn in_transaction(database: Database, aql: Aql, transaction: Arc<TransactionCalls>) -> Self {
        let request = Request { aql, options: QueryOptions::new(), tag: Ok(None) };
        Self { database, request: Box::new(request), transaction: Some(transaction), rows: PhantomData }
    }
}

impl<T: DeserializeOwned + Send + 'static, B> Query<T, B> {
    /// Executes the query and reads all rows.
    ///
    /// # Errors
    ///
    /// As the query, and as [`Cursor`].
    pub async fn all(self) -> Result<Vec<T>, Error> {
        self.send().await?.all().await
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
        let mut cursor = self.send().await?;
        let first = cursor.try_next().await?;
        while commits_last && cursor.try_next().await?.is_some() {}
        Ok(first)
    }

    /// Executes the query, which has exactly one row, and returns that.
    ///
    /// # Errors
    ///
    /// As the query. [`Decode`](crate::ErrorKind::Decode) if it has no row, or more than one: it was executed then. A
    /// [stream](Self::stream) that may write is read to its end first, so that it commits.
    pub async fn one(self) -> Result<T, Error> {
        let database = self.database.clone();
        let (row, coordinator) = self.at_most_one().await?;
        let reason = "the query has no row where one is expected";
        row.ok_or_else(|| database.unexpected_output::<CreateCursor<T>>(coordinator, reason))
    }

    /// Executes the query, which has at most one row, and returns that.
    ///
    /// # Errors
    ///
    /// As the query. [`Decode`](crate::ErrorKind::Decode) if it has more than one row: it was executed then. A
    /// [stream](Self::stream) that may write is read to its end first, so that it commits.
    pub async fn optional(self) -> Result<Option<T>, Error> {
        Ok(self.at_most_one().await?.0)
    }

    /// Reads until it is certain that there is no second row, and returns who responded, too.
    async fn at_most_one(self) -> Result<(Option<T>, Option<Coordinator>), Error> {
        let (database, commits_last) = (self.database.clone(), self.commits_with_its_last_batch());
        let mut cursor = self.send().await?;
        let first = cursor.try_next().await?;
        let coordinator = cursor.coordinator().cloned();
        if first.is_some() && cursor.try_next().await?.is_some() {
            while commits_last && cursor.try_next().await?.is_some() {}
            let reason = "the query has more than one row where one is expected";
            return Err(database.unexpected_output::<CreateCursor<T>>(coordinator, reason));
        }
        Ok((first, coordinator))
    }
}

impl<T: Row + Send + 'static, B> Query<T, B> {
    /// Executes the query and reads it to its end, without its rows.
    ///
    /// # Errors
    ///
    /// As the query, and as [`Cursor`].
    pub async fn finish(self) -> Result<Extra, Error> {
        self.send().await?.finish().await
    }

    /// Whether the query is a stream that may write. Then no batch is read before it is needed.
    fn commits_with_its_last_batch(&self) -> bool {
        self.request.options.is_stream() && !self.request.aql.is_read_only()
    }

    async fn send(self) -> Result<Cursor<T, B>, Error> {
        let Self { database, request, transaction, .. } = self;
        let (reads_only, is_stream) = (request.aql.is_read_only(), request.options.is_stream());
        let ttl = request.options.cursor_ttl();
        let trace = QueryTrace::begin(&database, &request.aql);
        let commits_last = is_stream && !reads_only && transaction.is_none();
        // The client waits no longer for a query that only reads, and does not send it again: so the server need not go on.
        let limit = (reads_only && !is_stream).then(|| database.attempt_limit());
        let create = Box::new(WatchedQuery::new(operation::<T>(*request, limit)?, commits_last));
        let response = || async {
            match &transaction {
                None => database.execute_with_coordinator(&*create).await,
                Some(transaction) => Ok((transaction.execute(&*create).await?, transaction.owner().cloned())),
            }
        };
        let (batch, owner) = match observe(trace.clone(), 1, response).await {
            Ok(response) => response,
            Err(error) => {
                match (create.undecoded(), transaction) {
                    (Some(id), None) => close(&database, error.coordinator(), id),
                    (Some(id), Some(transaction)) => transaction.close_later(id),
                    (None, _) => {}
                }
                return Err(with_excerpt(error, &create.text()));
            }
        };
        let effect = match (&transaction, reads_only, is_stream) {
            (Some(_), _, _) => CursorEffect::OfTransaction,
            (None, true, _) => CursorEffect::None,
            (None, false, false) => CursorEffect::Committed,
            (None, false, true) => CursorEffect::CommitsWithItsLastBatch,
        };
        Ok(Cursor::new(database, owner, batch, effect, ttl, trace, transaction))
    }
}

/// Returns the operation that sends a request. The server stops a query without a limit of its runtime after `limit`.
fn operation<T: Row>(request: Request, limit: Option<Duration>) -> Result<CreateCursor<T>, Error> {
    let options = match limit {
        Some(limit) => request.options.default_max_runtime(limit),
        None => request.options,
    };
    let create = CreateCursor::new(request.aql).options(options);
    Ok(match request.tag.map_err(invalid_request::<CreateCursor<T>>)? {
        Some(tag) => create.tagged(tag),
        None => create,
    })
}

impl<T: Row + Send + 'static> IntoFuture for Query<T> {
    type Output = Result<Cursor<T>, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl<'a, T: Row + Send + 'static> IntoFuture for Query<T, &'a mut Transaction> {
    type Output = Result<Cursor<T, &'a mut Transaction>, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl<T, B> fmt::Debug for Query<T, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("aql", &self.request.aql)
            .field("options", &self.request.options)
            .field("tag", &self.request.tag)
            .finish_non_exhaustive()
    }
}

/// Makes a number that no other run of a query has.
fn new_nonce(random: &dyn RandomSource) -> [u8; 8] {
    // Between 1 and 2 the lower 52 bits of a number are random.
    let bits = || (1.0 + random.next_f64()).to_bits() >> 12;
    ((bits() << 32) ^ bits()).to_be_bytes()
}
