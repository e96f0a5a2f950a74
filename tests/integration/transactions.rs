//! Transactions: all or nothing, conflicts, and the loss of the coordinator that has one.

use std::error::Error;

use arango::data::Transaction;
use arango::{Database, ErrorKind};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::cluster_under_test::{ClusterUnderTest, NewDatabase, new_database, patient};

/// How many transfers run at the same time.
const TRANSFERS: i64 = 16;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Account {
    sum: i64,
}

/// A database with two accounts that have 100 each.
async fn bank(client: &arango::Client) -> NewDatabase {
    let bank = new_database(client, "bank").await;
    // One shard: a proof is accepted only if a single leader commits.
    bank.create_collection("accounts").shards(1).await.unwrap();
    bank.wait_for_collection("accounts", patient()).await.unwrap();
    for owner in ["ada", "bob"] {
        bank.collection("accounts").upsert(owner, &Account { sum: 100 }).await.unwrap();
    }
    bank
}

async fn sum(bank: &Database, owner: &str) -> i64 {
    bank.collection("accounts").get::<Account>(owner).await.unwrap().unwrap().sum
}

/// Moves an amount from Ada to Bob.
async fn transfer(transaction: &mut Transaction, amount: i64) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut accounts = transaction.collection("accounts");
    let payer: Account = accounts.get("ada").await?.ok_or("there is no Ada")?;
    let recipient: Account = accounts.get("bob").await?.ok_or("there is no Bob")?;
    accounts.replace("ada", &Account { sum: payer.sum - amount }).await?;
    accounts.replace("bob", &Account { sum: recipient.sum + amount }).await?;
    Ok(())
}

#[tokio::test]
async fn changes_are_seen_after_the_commit_and_not_before() {
    let client = ClusterUnderTest::from_env().client();
    let bank = bank(&client).await;
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();

    transfer(&mut transaction, 30).await.unwrap();
    let within: Account = transaction.collection("accounts").get("bob").await.unwrap().unwrap();
    let before = sum(&bank, "bob").await;
    transaction.commit().await.unwrap();

    assert_eq!((within.sum, before), (130, 100));
    assert_eq!((sum(&bank, "ada").await, sum(&bank, "bob").await), (70, 130));
    client.drop_database(bank.name()).await.unwrap();
}

#[tokio::test]
async fn after_an_abort_nothing_has_changed() {
    let client = ClusterUnderTest::from_env().client();
    let bank = bank(&client).await;
    let mut by_hand = bank.transaction(["accounts"]).begin().await.unwrap();
    transfer(&mut by_hand, 30).await.unwrap();
    by_hand.abort().await.unwrap();

    let refused = bank
        .transaction(["accounts"])
        .run(async |mut transaction| {
            transfer(&mut transaction, 30).await?;
            Err::<(), Box<dyn Error + Send + Sync>>("no".into())
        })
        .await;

    assert_eq!(refused.unwrap_err().cause().to_string(), "no");
    assert_eq!((sum(&bank, "ada").await, sum(&bank, "bob").await), (100, 100));
    client.drop_database(bank.name()).await.unwrap();
}

#[tokio::test]
async fn transfers_that_meet_each_other_are_run_again_and_each_takes_effect_once() {
    let client = ClusterUnderTest::from_env().client();
    let bank = bank(&client).await;
    let mut transfers = JoinSet::new();
    for _ in 0..TRANSFERS {
        let database = client.db(bank.name());
        transfers.spawn(async move {
            let transaction = database.transaction(["accounts"]).attempts(100);
            transaction.run(async |mut transaction| transfer(&mut transaction, 1).await).await
        });
    }

    while let Some(result) = transfers.join_next().await {
        result.unwrap().unwrap();
    }

    assert_eq!((sum(&bank, "ada").await, sum(&bank, "bob").await), (100 - TRANSFERS, 100 + TRANSFERS));
    client.drop_database(bank.name()).await.unwrap();
}

#[tokio::test]
async fn a_write_outside_meets_the_lock_of_a_transaction_as_a_conflict() {
    let client = ClusterUnderTest::from_env().client();
    let bank = bank(&client).await;
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    transfer(&mut transaction, 30).await.unwrap();

    let accounts = bank.collection("accounts");
    let refused = accounts.update("ada", &serde_json::json!({ "sum": 0 })).await;
    transaction.commit().await.unwrap();

    // A server waits for a moment and gives up.
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(sum(&bank, "ada").await, 70);
    client.drop_database(bank.name()).await.unwrap();
}

#[tokio::test]
async fn with_a_proof_each_transaction_takes_effect_once_while_a_coordinator_is_killed() {
    let under_test = ClusterUnderTest::from_env();
    let Some((control, victim)) = under_test.victim_or_skip() else { return };
    let client = under_test.client();
    let bank = bank(&client).await;
    let deposit = || bank.transaction(["accounts"]).attempts(100).proved_in("proofs");
    deposit().ensure_proofs().await.unwrap().into_result().unwrap();
    bank.wait_for_collection("proofs", patient()).await.unwrap();

    for number in 0..TRANSFERS {
        if number == TRANSFERS / 4 {
            control.kill(victim).await;
        }
        if number == TRANSFERS / 2 {
            control.restart(victim).await;
        }
        let done = deposit().run(async |mut transaction| transfer(&mut transaction, 1).await).await;
        done.unwrap();
    }

    assert_eq!((sum(&bank, "ada").await, sum(&bank, "bob").await), (100 - TRANSFERS, 100 + TRANSFERS));
    client.drop_database(bank.name()).await.unwrap();
}
