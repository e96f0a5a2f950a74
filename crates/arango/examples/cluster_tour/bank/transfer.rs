//! A client that moves money between accounts, one transfer after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use arango::data::Transaction;
use arango::{Database, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{ACCOUNTS, TRANSFERS_PER_CLIENT};

/// How often a transfer may meet others before it fails.
const ATTEMPTS: u32 = 100;

/// What is on an account.
#[derive(Debug, Deserialize)]
struct Account {
    sum: i64,
}

/// A transfer, as it is stored with what it changes.
///
/// Its key is chosen for each document, so one that took effect twice would be stored twice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Transfer {
    pub(super) name: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) amount: i64,
}

/// What a client reported of a transfer.
pub(super) struct Report {
    pub(super) transfer: String,
    pub(super) reported: Reported,
    /// How often the closure was run.
    pub(super) runs: u32,
}

pub(super) enum Reported {
    Committed,
    /// The account had too little. The closure returned an error, which aborts.
    Refused,
    Failed(Outcome),
}

#[derive(Debug, thiserror::Error)]
enum TransferError {
    #[error("there is no account {0}")]
    NoAccount(String),
    #[error("there is too little on the account")]
    TooLittle,
    #[error(transparent)]
    Client(#[from] arango::Error),
}

/// A client of the bank.
pub(super) struct Clerk {
    pub(super) number: usize,
    pub(super) bank: Database,
    /// The transfers of all clients that have ended.
    pub(super) done: Arc<AtomicU64>,
}

impl Clerk {
    /// Tries its transfers. Returns what the client reported of each.
    pub(super) async fn work(self) -> Result<Vec<Report>> {
        let mut reports = Vec::new();
        for index in 0..TRANSFERS_PER_CLIENT {
            reports.push(self.execute(&self.transfer(index)).await?);
            self.done.fetch_add(1, Ordering::Relaxed);
        }
        Ok(reports)
    }

    /// The same in each tour: between which accounts, and how much.
    fn transfer(&self, index: usize) -> Transfer {
        let from = (self.number * 37 + index * 61) % ACCOUNTS;
        let to = (from + 1 + (self.number * 11 + index * 17) % (ACCOUNTS - 1)) % ACCOUNTS;
        let amount = i64::try_from(1 + (self.number * 13 + index * 29) % 90).unwrap_or(1);
        Transfer { name: format!("{}-{index}", self.number), from: account(from), to: account(to), amount }
    }

    async fn execute(&self, transfer: &Transfer) -> Result<Report> {
        let mut runs = 0;
        let transaction = self.bank.transaction(["accounts", "transfers"]).proved_in("proofs");
        let result = transaction
            .attempts(ATTEMPTS)
            .run(|transaction| {
                runs += 1;
                move_amount(transaction, transfer)
            })
            .await;
        let reported = match result {
            Ok(()) => Reported::Committed,
            Err(error) => match error.cause() {
                TransferError::TooLittle if error.outcome() == Outcome::NotExecuted => Reported::Refused,
                TransferError::Client(_) | TransferError::TooLittle => Reported::Failed(error.outcome()),
                TransferError::NoAccount(_) => return Err(error.into()),
            },
        };
        Ok(Report { transfer: transfer.name.clone(), reported, runs })
    }
}

/// The key of an account.
pub(super) fn account(number: usize) -> String {
    format!("account-{number:02}")
}

async fn move_amount(mut transaction: Transaction, transfer: &Transfer) -> Result<(), TransferError> {
    let Transfer { from, to, amount, .. } = transfer;
    let mut accounts = transaction.collection("accounts");
    let payer: Option<Account> = accounts.get(from).await?;
    let payer = payer.ok_or_else(|| TransferError::NoAccount(from.clone()))?;
    let recipient: Option<Account> = accounts.get(to).await?;
    let recipient = recipient.ok_or_else(|| TransferError::NoAccount(to.clone()))?;
    if payer.sum < *amount {
        return Err(TransferError::TooLittle);
    }
    accounts.update(from, &json!({ "sum": payer.sum - amount })).await?;
    accounts.update(to, &json!({ "sum": recipient.sum + amount })).await?;
    transaction.collection("transfers").insert(transfer).await?;
    Ok(())
}
