//! The calls of one transaction.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arango_data::{
    AbortTransaction, BulkWrite, CloseCursor, CollectionName, CursorId, InTransaction, TransactionId,
    Transactional,
};
use arango_transport::protocol::{ErrorKind, Operation};
use arango_transport::{Coordinator, Error, RetryPolicy};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

use super::state::{Caller, Met, Refusal, State};
use crate::handles::data_support::not_sent;
use crate::handles::database::Database;
use crate::handles::pauses::wait_until_paid;
use crate::handles::time_limit::TimeLimit;

/// How long an abort may take, with its repetitions while a call is still executed.
const ABORT_LIMIT: Duration = Duration::from_secs(30);
/// The pause before an abort is sent again.
const ABORT_PAUSE: Duration = Duration::from_secs(1);
/// How long an abort is waited for before the next transaction begins.
const NEXT_BEGIN: Duration = Duration::from_secs(2);
/// How long closing all cursors that were dropped may take.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);

/// The calls of one transaction. They go to its owner, one at a time.
#[derive(Debug)]
pub(in crate::data) struct TransactionCalls {
    id: TransactionId,
    /// Prefers the owner.
    database: Database,
    owner: Option<Coordinator>,
    /// The collections that it may write.
    written: Vec<CollectionName>,
    /// The end of all calls together, if they have one.
    limit: Option<TimeLimit>,
    state: Mutex<State>,
}

impl TransactionCalls {
    #[inline]
    pub(super) fn new(
        id: TransactionId,
        database: &Database,
        owner: Option<Coordinator>,
        written: Vec<CollectionName>,
        limit: Option<TimeLimit>,
    ) -> Arc<Self> {
        let database = match owner.clone() {
            Some(owner) => database.clone().prefer(owner),
            None => database.clone(),
        };
        // Whatever the policy of the caller is: a conflict is not repeated inside, since the snapshot stays the same.
        let database = database.with_retry_policy(RetryPolicy::default());
        Arc::new(Self { id, database, owner, written, limit, state: Mutex::new(State::new(Instant::now())) })
    }

    pub(super) fn id(&self) -> &TransactionId {
        &self.id
    }

    pub(in crate::data) fn owner(&self) -> Option<&Coordinator> {
        self.owner.as_ref()
    }

    pub(super) fn written(&self) -> &[CollectionName] {
        &self.written
    }

    /// Executes an operation in the transaction.
    pub(in crate::data) async fn execute<O: Transactional>(&self, operation: O) -> Result<O::Output, Error> {
        self.execute_for(Caller::Handle, operation).await
    }

    /// Executes an operation after the closure has returned.
    pub(super) async fn execute_detached<O: Transactional>(&self, operation: O) -> Result<O::Output, Error> {
        self.execute_for(Caller::Runner, operation).await
    }

    /// Executes a bulk write in the transaction.
    ///
    /// An item that meets a conflict, or of which it is unknown whether it was executed, counts as if the call had.
    pub(in crate::data) async fn execute_items<O: BulkWrite + Transactional>(
        &self,
        write: &O,
    ) -> Result<O::Output, Error> {
        let met = |items: &O::Output| {
            items.iter().filter_map(|item| item.as_ref().err().map(Met::from)).max_by_key(Met::severity)
        };
        let database = self.after_dropped_cursors(write).await;
        self.call(Caller::Handle, &database, write, met).await
    }

    /// Executes an operation within a limit.
    #[inline]
    pub(super) async fn execute_within<O: Transactional>(
        &self,
        limit: TimeLimit,
        operation: O,
    ) -> Result<O::Output, Error> {
        self.call(Caller::Handle, &limit.apply(&self.database), operation, |_| None).await
    }

    async fn execute_for<O: Transactional>(&self, caller: Caller, operation: O) -> Result<O::Output, Error> {
        let database = self.after_dropped_cursors(&operation).await;
        self.call(caller, &database, operation, |_| None).await
    }

    /// Executes an operation. `met` returns what a part of it has met although the call has succeeded.
    async fn call<O: Transactional>(
        &self,
        caller: Caller,
        database: &Database,
        operation: O,
        met: impl FnOnce(&O::Output) -> Option<Met>,
    ) -> Result<O::Output, Error> {
        self.state().begin_call(caller).map_err(refused::<O>)?;
        let result = database.execute(InTransaction::new(&self.id, operation)).await;
        let met = result.as_ref().map_or_else(|error| Some(Met::from(error)), met);
        self.state().end_call(met, Instant::now());
        result
    }

    /// Closes a cursor that was dropped, before the next call.
    pub(in crate::data) fn close_later(&self, cursor: CursorId) {
        self.state().add_dropped_cursors([cursor]);
    }

    /// Closes the cursors that were dropped. Returns the handle for an operation, with what is left of its time then.
    pub(super) async fn after_dropped_cursors<O: Operation>(&self, operation: &O) -> Database {
        let cursors = self.state().take_cursors_before_call();
        if cursors.is_empty() {
            return self.database();
        }
        let limit = TimeLimit::start(&self.database(), operation);
        // Boxed: rare, so it should not enlarge the future of every call.
        Box::pin(self.close(cursors, limit)).await;
        limit.apply(&self.database())
    }

    #[inline]
    async fn close(&self, cursors: Vec<CursorId>, limit: TimeLimit) {
        let mut closing = Closing { calls: self, cursors };
        // What follows needs time, too.
        let limit = CLOSE_LIMIT.min(limit.left() / 2);
        close(&self.database(), &self.id, &mut closing.cursors, limit).await;
    }

    /// Aborts the transaction, if it is open.
    #[inline]
    pub(super) async fn abort(&self) -> Result<(), Error> {
        let is_open = self.state().begin_abort_by_handle().map_err(refused::<AbortTransaction>)?;
        if !is_open {
            return Ok(());
        }
        let cancelled = CancelledAbort(Some(self));
        let limit = TimeLimit::start(&self.database(), &AbortTransaction { id: self.id.clone() });
        let cursors = self.state().take_dropped_cursors();
        self.close(cursors, limit).await;
        let result = abort(limit.apply(&self.database()), self.id.clone()).await;
        cancelled.disarm();
        result
    }

    /// Aborts the transaction in the background, if it is open. The result resolves when that has ended.
    #[inline]
    pub(super) fn abort_in_background(&self) -> impl Future<Output = ()> + use<> {
        let (ended, end) = oneshot::channel();
        let (is_open, mut cursors) = {
            let mut state = self.state();
            (state.begin_abort(), state.take_dropped_cursors())
        };
        if is_open || !cursors.is_empty() {
            let (database, id) = (self.database.clone(), self.id.clone());
            self.database.shared.data.background.spawn(async move {
                close(&database, &id, &mut cursors, CLOSE_LIMIT).await;
                if is_open {
                    // If it fails, the server aborts it after its idle timeout.
                    abort(database, id).await.ok();
                }
                ended.send(()).ok();
            });
        }
        async {
            end.await.ok();
        }
    }

    /// Aborts the transaction before the next one begins, so that its locks are not in the way.
    #[inline]
    pub(super) async fn abort_before_next(&self) {
        // An owner that was lost does not respond.
        timeout(NEXT_BEGIN, self.abort_in_background()).await.ok();
    }

    /// Records what a request outside of the transaction has met on which a call depends.
    pub(in crate::data) fn record_failure(&self, error: &Error) {
        self.state().record_failure(Met::from(error));
    }

    /// Returns the handle for the next call, which ends in time.
    pub(super) fn database(&self) -> Database {
        match &self.limit {
            Some(limit) => limit.apply(&self.database),
            None => self.database.clone(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a transaction abortable again if the future of its abort is dropped. Its handle then aborts it in the background.
struct CancelledAbort<'a>(Option<&'a TransactionCalls>);

impl CancelledAbort<'_> {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for CancelledAbort<'_> {
    fn drop(&mut self) {
        if let Some(calls) = self.0 {
            calls.state().reopen();
        }
    }
}

/// Cursors that are being closed. Those that are left when the future is dropped are closed before the next call or the abort.
struct Closing<'a> {
    calls: &'a TransactionCalls,
    cursors: Vec<CursorId>,
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.calls.state().add_dropped_cursors(self.cursors.drain(..));
    }
}

/// Closes cursors that were dropped before their end, each of which is removed from the list then.
///
/// A server takes a transaction for in use as long as it has a cursor with more rows, and neither commits nor aborts it.
#[inline]
async fn close(database: &Database, id: &TransactionId, cursors: &mut Vec<CursorId>, limit: Duration) {
    let began = Instant::now();
    // One after the other: a transaction is used by one request at a time.
    while let Some(cursor) = cursors.last() {
        let left = limit.saturating_sub(began.elapsed());
        if left.is_zero() {
            cursors.clear();
            return;
        }
        let close = InTransaction::new(id, CloseCursor::new(cursor));
        // If it fails, the server closes it after its time to live.
        database.clone().timeout(left).execute(close).await.ok();
        cursors.pop();
    }
}

/// Aborts a transaction, also if a call of it is still executed.
#[inline]
async fn abort(database: Database, id: TransactionId) -> Result<(), Error> {
    let abort = AbortTransaction { id };
    let began = Instant::now();
    let limit = ABORT_LIMIT.min(TimeLimit::start(&database, &abort).left());
    loop {
        let left = limit.saturating_sub(began.elapsed());
        match database.clone().within(began.elapsed(), left).execute(&abort).await {
            Err(error) if error.kind() == ErrorKind::TransactionBusy && left > ABORT_PAUSE => {
                sleep(ABORT_PAUSE).await;
                let left = limit.saturating_sub(began.elapsed());
                // To give up would leave its locks until the server aborts it.
                if !wait_until_paid(&database.transport, ABORT_PAUSE, left).await {
                    return Err(error);
                }
            }
            result => return result,
        }
    }
}

/// Returns the error of a call that is not sent.
pub(super) fn refused<O: Operation>((kind, reason): Refusal) -> Error {
    not_sent::<O>(kind, reason)
}
