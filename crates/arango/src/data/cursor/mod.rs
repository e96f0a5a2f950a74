//! The rows of a query, batch by batch.

mod detach;
mod fetch;
mod progress;
mod read_batch;

use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::{fmt, vec};

use arango_data::{Batch, Extra, NextBatch, RawRows, Row, Warning};
use arango_transport::protocol::Outcome;
use arango_transport::{Coordinator, Error};
use futures_util::{Stream, TryStreamExt};
use serde::de::DeserializeOwned;
use tokio::runtime::Handle;
use tokio::task::JoinError;

use crate::data::query_trace::{QueryTrace, observe};
use crate::data::row_batch::RowBatch;
use crate::data::server_cursor::ServerCursor;
use crate::data::transaction::TransactionCalls;
use crate::handles::data_support::without_runtime;
use crate::handles::database::Database;

use fetch::Fetch;
pub(super) use progress::CursorEffect;
pub use progress::CursorLost;
pub(super) use read_batch::read_batch;

/// Why a cursor returns no more rows before its last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Failed,
    /// The rest was left to a ticket.
    Detached,
}

/// The rows of a query: a [`Stream`] that reads batch by batch.
///
/// While a batch is consumed, the next one is read, except of a stream that may write. At most two batches are in memory. A
/// batch whose response was lost is read again, with servers since 3.11. The cursor lives on the coordinator that executed
/// the query. If that is lost, the stream ends with an error, and [`lost`](Self::lost) tells how far it came: it never begins
/// again by itself, because the order of rows may differ.
///
/// Dropping it closes the cursor on the server in the background; a stream that writes is then rolled back. If there is no
/// runtime any more, the server closes the cursor after its time to live. [`detach`](Self::detach) leaves it open.
///
/// In a transaction, batches are read once, and not before they are needed, and `B` is the borrow of the transaction. A cursor
/// that is dropped is closed before the next call of the transaction.
pub struct Cursor<T, B = ()> {
    rows: vec::IntoIter<T>,
    /// How many rows the current batch had.
    batch_rows: usize,
    next_batch: Option<NextBatch<T>>,
    /// The request for `next_batch`, if it was sent.
    fetch: Option<Fetch<Result<Batch<T>, Error>>>,
    effect: CursorEffect,
    /// How long the server keeps the cursor between two batches.
    ttl: Duration,
    trace: Option<Arc<QueryTrace>>,
    progress: CursorLost,
    /// How many rows were returned before it was resumed.
    rows_before: u64,
    /// Why it has ended before its last row.
    ended: Option<Ended>,
    count: Option<u64>,
    is_cached: bool,
    is_potentially_dirty: bool,
    extra: Option<Box<Extra>>,
    server: ServerCursor,
    borrowed: PhantomData<B>,
}

impl<T: Row + Send + 'static, B> Cursor<T, B> {
    pub(super) fn new(
        database: Database,
        owner: Option<Coordinator>,
        batch: Batch<T>,
        effect: CursorEffect,
        ttl: Duration,
        trace: Option<Arc<QueryTrace>>,
        transaction: Option<Arc<TransactionCalls>>,
    ) -> Self {
        let database = match owner.clone() {
            Some(owner) => database.prefer(owner),
            None => database,
        };
        let server = ServerCursor {
            database,
            owner,
            is_kept: batch.is_repeatable(),
            id: batch.cursor.clone().filter(|_| batch.has_more),
            transaction,
        };
        let progress = CursorLost { batches: 0, rows: 0, is_committed: None };
        Self::begin(server, batch, effect, ttl, trace, progress)
    }

    /// Begins with the rows of a batch.
    fn begin(
        server: ServerCursor,
        batch: Batch<T>,
        effect: CursorEffect,
        ttl: Duration,
        trace: Option<Arc<QueryTrace>>,
        progress: CursorLost,
    ) -> Self {
        let mut cursor = Self {
            rows: Vec::new().into_iter(),
            batch_rows: 0,
            next_batch: None,
            fetch: None,
            effect,
            ttl,
            trace,
            progress,
            rows_before: progress.rows,
            ended: None,
            count: batch.count,
            is_cached: batch.is_cached,
            is_potentially_dirty: batch.is_potentially_dirty,
            extra: None,
            server,
            borrowed: PhantomData,
        };
        cursor.accept(batch);
        cursor
    }

    /// Reads to the end without the rows, and returns what the server reports about the query.
    ///
    /// # Errors
    ///
    /// As the stream.
    pub async fn finish(mut self) -> Result<Extra, Error> {
        while poll_fn(|cx| self.poll_row(cx)).await.transpose()?.is_some() {}
        Ok(self.extra.take().map(|extra| *extra).unwrap_or_default())
    }

    /// Takes over the rows of a batch, and what it reports.
    fn accept(&mut self, batch: Batch<T>) {
        self.next_batch = NextBatch::after(&batch);
        self.progress.batches += 1;
        self.is_potentially_dirty |= batch.is_potentially_dirty;
        self.extra = batch.extra.or(self.extra.take());
        if self.next_batch.is_none() && !self.server.is_kept {
            // The server has closed it with its last batch.
            self.server.id = None;
        }
        self.batch_rows = batch.rows.len();
        self.rows = batch.rows.into_iter();
    }

    /// Returns the rows that are left of the batch.
    fn take_rows(&mut self) -> vec::IntoIter<T> {
        let rows = std::mem::take(&mut self.rows);
        self.progress.rows += rows.as_slice().iter().map(Row::row_count).sum::<u64>();
        rows
    }

    /// Starts to read the next batch, if there is one. In a task, because the limits of a call do not wait for the consumer.
    fn start_fetch(&mut self) -> Result<(), Error> {
        if self.fetch.is_some() || self.next_batch.is_none() {
            return Ok(());
        }
        let runtime =
            Handle::try_current().map_err(|_| without_runtime::<NextBatch<T>>(Outcome::NotExecuted))?;
        let (database, trace) = (self.server.database.clone(), self.trace.clone());
        let transaction = self.server.transaction.clone();
        let (number, effect) = (self.progress.batches + 1, self.effect);
        self.fetch = self.next_batch.clone().map(|next| {
            let request = move || async move {
                match transaction {
                    None => read_batch(&database, &next, effect).await,
                    Some(transaction) => transaction.execute(next).await,
                }
            };
            Fetch::new(runtime.spawn(observe(trace, number, request)))
        });
        Ok(())
    }

    /// Returns the next row, or the rows that are decoded together.
    fn poll_row(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        loop {
            if let Some(row) = self.rows.next() {
                self.progress.rows += row.row_count();
                if self.effect.allows_reading_ahead() && self.rows.len() <= self.batch_rows / 2 {
                    // Without a runtime, the rows that are left come before the error.
                    self.start_fetch().ok();
                }
                return Poll::Ready(Some(Ok(row)));
            }
            if let Err(error) = self.start_fetch() {
                return self.fail(error);
            }
            let Some(fetch) = &mut self.fetch else { return Poll::Ready(None) };
            let result = match ready!(Pin::new(fetch).poll(cx)).map_err(JoinError::try_into_panic) {
                Ok(result) => result,
                Err(Ok(panic)) => std::panic::resume_unwind(panic),
                Err(Err(_)) => Err(without_runtime::<NextBatch<T>>(Outcome::Unknown)),
            };
            self.fetch = None;
            match result {
                Ok(batch) => self.accept(batch),
                Err(error) => return self.fail(error),
            }
        }
    }

    /// Ends the stream with an error. Of a query that writes, it says what became of the query, and not of the request.
    fn fail(&mut self, error: Error) -> Poll<Option<Result<T, Error>>> {
        self.ended = Some(Ended::Failed);
        let outcome = self.effect.outcome_after(&error);
        self.progress.is_committed = outcome.and_then(|outcome| match outcome {
            Outcome::Executed => Some(true),
            Outcome::NotExecuted => Some(false),
            Outcome::Unknown => None,
        });
        self.next_batch = None;
        Poll::Ready(Some(Err(match outcome {
            Some(outcome) => error.of_write(outcome),
            None => error,
        })))
    }
}

impl<T: DeserializeOwned + Send + 'static, B> Cursor<T, B> {
    /// Returns the next row; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`OwnerGone`](crate::ErrorKind::OwnerGone) if the cursor is lost, and as
    /// [`execute`](crate::Database::execute). Nothing follows an error.
    pub async fn try_next(&mut self) -> Result<Option<T>, Error> {
        TryStreamExt::try_next(self).await
    }

    /// Returns all rows that are left.
    ///
    /// # Errors
    ///
    /// As the stream.
    pub async fn all(mut self) -> Result<Vec<T>, Error> {
        // The list of the first batch becomes that of all rows.
        let mut rows: Vec<_> = self.take_rows().collect();
        while let Some(row) = self.try_next().await? {
            let batch = self.take_rows();
            rows.reserve(1 + batch.len());
            rows.push(row);
            rows.extend(batch);
        }
        if self.progress.batches == 1 {
            // The room for the rows of a batch is an estimate.
            rows.shrink_to_fit();
        }
        Ok(rows)
    }
}

impl<B> Cursor<RawRows, B> {
    /// Returns the next batch; `None` at the end.
    ///
    /// While it is read, the next one arrives. So at most two batches are in memory, if each is dropped before the next.
    ///
    /// # Errors
    ///
    /// As [`try_next`](Cursor::try_next).
    pub async fn next_batch(&mut self) -> Result<Option<RowBatch>, Error> {
        let rows = poll_fn(|cx| self.poll_row(cx)).await.transpose()?;
        Ok(rows.map(|rows| RowBatch::new(rows, &self.server)))
    }
}

impl<T, B> Cursor<T, B> {
    /// Returns the number of rows of the query, if they were [counted](crate::data::Query::count).
    pub fn count(&self) -> Option<u64> {
        self.count
    }

    /// Returns the number of rows without the last `LIMIT`, if they were [counted](crate::data::Query::full_count).
    ///
    /// Never for a [stream](crate::data::Query::stream): servers do not count its rows.
    pub fn full_count(&self) -> Option<u64> {
        self.extra.as_ref()?.stats.as_ref()?.full_count
    }

    /// Returns the warnings so far.
    pub fn warnings(&self) -> &[Warning] {
        self.extra.as_ref().map_or(&[], |extra| &extra.warnings)
    }

    /// Returns whether the rows come from the cache of queries.
    pub fn is_cached(&self) -> bool {
        self.is_cached
    }

    /// Returns whether the server was allowed to read from followers.
    pub fn is_potentially_dirty(&self) -> bool {
        self.is_potentially_dirty
    }

    /// Returns the coordinator on which the cursor lives.
    pub fn coordinator(&self) -> Option<&Coordinator> {
        self.server.owner.as_ref()
    }

    /// Returns how far it was read, if it ended with an error.
    pub fn lost(&self) -> Option<CursorLost> {
        (self.ended == Some(Ended::Failed)).then_some(self.progress)
    }
}

impl<T: DeserializeOwned + Send + 'static, B> Stream for Cursor<T, B> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_row(cx)
    }
}

impl<T, B> Unpin for Cursor<T, B> {}

impl<T, B> Drop for Cursor<T, B> {
    fn drop(&mut self) {
        self.server.database.transport.record_rows(self.progress.rows - self.rows_before);
        if let Some(trace) = &self.trace {
            trace.end(self.progress.rows, self.progress.batches);
        }
    }
}

impl<T, B> fmt::Debug for Cursor<T, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursor")
            .field("id", &self.server.id)
            .field("coordinator", &self.server.owner)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}
