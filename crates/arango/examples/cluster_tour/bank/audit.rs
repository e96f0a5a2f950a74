//! Compares what the clients reported with what is stored.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use arango::data::Aql;
use arango::{Database, Outcome};
use serde::Deserialize;

use super::transfer::{Report, Transfer};
use super::{ACCOUNTS, CLIENTS, OPENING_SUM, Reported, transfer};
use crate::terminal::TourOutput;

/// Everything that the bank contains, at one moment.
#[derive(Debug, Deserialize)]
struct Stored {
    accounts: BTreeMap<String, i64>,
    transfers: Vec<Transfer>,
    proofs: u64,
}

impl Stored {
    async fn read(bank: &Database) -> Result<Self> {
        let query = Aql::new(
            "LET keys = (FOR a IN accounts SORT a._key RETURN a._key)
             LET sums = (FOR a IN accounts SORT a._key RETURN a.sum)
             LET transfers = (FOR t IN transfers RETURN t)
             RETURN { accounts: ZIP(keys, sums), transfers, proofs: LENGTH(FOR p IN proofs RETURN 1) }",
        );
        Ok(bank.query(query).one().await?)
    }
}

/// Fails if money was lost or made, or if an outcome was not as reported. Returns a summary.
///
/// A transfer that was reported as committed is stored once, one that was reported as not executed is not stored, one with
/// an unknown outcome may or may not be stored, and none is stored twice.
pub(super) async fn compare(
    output: &TourOutput,
    bank: &Database,
    reports: &[Report],
    took: Duration,
) -> Result<String> {
    let stored = Stored::read(bank).await?;
    let mut times = BTreeMap::<&str, u64>::new();
    for transfer in &stored.transfers {
        *times.entry(&transfer.name).or_default() += 1;
    }
    let (mut committed, mut refused, mut failed, mut unknown, mut unknown_stored) = (0_u64, 0, 0, 0, 0);
    for Report { transfer, reported, .. } in reports {
        let times = times.get(transfer.as_str()).copied().unwrap_or(0);
        ensure!(times <= 1, "the transfer {transfer} is stored {times} times");
        match reported {
            Reported::Committed | Reported::Failed(Outcome::Executed) => {
                ensure!(times == 1, "the transfer {transfer} was reported as committed, and is lost");
                committed += 1;
            }
            Reported::Refused | Reported::Failed(Outcome::NotExecuted) => {
                ensure!(times == 0, "the transfer {transfer} was reported as not executed, and is stored");
                match reported {
                    Reported::Refused => refused += 1,
                    _ => failed += 1,
                }
            }
            Reported::Failed(_) => {
                unknown += 1;
                unknown_stored += times;
            }
        }
    }
    let all = u64::try_from(stored.transfers.len())?;
    let runs: u32 = reports.iter().map(|report| report.runs).sum();
    output.entry(
        "transfers",
        &format!(
            "{} in {runs} runs and {took:.1?}: {committed} committed, {refused} refused for lack of money, {failed} failed, \
             {unknown} of unknown outcome",
            reports.len()
        ),
    );
    output.entry(
        "stored",
        &format!(
            "{all} = {committed} reported as committed + {unknown_stored} of {unknown} reported as unknown"
        ),
    );
    ensure!(all == committed + unknown_stored, "transfers are stored that were not reported");
    ensure!(stored.proofs == all, "{} proofs do not match {all} transfers", stored.proofs);

    let sum = check_sums(&stored)?;
    output.entry(
        "sum of all accounts",
        &format!("{sum}, as at first; each account has what its transfers say"),
    );
    ensure!(committed > 0, "no transfer was committed");
    Ok(format!("bank: {CLIENTS} clients, {all} transfers, 0 doubled, 0 lost, the sum holds"))
}

/// Executes the stored transfers again, in memory, and compares each account. Returns the sum of all accounts.
fn check_sums(stored: &Stored) -> Result<i64> {
    let mut expected: BTreeMap<String, i64> =
        (0..ACCOUNTS).map(|number| (transfer::account(number), OPENING_SUM)).collect();
    for Transfer { name, from, to, amount } in &stored.transfers {
        *expected.get_mut(from).with_context(|| format!("{name} is from an unknown account"))? -= amount;
        *expected.get_mut(to).with_context(|| format!("{name} is to an unknown account"))? += amount;
    }
    for (account, expected) in &expected {
        let sum = stored.accounts.get(account).copied();
        ensure!(sum == Some(*expected), "{account} has {sum:?}, and its transfers say {expected}");
        ensure!(*expected >= 0, "{account} has less than nothing: {expected}");
    }
    let sum: i64 = stored.accounts.values().sum();
    let opened = OPENING_SUM * i64::try_from(ACCOUNTS)?;
    ensure!(sum == opened, "the sum of all accounts was {opened}, and is {sum}");
    Ok(sum)
}
