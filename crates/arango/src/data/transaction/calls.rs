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
        self.call(Caller::Handle, write, met).await
    }

    async fn execute_for<O: Transactional>(&self, caller: Caller, operation: O) -> Result<O::Output, Error> {
        self.call(caller, operation, |_| None).await
    }

    /// Executes an operation. `met` returns what a part of it has met although the call has succeeded.
    async fn call<O: Transactional>(
        &self,
        caller: Caller,
        operation: O,
        met: impl FnOnce(&O::Output) -> Option<Met>,
    ) -> Result<O::Output, Error> {
        self.close_dropped_cursors().await;
        self.state().begin_call(caller).map_err(refused::<O>)?;
        let result = self.database().execute(InTransaction::new(&self.id, operation)).await;
        let met = result.as_ref().map_or_else(|error| Some(Met::from(error)), met);
        self.state().end_call(met, Instant::now());
        result
    }

    /// Closes a cursor that was dropped, before the next call.
    pub(in crate::data) fn close_later(&self, cursor: CursorId) {
        self.state().add_dropped_cursor(cursor);
    }

    #[inline]
    pub(super) async fn close_dropped_cursors(&self) {
        let cursors = self.state().take_dropped_cursors();
        let began = Instant::now();
        // One after the other: a transaction is used by one request at a time.
        for cursor in cursors {
            let left = CLOSE_LIMIT.saturating_sub(began.elapsed()).min(self.left());
            if left.is_zero() {
                break;
            }
            let close = InTransaction::new(&self.id, CloseCursor::new(&cursor));
            // If it fails, it ends with the transaction.
            self.database().timeout(left).execute(close).await.ok();
        }
    }

    /// Aborts the transaction, if it is open.
    #[inline]
    pub(super) async fn abort(&self) -> Result<(), Error> {
        let is_open = self.state().begin_abort_by_handle().map_err(refused::<AbortTransaction>)?;
        if !is_open {
            return Ok(());
        }
        let cancelled = CancelledAbort(Some(self));
        let result = abort(self.database(), self.id.clone()).await;
        cancelled.disarm();
        result
    }

    /// Aborts the transaction in the background, if it is open. The result resolves when that has ended.
    #[inline]
    pub(super) fn abort_in_background(&self) -> impl Future<Output = ()> + use<> {
        let (ended, end) = oneshot::channel();
        if self.state().begin_abort() {
            let (database, id) = (self.database.clone(), self.id.clone());
            self.database.shared.data.background.spawn(async move {
                // If it fails, the server aborts it after its idle timeout.
                abort(database, id).await.ok();
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

    /// Returns how much time is left for all calls.
    pub(super) fn left(&self) -> Duration {
        self.limit.as_ref().map_or(Duration::MAX, TimeLimit::left)
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

/// Aborts a transaction, also if a call of it is still executed.
#[inline]
async fn abort(database: Database, id: TransactionId) -> Result<(), Error> {
    let abort = AbortTransaction { id };
    let began = Instant::now();
    let limit = ABORT_LIMIT.min(TimeLimit::start(&database, &abort).left());
    loop {
        let left = limit.saturating_sub(began.elapsed());
        match database.clone().within(left).execute(&abort).await {
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
