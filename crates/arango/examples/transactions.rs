//! Transactions: a bank transfer that takes effect once.
//!
//! ```text
//! cargo xtask test-cluster run -- cargo run -p arango --example transactions
//! ```
//!
//! It creates and drops the database `arango_example_transactions`.

use anyhow::{Context, Result, ensure};
use arango::data::{Aql, Transaction};
use arango::{Client, Database};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

#[derive(Debug, Serialize, Deserialize)]
struct Account {
    sum: i64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let client = Client::from_env()?;

    let bank = client.create_database("arango_example_transactions").await?;
    bank.create_collection("accounts").ensure().await?.into_result()?;
    for owner in ["ada", "bob"] {
        bank.collection("accounts").upsert(owner, &Account { sum: 100 }).await?;
    }

    closure(&bank).await?;
    conflicts(&bank).await?;
    proof(&bank).await?;
    handle(&bank).await?;

    client.drop_database("arango_example_transactions").await?;
    Ok(())
}

/// Moves an amount. An error aborts the transaction.
async fn transfer(transaction: &mut Transaction, from: &str, to: &str, amount: i64) -> Result<i64> {
    let mut accounts = transaction.collection("accounts");
    let payer: Account = accounts.get(from).await?.context("there is no such account")?;
    let recipient: Account = accounts.get(to).await?.context("there is no such account")?;
    ensure!(payer.sum >= amount, "{from} has only {}", payer.sum);
    accounts.replace(from, &Account { sum: payer.sum - amount }).await?;
    accounts.replace(to, &Account { sum: recipient.sum + amount }).await?;
    Ok(payer.sum - amount)
}

/// The closure commits with `Ok`, and its own error aborts.
async fn closure(bank: &Database) -> Result<()> {
    let left = bank
        .transaction(["accounts"])
        .run(async |mut transaction| transfer(&mut transaction, "ada", "bob", 10).await)
        .await?;
    anstream::println!("a transfer of 10: Ada has {left} left");

    let refused = bank
        .transaction(["accounts"])
        .run(async |mut transaction| transfer(&mut transaction, "ada", "bob", 1000).await)
        .await;
    if let Err(error) = refused {
        anstream::println!("a transfer of 1000 is refused in run {}: {}", error.attempts(), error.cause());
    }
    Ok(())
}

/// Transfers that meet each other are run again.
async fn conflicts(bank: &Database) -> Result<()> {
    let mut transfers = JoinSet::new();
    for _ in 0..8 {
        let bank = bank.clone();
        transfers.spawn(async move {
            let mut runs = 0;
            let transaction = bank.transaction(["accounts"]).attempts(100);
            let result = transaction
                .run(|mut transaction| {
                    runs += 1;
                    async move { transfer(&mut transaction, "bob", "ada", 1).await }
                })
                .await;
            result.map(|_| runs)
        });
    }
    let mut runs = 0;
    while let Some(transfer) = transfers.join_next().await {
        runs += transfer??;
    }
    anstream::println!("8 transfers at the same time: {runs} runs, because of conflicts");
    Ok(())
}

/// With a proof, the closure is also run again if the response to a commit is lost, and takes effect once.
async fn proof(bank: &Database) -> Result<()> {
    let transaction = bank.transaction(["accounts"]).proved_in("proofs");
    transaction.ensure_proofs().await?.into_result()?; // once, when the program starts
    let left =
        transaction.run(async |mut transaction| transfer(&mut transaction, "ada", "bob", 10).await).await?;
    anstream::println!("a transfer of 10 with a proof: Ada has {left} left");
    Ok(())
}

/// By hand. What is dropped without a commit is aborted.
async fn handle(bank: &Database) -> Result<()> {
    let mut transaction = bank.transaction(["accounts"]).begin().await?;
    let interest = Aql::new("FOR a IN accounts UPDATE a WITH { sum: a.sum + 1 } IN accounts RETURN NEW.sum");
    let sums: Vec<i64> = transaction.query(interest).all().await?;
    anstream::println!("accounts with interest, within the transaction: {sums:?}");
    drop(transaction);

    let query = Aql::new("RETURN SUM(FOR a IN accounts RETURN a.sum)");
    anstream::println!("sum of all accounts after it was aborted: {}", bank.query::<i64>(query).one().await?);
    Ok(())
}
