//! Where the calls of a transaction go.

use std::time::Duration;

use arango::data::{GetTransaction, TransactionState};
use arango::{ErrorKind, Outcome};
use http::Method;
use tokio::time::sleep;

use super::{Account, bank, owner_of, sums, transfer};
use crate::support::client;

#[tokio::test(start_paused = true)]
async fn all_calls_go_to_the_owner() {
    let (cluster, bank) = bank().await;
    for _ in 0..3 {
        cluster.journal().clear();
        let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
        transfer(&mut transaction).await.unwrap();
        transaction.commit().await.unwrap();
        let requests = cluster.journal().requests_per_coordinator();
        assert_eq!(requests.iter().filter(|requests| **requests > 0).count(), 1, "{requests:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_transaction_whose_owner_is_killed_fails_and_nothing_of_it_stays() {
    let (cluster, _) = bank().await;
    let client = client(&cluster);
    let mut transaction = client.db("_system").transaction(["accounts"]).begin().await.unwrap();
    transfer(&mut transaction).await.unwrap();
    cluster.coordinator(owner_of(&client, &transaction)).kill();
    let error = transaction.collection("accounts").get::<Account>("ada").await.unwrap_err();
    assert!(error.is_connect(), "{error}");
    let error = transaction.commit().await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotExecuted, "{error}");
    sleep(Duration::from_secs(60)).await;
    assert_eq!(sums(&cluster).await, (100, 100));
}

#[tokio::test(start_paused = true)]
async fn a_transaction_of_a_restarted_owner_is_gone() {
    let (cluster, _) = bank().await;
    let client = client(&cluster);
    let mut transaction = client.db("_system").transaction(["accounts"]).begin().await.unwrap();
    transfer(&mut transaction).await.unwrap();
    let owner = cluster.coordinator(owner_of(&client, &transaction));
    owner.kill();
    owner.restart().await.unwrap();
    cluster.journal().clear();
    // The first call may use a connection that was broken.
    let error = transaction.collection("accounts").get::<Account>("ada").await.unwrap_err();
    let error = match error.kind() {
        ErrorKind::TransactionGone => error,
        _ => transaction.collection("accounts").get::<Account>("ada").await.unwrap_err(),
    };
    assert!(
        matches!(error.kind(), ErrorKind::TransactionGone | ErrorKind::TransactionPoisoned),
        "{}",
        error.report()
    );
    assert_eq!(transaction.commit().await.unwrap_err().outcome(), Outcome::NotExecuted);
    let commits = cluster.journal().executions_matching(|entry| entry.method == Method::PUT);
    assert_eq!((commits, sums(&cluster).await), (0, (100, 100)));
}

#[tokio::test(start_paused = true)]
async fn open_transactions_are_listed_and_the_state_of_one_is_known_after_its_end() {
    let (cluster, bank) = bank().await;
    let transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    let id = transaction.id().clone();
    let listed = bank.open_transactions().await.unwrap();
    assert_eq!((listed.len(), &listed[0].id, &listed[0].state), (1, &id, &TransactionState::Running));
    transaction.abort().await.unwrap();
    let get = GetTransaction { id };
    // Also through the others, which forward it.
    for coordinator in client(&cluster).coordinators() {
        let state = bank.clone().prefer(coordinator.address).execute(&get).await.unwrap();
        assert_eq!(state, TransactionState::Aborted);
    }
    let _writing = bank.transaction(["accounts"]).begin().await.unwrap();
    let reading = bank.transaction::<&str>([]).read(["accounts"]).begin().await.unwrap();
    bank.abort_write_transactions().await.unwrap();
    let left = bank.open_transactions().await.unwrap();
    assert_eq!((left.len(), &left[0].id), (1, reading.id()));
}
