//! The programs whose transactions are checked, through the handles of the client.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use arango::data::{Transaction, TransactionError};
use arango::transport::BoxFuture;
use arango::{Database, Error, Outcome};
use serde_json::json;

use crate::closure::message::Number;
use crate::closure::server::{FIRST_PART, Parts};
use crate::replay::Run;

/// The time limit of a call: enough for a lost commit and further runs.
const LIMIT: Duration = Duration::from_secs(16);
/// Enough for the time after which a closure with a proof runs again, and for some further runs.
const SHORT_LIMIT: Duration = Duration::from_millis(4_300);
/// Longer than DB-Servers keep a transaction that has lost its coordinator.
const LONG_LIMIT: Duration = Duration::from_secs(400);

/// A program that makes one change, and what is promised about it.
#[derive(Clone)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) has_proof: bool,
    /// The leaders of what it writes.
    pub(crate) leaders: Parts,
    pub(crate) run: Run<End>,
}

/// How a program has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum End {
    /// With what this run of the closure has returned.
    Committed(Number),
    Failed {
        outcome: Outcome,
        has_ticket: bool,
    },
}

impl End {
    pub(crate) fn of_error(error: &Error) -> Self {
        Self::Failed { outcome: error.outcome(), has_ticket: error.ticket().is_some() }
    }
}

impl From<Result<Number, TransactionError<Error>>> for End {
    fn from(result: Result<Number, TransactionError<Error>>) -> Self {
        match result {
            Ok(run) => Self::Committed(run),
            Err(error) => Self::Failed { outcome: error.outcome(), has_ticket: error.ticket().is_some() },
        }
    }
}

impl Program {
    pub(crate) fn new(
        name: &'static str,
        has_proof: bool,
        run: impl Fn(Database) -> BoxFuture<'static, End> + Send + Sync + 'static,
    ) -> Self {
        Self { name, has_proof, leaders: FIRST_PART, run: Arc::new(run) }
    }
}

/// Writes what a run of a closure is about, and returns its number.
pub(crate) async fn write(transaction: &mut Transaction, run: Number) -> Result<Number, Error> {
    transaction.collection("accounts").update("ada", &json!({ "run": run })).await?;
    Ok(run)
}

/// A closure without a proof.
pub(crate) fn closure() -> Program {
    Program::new("a closure", false, |bank| {
        Box::pin(async move {
            let runs = AtomicU8::new(0);
            let closure = async |mut transaction: Transaction| {
                write(&mut transaction, runs.fetch_add(1, Ordering::Relaxed) + 1).await
            };
            bank.timeout(LIMIT).transaction(["accounts"]).run(closure).await.into()
        })
    })
}

/// A closure that writes a proof.
pub(crate) fn closure_with_proof() -> Program {
    Program::new("a closure with a proof", true, |bank| {
        Box::pin(async move {
            let runs = AtomicU8::new(0);
            let closure = async |mut transaction: Transaction| {
                write(&mut transaction, runs.fetch_add(1, Ordering::Relaxed) + 1).await
            };
            let new = bank.timeout(SHORT_LIMIT).transaction(["accounts"]).proved_in("proofs");
            new.run(closure).await.into()
        })
    })
}

/// A closure with a proof whose writes may have several leaders.
pub(crate) fn closure_with_partial_commits() -> Program {
    Program::new("a closure with a proof of one leader", true, |bank| {
        Box::pin(async move {
            let runs = AtomicU8::new(0);
            let closure = async |mut transaction: Transaction| {
                write(&mut transaction, runs.fetch_add(1, Ordering::Relaxed) + 1).await
            };
            let new = bank.timeout(SHORT_LIMIT).transaction(["accounts"]).proved_in("proofs");
            new.accept_partial_commit().run(closure).await.into()
        })
    })
}

/// The same program, when what they write has two leaders.
pub(crate) fn with_two_leaders(program: Program) -> Program {
    Program { leaders: 0b11, ..program }
}

/// A transaction that is committed by hand, with a proof.
pub(crate) fn handle_with_proof() -> Program {
    Program::new("a handle with a proof", true, |bank| {
        Box::pin(async move {
            let new = bank.timeout(LONG_LIMIT).transaction(["accounts"]).proved_in("proofs");
            let committed = async {
                let mut transaction = new.begin().await?;
                let run = write(&mut transaction, 1).await?;
                transaction.commit().await?;
                Ok::<_, Error>(run)
            };
            match committed.await {
                Ok(run) => End::Committed(run),
                // Whatever became of a call: nothing is committed.
                Err(error) if error.operation() != "transaction.commit" => {
                    End::Failed { outcome: Outcome::NotExecuted, has_ticket: false }
                }
                Err(error) => End::of_error(&error),
            }
        })
    })
}
