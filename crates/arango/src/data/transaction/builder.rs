//! What a transaction is to be like.

use std::marker::PhantomData;
use std::time::Duration;

use arango_data::{BeginTransaction, CollectionName, CollectionProperties, Ensured, InvalidIdentifier};
use arango_transport::Error;
use arango_transport::protocol::{BuildError, Outcome};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Handle;
use tokio::task::JoinError;

use super::calls::TransactionCalls;
use super::error::TransactionError;
use super::handle::Transaction;
use super::proof::{self, ProofDocument};
use super::run::{Runner, Values};
use crate::data::collection::invalid_name;
use crate::handles::data_support::{invalid_request, without_runtime};
use crate::handles::database::Database;
use crate::handles::time_limit::TimeLimit;

/// How often a closure is run at most.
const ATTEMPTS: u32 = 8;

impl Database {
    /// Prepares a transaction that writes these collections.
    ///
    /// [`run`](NewTransaction::run) executes a closure in it, again after a conflict.
    /// [`begin`](NewTransaction::begin) returns a handle to use and to commit by hand.
    ///
    /// ```no_run
    /// use serde::Deserialize;
    /// use serde_json::json;
    ///
    /// #[derive(Deserialize)]
    /// struct Account {
    ///     sum: i64,
    /// }
    ///
    /// # async fn example(bank: &arango::Database) -> arango::Result<()> {
    /// let left = bank
    ///     .transaction(["accounts"])
    ///     .run(async |mut transaction| {
    ///         let mut accounts = transaction.collection("accounts");
    ///         let ada: Option<Account> = accounts.get("ada").await?;
    ///         let sum = ada.map_or(0, |ada| ada.sum) - 10;
    ///         accounts.upsert("ada", &json!({ "sum": sum })).await?;
    ///         Ok::<_, arango::Error>(sum)
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "begin_transaction")]
    #[doc(alias = "beginTransaction")]
    #[doc(alias = "withTransaction")]
    pub fn transaction<C: AsRef<str>>(&self, write: impl IntoIterator<Item = C>) -> NewTransaction {
        let new = NewTransaction {
            database: self.clone(),
            begin: Ok(BeginTransaction::new()),
            lock_timeout: None,
            attempts: ATTEMPTS,
            proofs: None,
            accepts_partial_commit: false,
            kind: PhantomData,
        };
        new.declare(write, BeginTransaction::write)
    }
}

/// A transaction that has not begun.
///
/// `P` is [`Proved`] if it writes a [proof](Self::proved_in) of its commit.
#[derive(Debug, Clone)]
#[must_use = "a transaction begins when it is run, or with `begin`"]
pub struct NewTransaction<P = ()> {
    pub(super) database: Database,
    begin: Result<BeginTransaction, InvalidIdentifier>,
    lock_timeout: Option<Duration>,
    pub(super) attempts: u32,
    proofs: Option<CollectionName>,
    accepts_partial_commit: bool,
    kind: PhantomData<P>,
}

/// Marks a transaction that writes a [proof](NewTransaction::proved_in) of its commit.
#[derive(Debug, Clone, Copy)]
pub enum Proved {}

impl<P> NewTransaction<P> {
    /// Declares collections that it reads. Others may be read, too, but two transactions may then wait for each other.
    pub fn read<C: AsRef<str>>(self, collections: impl IntoIterator<Item = C>) -> Self {
        self.declare(collections, BeginTransaction::read)
    }

    /// Declares collections that no other transaction writes meanwhile.
    pub fn exclusive<C: AsRef<str>>(self, collections: impl IntoIterator<Item = C>) -> Self {
        self.declare(collections, BeginTransaction::exclusive)
    }

    /// Limits how long the server waits for locks.
    ///
    /// By default three quarters of the time limit of an attempt, and never more than three quarters of the time that is
    /// left for the whole call, so that the server responds in time.
    pub fn lock_timeout(mut self, limit: Duration) -> Self {
        self.lock_timeout = Some(limit);
        self
    }

    /// Limits the size of its writes on each DB-Server, in bytes.
    ///
    /// By default 128 MiB, and 512 MiB since 3.12.4.
    pub fn max_bytes(self, bytes: u64) -> Self {
        self.map(|begin| begin.max_bytes(bytes))
    }

    /// Waits with the commit until it is on disk.
    pub fn wait_for_sync(self) -> Self {
        self.map(BeginTransaction::wait_for_sync)
    }

    /// Refuses to read collections that were not declared.
    pub fn forbid_implicit(self) -> Self {
        self.map(BeginTransaction::forbid_implicit)
    }

    /// Locks the collections one after the other at once: faster if the locks are contended. Since 3.12.1.
    pub fn skip_fast_lock_round(self) -> Self {
        self.map(BeginTransaction::skip_fast_lock_round)
    }

    /// Limits how often [`run`](NewTransaction::run) runs the closure. Default: 8.
    pub fn attempts(mut self, limit: u32) -> Self {
        self.attempts = limit.max(1);
        self
    }

    /// Begins the transaction and returns its handle.
    ///
    /// If the future is dropped before the response is there, the transaction is aborted when it is.
    ///
    /// # Errors
    ///
    /// [`CollectionNotFound`](crate::ErrorKind::CollectionNotFound); [`LockTimeout`](crate::ErrorKind::LockTimeout). If the
    /// outcome is [`Unknown`](crate::Outcome::Unknown), the transaction may be open, with its locks, until the server aborts
    /// it after 60 s.
    pub async fn begin(self) -> Result<Transaction, Error> {
        let limit = self.limit()?;
        self.check_leaders(limit).await?;
        let transaction = self.open(limit, None).await?;
        match self.proof() {
            None => Ok(transaction),
            Some(proof) => {
                // Whatever became of it: the transaction is aborted.
                let written = transaction.calls().execute_within(limit, proof.insert()).await;
                written.map_err(Error::before_execution)?;
                Ok(transaction.with_proof(proof))
            }
        }
    }

    /// Begins the transaction within a limit. Its calls end with another one if there is one.
    pub(super) async fn open(
        &self,
        limit: TimeLimit,
        limit_of_calls: Option<TimeLimit>,
    ) -> Result<Transaction, Error> {
        let begin = self.operation()?.lock_timeout(self.effective_lock_timeout(limit.left()));
        let database = limit.apply(&self.database);
        let settings = self.database.clone();
        let written = begin.written().cloned().collect();
        let runtime =
            Handle::try_current().map_err(|_| without_runtime::<BeginTransaction>(Outcome::NotExecuted))?;
        // In a task: if its caller is gone, the handle is dropped, which aborts the transaction.
        let task = runtime.spawn(async move {
            let (id, owner) = database.execute_with_coordinator(begin).await?;
            Ok(Transaction::new(TransactionCalls::new(id, &settings, owner, written, limit_of_calls)))
        });
        match task.await.map_err(JoinError::try_into_panic) {
            Ok(result) => result,
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            Err(Err(_)) => Err(without_runtime::<BeginTransaction>(Outcome::Unknown)),
        }
    }

    /// Returns the limit of all calls of a closure together, and of all that begin a transaction.
    pub(super) fn limit(&self) -> Result<TimeLimit, Error> {
        Ok(TimeLimit::start(&self.database, &self.operation()?))
    }

    /// Creates the proof of one transaction, or of all runs of a closure.
    pub(super) fn proof(&self) -> Option<ProofDocument> {
        self.proofs.as_ref().map(|proofs| ProofDocument::new(&self.database, proofs))
    }

    /// Fails if a proof is to be written, and what it proves is not written by one leader.
    pub(super) async fn check_leaders(&self, limit: TimeLimit) -> Result<(), Error> {
        if self.proofs.is_none() || self.accepts_partial_commit {
            return Ok(());
        }
        let written: Vec<_> = self.operation()?.written().cloned().collect();
        let database = || limit.apply(&self.database);
        if proof::have_single_leader(database, &written).await? {
            return Ok(());
        }
        Err(invalid_request::<BeginTransaction>(BuildError::Field {
            field: "proved_in",
            reason: "proves nothing about collections with several leaders: see `accept_partial_commit`",
        }))
    }

    fn operation(&self) -> Result<BeginTransaction, Error> {
        self.begin
            .clone()
            .map_err(|invalid| invalid_request::<BeginTransaction>(invalid_name("collection", &invalid)))
    }

    fn effective_lock_timeout(&self, left: Duration) -> Duration {
        let set = self.lock_timeout.unwrap_or_else(|| self.database.attempt_limit() * 3 / 4);
        // For the server, zero means that there is no limit.
        set.min(left * 3 / 4).max(Duration::from_millis(1))
    }

    fn declare<C: AsRef<str>>(
        mut self,
        collections: impl IntoIterator<Item = C>,
        declare: impl Fn(BeginTransaction, &CollectionName) -> BeginTransaction,
    ) -> Self {
        for collection in collections {
            self.begin =
                self.begin.and_then(|begin| Ok(declare(begin, &CollectionName::new(collection.as_ref())?)));
        }
        self
    }

    fn map(mut self, change: impl FnOnce(BeginTransaction) -> BeginTransaction) -> Self {
        self.begin = self.begin.map(change);
        self
    }
}

impl NewTransaction {
    /// Writes a document into this collection that proves that the transaction was committed.
    ///
    /// If the response to a commit is lost, the document shows later whether it was executed. So a closure can be run again
    /// then, and takes effect once: see [`run`](NewTransaction::<Proved>::run). It costs one document in each transaction.
    ///
    /// The collection needs an index that removes old documents: see
    /// [`ensure_proofs`](NewTransaction::ensure_proofs). All documents that are written must have one leader: in a database
    /// with [`DatabaseSharding::Single`](crate::data::DatabaseSharding::Single), or in collections with one shard of which
    /// all are distributed like one of them. Otherwise the transaction fails, and nothing is sent, unless
    /// [`accept_partial_commit`](NewTransaction::accept_partial_commit) is set.
    #[inline]
    pub fn proved_in(self, collection: &str) -> NewTransaction<Proved> {
        let mut this = self.declare([collection], BeginTransaction::write);
        this.proofs = CollectionName::new(collection).ok();
        NewTransaction {
            database: this.database,
            begin: this.begin,
            lock_timeout: this.lock_timeout,
            attempts: this.attempts,
            proofs: this.proofs,
            accepts_partial_commit: false,
            kind: PhantomData,
        }
    }

    /// Runs a closure in a transaction, which is committed if it returns `Ok`.
    ///
    /// It is run again, in a new transaction and after a pause, if its transaction met a conflict or a lock timeout, was
    /// poisoned, has expired, or has lost its coordinator. That is decided by what the transaction met, whatever error the
    /// closure makes of it. Any other error of the closure aborts the transaction and is returned as it is. So the closure
    /// should have no effect outside of the transaction.
    ///
    /// All runs end within the time limit of one call. The retry budget pays for a further run after a failure that is
    /// neither a conflict nor a lock timeout. A handle that outlives its closure cannot be used any more. If the future is
    /// dropped, the transaction is aborted, unless its commit was sent.
    ///
    /// An async closure may read what it borrows. With `async move`, or if it changes what it captures, it does not compile
    /// ("captures state"). Then the closure copies what each run owns, and returns a future:
    ///
    /// ```no_run
    /// use serde_json::json;
    ///
    /// # async fn example(bank: &arango::Database, owner: String) -> arango::Result<()> {
    /// let run = bank.transaction(["accounts"]).run(move |mut transaction| {
    ///     let owner = owner.clone();
    ///     async move {
    ///         transaction.collection("accounts").update(&owner, &json!({ "open": true })).await?;
    ///         Ok::<_, arango::Error>(())
    ///     }
    /// });
    /// run.await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// With the outcome [`Unknown`](crate::Outcome::Unknown) the response to the commit was lost and nothing could be found
    /// out: the closure is not run again, since that could be a second effect. A [proof](Self::proved_in) avoids that.
    pub async fn run<T, E, F, Fut>(self, closure: F) -> Result<T, TransactionError<E>>
    where
        F: FnMut(Transaction) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: From<Error>,
    {
        Runner::new(&self, None).run(closure).await
    }
}

impl NewTransaction<Proved> {
    /// Creates the collection of proofs, unless it exists, with an index that removes each document after a day.
    ///
    /// It is distributed like the first collection that the transaction writes. One that exists is compared, and never
    /// changed: if it is distributed otherwise, the transaction may have several leaders.
    ///
    /// # Errors
    ///
    /// As [`execute`](Database::execute).
    #[inline]
    pub async fn ensure_proofs(&self) -> Result<Ensured<CollectionProperties>, Error> {
        let begin = self.operation()?;
        let proofs = self.proofs.as_ref().expect("the operation names it");
        let written = begin.written().find(|written| *written != proofs);
        proof::ensure_collection(&self.database, proofs, written).await
    }

    /// Allows collections with several leaders, where a proof says less.
    ///
    /// A commit over several leaders may be executed in part. The proof then shows that its own leader has committed: the
    /// closure does not take effect more than once as a whole, and possibly in part.
    pub fn accept_partial_commit(mut self) -> Self {
        self.accepts_partial_commit = true;
        self
    }

    /// Runs a closure in a transaction, which takes effect once although it may be run again after any failure.
    ///
    /// As [`run`](NewTransaction::run) without a proof. Besides, it is run again if the response to a commit was lost. Each
    /// run first writes the same proof: if it is there, an earlier run was committed, and what that has returned is read
    /// from the proof.
    ///
    /// # Errors
    ///
    /// With the outcome [`Unknown`](crate::Outcome::Unknown) an earlier run may have been committed, and the time was up
    /// before that was found out: the error has a [ticket](TransactionError::ticket). With
    /// [`Executed`](crate::Outcome::Executed) it was committed, and what it has returned cannot be read.
    pub async fn run<T, E, F, Fut>(self, closure: F) -> Result<T, TransactionError<E>>
    where
        T: Serialize + DeserializeOwned,
        F: FnMut(Transaction) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: From<Error>,
    {
        Runner::new(&self, Some(Values::of_json())).run(closure).await
    }
}
