//! Transfers: closures that move an amount between two accounts.

use std::time::Duration;

use arango::data::{Transaction, TransactionError};
use arango::{Database, Outcome};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::BankScenario;
use super::setup::{ACCOUNT_COUNT, ACCOUNTS, LEDGER, PROOFS};
use crate::sim::scenario::seeded_rng;
use crate::sim::schedule::{draw_duration, draw_time};
use crate::sim::trace::Trace;

/// A transfer that is to be made.
#[derive(Debug, Clone)]
pub(super) struct Transfer {
    pub(super) marker: String,
    pub(super) at: Duration,
    pub(super) entry: Entry,
    pub(super) is_proved: bool,
    drop_after: Option<Duration>,
}

/// What a transfer writes into the ledger.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) transfer: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) amount: i64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) sum: i64,
}

/// A transfer that has ended.
#[derive(Debug)]
pub(super) struct TransferRun {
    pub(super) transfer: Transfer,
    pub(super) end: End,
    /// What is wrong with the result itself.
    pub(super) wrong: Option<String>,
}

#[derive(Debug)]
pub(super) enum End {
    Committed,
    Failed(TransactionError<Refusal>),
    /// Its future was dropped.
    Dropped,
}

/// Why a transfer was not made.
#[derive(Debug)]
pub(super) enum Refusal {
    TooPoor,
    Failed(arango::Error),
}

impl From<arango::Error> for Refusal {
    fn from(error: arango::Error) -> Self {
        Self::Failed(error)
    }
}

/// Draws the transfers of each payer.
pub(super) fn draw(scenario: &BankScenario) -> Vec<Vec<Transfer>> {
    let mut rng = seeded_rng(scenario.base.seed, 72);
    let draw_payer = |payer: usize| {
        let mut transfers: Vec<_> = (0..scenario.transfers)
            .map(|number| {
                let marker = format!("p{payer:02}.{number}");
                // Some accounts are in demand, so that transfers meet each other.
                let most = if rng.random_bool(0.3) { 6 } else { ACCOUNT_COUNT };
                let from = rng.random_range(0..most);
                let to = (from + rng.random_range(1..most)) % most;
                let entry = Entry {
                    transfer: marker.clone(),
                    from: format!("a{from}"),
                    to: format!("a{to}"),
                    amount: rng.random_range(1..=60),
                };
                let drop_after = rng.random_bool(0.1).then(|| draw_duration(&mut rng, 1, 3_000));
                let at = draw_time(&scenario.base, &mut rng);
                Transfer { marker, at, entry, is_proved: rng.random_bool(0.6), drop_after }
            })
            .collect();
        transfers.sort_by_key(|transfer| transfer.at);
        transfers
    };
    (0..scenario.payers).map(draw_payer).collect()
}

/// Makes a transfer.
pub(super) async fn run(bank: &Database, trace: &Trace, transfer: Transfer) -> TransferRun {
    let proof = if transfer.is_proved { " WITH PROOF" } else { "" };
    trace.log(format_args!("{} BEGINS{proof} {:?}", transfer.marker, transfer.entry));
    let entry = &transfer.entry;
    let closure = async |mut transaction: Transaction| pay(&mut transaction, entry).await;
    let new = bank.transaction([ACCOUNTS, LEDGER]);
    let running = async {
        if transfer.is_proved { new.proved_in(PROOFS).run(closure).await } else { new.run(closure).await }
    };
    let result = match transfer.drop_after {
        Some(after) => timeout(after, running).await.ok(),
        None => Some(running.await),
    };
    let mut wrong = None;
    let end = match result {
        None => End::Dropped,
        Some(Ok(amount)) => {
            if amount != entry.amount {
                wrong = Some(format!("it has returned {amount}, and not {}", entry.amount));
            }
            End::Committed
        }
        Some(Err(error)) => {
            if matches!(error.cause(), Refusal::TooPoor) && error.outcome() != Outcome::NotExecuted {
                wrong = Some(format!("its own error has the outcome {:?}", error.outcome()));
            }
            End::Failed(error)
        }
    };
    trace.log(format_args!("{} {}", transfer.marker, describe(&end)));
    TransferRun { transfer, end, wrong }
}

async fn pay(transaction: &mut Transaction, entry: &Entry) -> Result<i64, Refusal> {
    let mut accounts = transaction.collection(ACCOUNTS);
    let from: Account = accounts.get(&entry.from).await?.ok_or(Refusal::TooPoor)?;
    let to: Account = accounts.get(&entry.to).await?.ok_or(Refusal::TooPoor)?;
    if from.sum < entry.amount {
        return Err(Refusal::TooPoor);
    }
    accounts.replace(&entry.from, &Account { sum: from.sum - entry.amount }).await?;
    accounts.replace(&entry.to, &Account { sum: to.sum + entry.amount }).await?;
    transaction.collection(LEDGER).insert(entry).await?;
    Ok(entry.amount)
}

fn describe(end: &End) -> String {
    match end {
        End::Committed => "COMMITTED".to_owned(),
        End::Dropped => "DROPPED".to_owned(),
        End::Failed(error) => {
            let cause = match error.cause() {
                Refusal::TooPoor => "too poor".to_owned(),
                Refusal::Failed(error) => format!("{:?} of {}", error.kind(), error.operation()),
            };
            format!("FAILED {:?} after {} runs: {cause}", error.outcome(), error.attempts())
        }
    }
}
