//! Running a closure in a transaction, again after a conflict.

use std::time::Duration;

use arango_data::{InsertDocument, ReadDocument};
use arango_transport::protocol::{BuildError, ErrorKind, Outcome};
use arango_transport::{Error, Phase};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::builder::NewTransaction;
use super::error::TransactionError;
use super::handle::Transaction;
use super::proof::ProofDocument;
use super::state::{Met, Repeat};
use crate::handles::data_support::invalid_request;
use crate::handles::pauses::{Pauses, wait_until_paid};
use crate::handles::time_limit::TimeLimit;
use crate::handles::unix_time::unix_millis;

/// The pauses after a failure that is no conflict.
const LATER: Pauses = Pauses::from_millis(100, 2000);

/// How long it is found out what became of a commit before the proof is written again, which shows it, too.
///
/// A coordinator that does not commit it any more is not waited for.
const RESOLUTION_TIMEOUT: Duration = Duration::from_secs(4);

/// Runs one closure until it is committed, fails, or the time is up.
pub(super) struct Runner<'a, P, T> {
    new: &'a NewTransaction<P>,
    values: Option<Values<T>>,
    /// The same for all runs.
    proof: Option<ProofDocument>,
    began: Instant,
    runs: u32,
    /// How often the transaction could not begin.
    failed_begins: u32,
    /// Whether the last run has reached a coordinator.
    has_reached_one: bool,
    /// Whether the retry budget has not paid for a further run.
    is_unpaid: bool,
    /// Unknown if an earlier run may have been committed. Executed if one was, and what it has returned cannot be read.
    outcome: Outcome,
}

/// How what a closure returns is stored in its proof.
pub(super) struct Values<T> {
    write: fn(&T) -> Result<Value, serde_json::Error>,
    read: fn(Value) -> Result<T, serde_json::Error>,
}

impl<T: Serialize + DeserializeOwned> Values<T> {
    pub(super) fn of_json() -> Self {
        Self { write: |value| serde_json::to_value(value), read: serde_json::from_value }
    }
}

/// How one run has ended.
enum Run<T, E> {
    Committed(T),
    Failed(E),
    /// It may succeed in a new transaction.
    Repeat(Repeat, E),
    /// An earlier run was not committed, and no further one is allowed.
    Exhausted,
}

impl<T, E: From<Error>> Run<T, E> {
    fn failed(error: Error) -> Self {
        match Met::from(&error).repeat() {
            Some(repeat) => Self::Repeat(repeat, error.into()),
            None => Self::Failed(error.into()),
        }
    }
}

impl<'a, P, T> Runner<'a, P, T> {
    pub(super) fn new(new: &'a NewTransaction<P>, values: Option<Values<T>>) -> Self {
        let (proof, began) = (new.proof(), Instant::now());
        Self {
            new,
            values,
            proof,
            began,
            runs: 0,
            failed_begins: 0,
            has_reached_one: false,
            is_unpaid: false,
            outcome: Outcome::NotExecuted,
        }
    }

    pub(super) async fn run<E, F, Fut>(mut self, mut closure: F) -> Result<T, TransactionError<E>>
    where
        F: FnMut(Transaction) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: From<Error>,
    {
        let limit = match self.new.limit() {
            Ok(limit) => limit,
            Err(error) => return Err(self.error(error.into())),
        };
        if let Err(error) = self.new.check_leaders(limit).await {
            return Err(self.error(error.before_execution().into()));
        }
        let mut last = None;
        loop {
            let (repeat, cause) = match self.run_once(limit, &mut closure).await {
                Run::Committed(value) => return Ok(value),
                Run::Failed(cause) => return Err(self.error(cause)),
                Run::Repeat(repeat, cause) => (repeat, cause),
                Run::Exhausted => return Err(self.error(last.expect("the runs before have failed"))),
            };
            if self.is_exhausted() || !self.pause_and_pay(repeat, limit).await {
                return Err(self.error(cause));
            }
            last = Some(cause);
        }
    }

    /// Pauses before the next run, and pays for it unless that is free. `false` if there is no next run.
    async fn pause_and_pay(&mut self, repeat: Repeat, limit: TimeLimit) -> bool {
        let (new, pause) = (self.new, self.pause(repeat));
        let transport = &new.database.transport;
        if pause >= limit.left() {
            return false;
        }
        sleep(pause).await;
        match repeat {
            _ if !self.has_reached_one => true,
            // To give up would leave in doubt whether an earlier run was committed.
            _ if self.outcome == Outcome::Unknown => wait_until_paid(transport, pause, limit.left()).await,
            Repeat::Soon => true,
            Repeat::Later => {
                self.is_unpaid = !transport.pay_for_retry();
                !self.is_unpaid
            }
        }
    }

    /// Runs the closure in a new transaction.
    async fn run_once<E, F, Fut>(&mut self, limit: TimeLimit, closure: &mut F) -> Run<T, E>
    where
        F: FnMut(Transaction) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: From<Error>,
    {
        let mut transaction = match self.new.open(limit, Some(limit)).await {
            Ok(transaction) => {
                self.has_reached_one = true;
                transaction
            }
            Err(error) => {
                self.has_reached_one = error.attempts().iter().any(|attempt| attempt.phase >= Phase::Sent);
                self.failed_begins += 1;
                return Run::failed(error);
            }
        };
        if let Some(run) = self.write_proof(limit, &mut transaction).await {
            transaction.calls().abort_before_next().await;
            return run;
        }
        (self.runs, self.failed_begins) = (self.runs + 1, 0);
        let result = closure(transaction.for_closure()).await;
        transaction.calls().state().detach();
        match result {
            Ok(value) => self.commit(transaction, value).await,
            Err(cause) => {
                let repeat = transaction.calls().state().repeat();
                transaction.calls().abort_before_next().await;
                match repeat {
                    Some(repeat) => Run::Repeat(repeat, cause),
                    None => Run::Failed(cause),
                }
            }
        }
    }

    /// Writes the proof as the first operation of a run. Returns how the run has ended if the closure is not to be run.
    async fn write_proof<E: From<Error>>(
        &mut self,
        limit: TimeLimit,
        transaction: &mut Transaction,
    ) -> Option<Run<T, E>> {
        let proof = self.proof.as_ref()?;
        match transaction.execute(proof.insert()).await {
            Ok(_) => {
                // An earlier run that could still be committed would hold a lock on the key.
                self.outcome = Outcome::NotExecuted;
                (self.runs == self.new.attempts).then_some(Run::Exhausted)
            }
            Err(error) if error.kind() == ErrorKind::UniqueViolation => {
                Some(self.read_proof(limit, error).await)
            }
            Err(error) => {
                self.failed_begins += 1;
                Some(Run::failed(error))
            }
        }
    }

    /// Reads what the run has returned that was committed.
    async fn read_proof<E: From<Error>>(&mut self, limit: TimeLimit, refused: Error) -> Run<T, E> {
        let (Some(proof), Some(values)) = (&self.proof, &self.values) else { return Run::failed(refused) };
        match proof.stored(&limit.apply(&self.new.database)).await {
            Ok(Some(value)) => {
                if let Ok(value) = (values.read)(value) {
                    return Run::Committed(value);
                }
                self.outcome = Outcome::Executed;
                let reason = "the value in the proof is not one that the closure returns";
                let database = &self.new.database;
                Run::Failed(database.unexpected_output::<ReadDocument<Value>>(None, reason).into())
            }
            // Refused because of an earlier copy of the same insert.
            Ok(None) => {
                self.failed_begins += 1;
                Run::Repeat(Repeat::Later, refused.into())
            }
            Err(error) => Run::failed(error),
        }
    }

    /// Commits a run whose closure has returned a value.
    async fn commit<E: From<Error>>(&mut self, transaction: Transaction, value: T) -> Run<T, E> {
        let run = match self.try_commit(&transaction, &value).await {
            Ok(()) => return Run::Committed(value),
            // Also an error that was executed: what became of the commit could not be found out.
            Err(error) if !error.was_not_executed() => {
                self.outcome = Outcome::Unknown;
                match self.proof {
                    Some(_) => Run::Repeat(Repeat::Soon, error.into()),
                    None => Run::Failed(error.into()),
                }
            }
            // A refusal of the handle: it was not sent, because of an earlier failure.
            Err(error) if error.attempts().is_empty() => match transaction.calls().state().repeat() {
                Some(repeat) => Run::Repeat(repeat, error.into()),
                None => Run::Failed(error.into()),
            },
            Err(error) => Run::failed(error),
        };
        transaction.calls().abort_before_next().await;
        run
    }

    async fn try_commit(&self, transaction: &Transaction, value: &T) -> Result<(), Error> {
        let calls = transaction.calls();
        if let (Some(proof), Some(values)) = (&self.proof, &self.values) {
            let value = (values.write)(value)
                .map_err(|error| invalid_request::<InsertDocument>(BuildError::Body(error)))?;
            if !value.is_null() {
                // Whatever became of it: nothing is committed.
                calls.execute_detached(proof.store(value)).await.map_err(Error::before_execution)?;
            }
        }
        let resolution_timeout = if self.proof.is_some() { RESOLUTION_TIMEOUT } else { Duration::MAX };
        calls.commit(self.proof.as_ref(), resolution_timeout).await
    }

    /// Returns whether no further run is allowed. One that may have been committed is found out about until the time is up.
    fn is_exhausted(&self) -> bool {
        let limit = self.new.attempts;
        self.outcome != Outcome::Unknown && (self.runs >= limit || self.failed_begins >= limit)
    }

    fn pause(&self, repeat: Repeat) -> Duration {
        let pauses = match repeat {
            Repeat::Soon => Pauses::AFTER_CONFLICT,
            Repeat::Later => LATER,
        };
        let doublings = (self.runs + self.failed_begins).saturating_sub(1);
        pauses.pause(doublings, self.new.database.transport.random())
    }

    fn error<E>(&self, cause: E) -> TransactionError<E> {
        let outcome = self.outcome;
        let proof = self.proof.as_ref().filter(|_| outcome == Outcome::Unknown);
        let ticket = proof.and_then(|proof| proof.ticket(&self.new.database, unix_millis()));
        TransactionError {
            cause,
            outcome,
            attempts: self.runs,
            elapsed: self.began.elapsed(),
            is_unpaid: self.is_unpaid,
            ticket,
        }
    }
}
