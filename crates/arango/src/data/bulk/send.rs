//! One request of a bulk write, and what is found out about its items.

use std::sync::Arc;
use std::time::Duration;

use arango_data::{BulkWrite, ItemError, Transactional, after_ambiguous_attempt, merge_items};
use arango_transport::protocol::{ApiResponse, ErrorKind, Outcome, Resolution};
use arango_transport::{Attempt, Error};

use crate::data::collection::Collection;
use crate::data::transaction::TransactionCalls;
use crate::handles::database::Database;
use crate::handles::pauses::{Pauses, pause_and_pay};
use crate::handles::resolve::Schedule;
use crate::handles::time_limit::TimeLimit;
use crate::handles::unix_time::unix_millis;

/// How often items that were refused for a transient reason are sent again.
const REPEATS: u32 = 3;
/// The pauses before they are sent again.
const PAUSES: Pauses = Pauses::from_millis(100, 400);

/// The header with the time that requests wait in the queue of the coordinator, in seconds.
const QUEUE_TIME: &str = "x-arango-queue-time-seconds";

/// What became of one request.
pub(super) struct Sent<W> {
    /// The result of each item.
    pub(super) items: Vec<Result<W, ItemError>>,
    /// Why the request failed as a whole, if it did.
    pub(super) error: Option<Error>,
    /// Whether the error is about a part of the items only: those that were sent again without their keys.
    pub(super) is_partial: bool,
    /// Whether items were sent again without their generated keys, which were refused.
    pub(super) has_lost_keys: bool,
    pub(super) load: Load,
}

/// What the responses say about the load of the coordinators.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Load {
    pub(super) queue_time: Duration,
    /// Whether a coordinator has refused a request because it had too many, or has not responded in time.
    pub(super) is_overloaded: bool,
}

impl Load {
    fn record(&mut self, attempts: &[Attempt]) {
        self.is_overloaded |= attempts.iter().any(|attempt| {
            matches!(
                attempt.kind,
                ErrorKind::QueueFull
                    | ErrorKind::QueueTimeViolated
                    | ErrorKind::Throttled
                    | ErrorKind::AttemptTimeout
            )
        });
    }
}

impl<W> Sent<W> {
    /// Returns whether something is known of an item that is not known of the others.
    pub(super) fn is_itemised(&self) -> bool {
        self.error.is_none()
            || self.is_partial
            || self.items.iter().any(|item| match item {
                Ok(_) => true,
                Err(error) => {
                    error.ticket().is_some() || !matches!(error.resolution(), None | Some(Resolution::Failed))
                }
            })
    }
}

/// Returns the result of each item. If the request failed as a whole, its error is also that of each item.
fn itemise<O: BulkWrite>(
    write: &O,
    sent: Result<Vec<Result<O::Item, ItemError>>, Error>,
) -> (Vec<Result<O::Item, ItemError>>, Option<Error>) {
    match sent {
        Ok(items) => (items, None),
        Err(failed) => (write.failed(&failed.failure(), &Arc::from(failed.to_string())), Some(failed)),
    }
}

impl Collection {
    /// Sends the items, those that were refused for a transient reason again, and looks for those in doubt.
    ///
    /// All of it ends within the time limit of one call. In a transaction, each item is sent once, and none is looked for:
    /// what became of the transaction decides about it.
    pub(super) async fn send_items<O: BulkWrite + Transactional>(&self, write: &mut O) -> Sent<O::Item> {
        match self.transaction() {
            None => self.send_items_with_repeats(write, REPEATS).await,
            Some(transaction) => self.send_items_in(transaction, write).await,
        }
    }

    async fn send_items_in<O: BulkWrite + Transactional>(
        &self,
        transaction: &TransactionCalls,
        write: &mut O,
    ) -> Sent<O::Item> {
        let (mut items, mut error) = itemise(&*write, transaction.execute_items(&*write).await);
        let (mut is_partial, mut has_lost_keys) = (false, false);
        if let Some((again, places)) = write.without_refused_keys(&items) {
            has_lost_keys = true;
            self.record_key_refusal();
            let (copies, refusal) = itemise(&again, transaction.execute_items(&again).await);
            is_partial = refusal.is_some() && places.len() < items.len();
            error = refusal.or(error);
            merge_items(&mut items, &places, Ok(copies));
        }
        Sent { items, error, is_partial, has_lost_keys, load: Load::default() }
    }

    /// As [`send_items`](Self::send_items), and sends items that were refused for a transient reason this often again.
    pub(super) async fn send_items_with_repeats<O: BulkWrite>(
        &self,
        write: &mut O,
        repeats: u32,
    ) -> Sent<O::Item> {
        let limit = TimeLimit::start(self.database(), &*write);
        let mut load = Load::default();
        let (mut items, error) = itemise(&*write, self.database().execute_items(&*write, &mut load).await);
        let (mut refusal, mut is_partial, mut has_lost_keys) = (None, false, false);
        if let Some((again, places)) = write.without_refused_keys(&items) {
            has_lost_keys = true;
            self.record_key_refusal();
            let sent = limit.apply(self.database()).execute_items(&again, &mut load).await;
            let (copies, failed) = itemise(&again, sent);
            is_partial = failed.is_some() && places.len() < items.len();
            // Items that failed for a transient reason are sent again.
            refusal = failed.filter(|failed| !failed.is_transient());
            merge_items(&mut items, &places, Ok(copies));
        }
        if error.is_none() {
            self.repeat(limit, repeats, &*write, &mut items, &mut load).await;
        }
        self.find_out(limit, &*write, &mut items).await;
        if let Some(database) = self.database().name() {
            write.add_tickets(&mut items, database, unix_millis());
        }
        Sent { items, error: error.or(refusal), is_partial, has_lost_keys, load }
    }

    /// Sends items again that were refused for a transient reason.
    async fn repeat<O: BulkWrite>(
        &self,
        limit: TimeLimit,
        repeats: u32,
        write: &O,
        items: &mut [Result<O::Item, ItemError>],
        load: &mut Load,
    ) {
        for repeat in 0..repeats {
            let Some((again, places)) = write.repeatable(items) else { return };
            let transport = &self.database().transport;
            let pause = PAUSES.pause(repeat, transport.random());
            if !pause_and_pay(transport, pause, limit.left()).await {
                return;
            }
            let copies = limit.apply(self.database()).execute_items(&again, load).await;
            merge_items(items, &places, copies.map_err(|failed| failed.outcome()));
        }
    }

    /// Looks again for the items that could not be looked for.
    pub(super) async fn look_again<O: BulkWrite>(&self, write: &O, items: &mut [Result<O::Item, ItemError>]) {
        self.find_out(TimeLimit::start(self.database(), write), write, items).await;
    }

    /// Reads the documents of the items in doubt: once, and a second time those that could not be read.
    async fn find_out<O: BulkWrite>(
        &self,
        limit: TimeLimit,
        write: &O,
        items: &mut [Result<O::Item, ItemError>],
    ) {
        let Some((mut question, mut places)) = write.question(items) else { return };
        let mut schedule = Schedule::new(&self.database().transport, limit.left(), Duration::ZERO);
        while let Some(left) = schedule.next().await {
            match self.database().clone().within(Duration::ZERO, left).execute(&question).await {
                Ok(answers) => {
                    write.resolve(items, &places, Some(&answers));
                    let unread = answers.iter().zip(&places).filter(|(answer, _)| answer.is_err());
                    places = unread.map(|(_, place)| *place).collect();
                    if places.is_empty() {
                        return;
                    }
                    question = question.of_unread(&answers);
                }
                Err(failed) if failed.is_transient() => {}
                Err(_) => break,
            }
        }
        write.resolve(items, &places, None);
    }
}

impl Database {
    /// Executes one request, and records what its response says about the load.
    async fn execute_items<O: BulkWrite>(
        &self,
        write: &O,
        load: &mut Load,
    ) -> Result<Vec<Result<O::Item, ItemError>>, Error> {
        let prepared = Box::pin(self.prepare_with_requirement(write)).await?;
        let read = |response: ApiResponse| {
            let queue_time = queue_time(&response);
            Ok((write.output(response)?, queue_time))
        };
        let sent = self.transport.send_prepared_with_attempts(prepared, read).await;
        let ((mut items, queue_time), attempts) =
            sent.inspect_err(|failed| load.record(failed.attempts()))?;
        load.queue_time = load.queue_time.max(queue_time.unwrap_or_default());
        load.record(&attempts);
        if attempts.iter().any(|attempt| attempt.outcome != Outcome::NotExecuted) {
            after_ambiguous_attempt(&mut items);
        }
        Ok(items)
    }
}

#[inline]
fn queue_time(response: &ApiResponse) -> Option<Duration> {
    let seconds = response.headers().get(QUEUE_TIME)?.to_str().ok()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}
