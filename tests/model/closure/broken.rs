//! Programs that are broken on purpose, which the model must find.

use std::time::Duration;

use arango::data::{
    CollectionName, CommitTransaction, GetTransaction, InsertDocument, Key, NewTransaction, Transaction,
    TransactionState,
};
use arango::{Database, Error, ErrorKind, Outcome};
use serde_json::json;
use tokio::time::sleep;

use crate::closure::message::Number;
use crate::closure::program::{End, Program, write};

const NOT_EXECUTED: End = End::Failed { outcome: Outcome::NotExecuted, has_ticket: false };
const UNKNOWN: End = End::Failed { outcome: Outcome::Unknown, has_ticket: false };

/// Long enough for the abort of a transaction that was dropped.
const PAUSE: Duration = Duration::from_secs(5);

/// Makes the change by hand.
async fn change(new: NewTransaction, run: Number) -> Result<Number, Error> {
    let mut transaction = new.begin().await?;
    write(&mut transaction, run).await?;
    transaction.commit().await?;
    Ok(run)
}

/// A program that makes its change again after each error.
pub(crate) fn runs_again() -> Program {
    Program::new("runs again", false, |bank| {
        Box::pin(async move {
            for run in 1..=2 {
                if let Ok(run) = change(bank.transaction(["accounts"]), run).await {
                    return End::Committed(run);
                }
                sleep(PAUSE).await;
            }
            UNKNOWN
        })
    })
}

/// A program that runs its closure again under the key of another proof.
pub(crate) fn proves_again() -> Program {
    Program::new("proves again", true, |bank| {
        Box::pin(async move {
            let bank = bank.timeout(Duration::from_secs(3));
            for run in 1..=2 {
                let new = bank.transaction(["accounts"]).proved_in("proofs").attempts(1);
                let closure = async |mut transaction: Transaction| write(&mut transaction, run).await;
                if let Ok(run) = new.run(closure).await {
                    return End::Committed(run);
                }
            }
            UNKNOWN
        })
    })
}

/// A program that believes a state at once, although the response to its commit was lost.
pub(crate) fn believes(believed: TransactionState) -> Program {
    // It claims to know it as certainly as by a proof.
    Program::new("believes", true, move |bank| {
        let believed = believed.clone();
        Box::pin(async move {
            let ended = async {
                let mut transaction = bank.transaction(["accounts"]).begin().await?;
                write(&mut transaction, 1).await?;
                commit(&bank, transaction, &believed).await
            };
            ended.await.unwrap_or(NOT_EXECUTED)
        })
    })
}

async fn commit(
    bank: &Database,
    transaction: Transaction,
    believed: &TransactionState,
) -> Result<End, Error> {
    let id = transaction.id().clone();
    let owner = bank.clone().prefer(transaction.coordinator().expect("an owner").clone());
    let result = owner.execute(CommitTransaction { id: id.clone() }).await;
    // Dropping it would abort it.
    std::mem::forget(transaction);
    match result {
        Ok(()) => return Ok(End::Committed(1)),
        Err(error) if error.was_not_executed() => return Ok(NOT_EXECUTED),
        Err(_) => {}
    }
    match owner.execute(GetTransaction { id }).await {
        Ok(state) if state != *believed => Ok(UNKNOWN),
        Ok(TransactionState::Committed) => Ok(End::Committed(1)),
        Ok(_) => Ok(NOT_EXECUTED),
        Err(_) => Ok(UNKNOWN),
    }
}

/// A program that takes the lock on a proof for the commit of its first run.
pub(crate) fn takes_lock_for_proof() -> Program {
    Program::new("takes a lock for proof", true, |bank| {
        Box::pin(async move {
            let proofs = CollectionName::new("proofs").expect("a name");
            let insert =
                InsertDocument::new(&proofs, &json!({})).key(&Key::new("the-only-key").expect("a key"));
            for run in 1..=2 {
                let changed = async {
                    let mut transaction = bank.transaction(["accounts", "proofs"]).begin().await?;
                    transaction.execute(&insert).await?;
                    write(&mut transaction, run).await?;
                    transaction.commit().await
                };
                match changed.await {
                    Ok(()) => return End::Committed(run),
                    Err(error) if run == 2 && error.kind() == ErrorKind::Conflict => {
                        return End::Committed(1);
                    }
                    Err(_) => sleep(PAUSE).await,
                }
            }
            UNKNOWN
        })
    })
}
