//! Transactions that write a proof of their commit.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use arango::data::{DocumentTicket, Evidence, NewTransaction, Proved, Transaction};
use arango::protocol::Conclusion;
use arango::{Database, ErrorKind, Limits, Outcome};
use arango_test_cluster::{Fault, FaultGuard, Match, Phase, TestCluster};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{bank, open_accounts, owner_of, patient, sums, transfer};
use crate::support::{builder, client, cluster, wait_for_hit};

fn on_commit(fault: Fault) -> Fault {
    fault.on(Match::put("/_api/transaction/*"))
}

/// Prepares a transaction with a proof.
async fn proved(bank: &Database) -> NewTransaction<Proved> {
    let transaction = bank.transaction(["accounts"]).proved_in("proofs");
    transaction.ensure_proofs().await.unwrap().into_result().unwrap();
    sleep(Duration::from_secs(2)).await;
    transaction
}

/// Lets no server say what became of a commit until the next run has begun.
async fn be_silent_until_the_second_run(cluster: &TestCluster) {
    let _silent = ["/_api/transaction/*", "/_api/document/proofs/*"]
        .map(|path| cluster.inject(&Fault::response(503, 1478, "no backend").on(Match::get(path))));
    while super::begins(cluster) < 2 {
        sleep(Duration::from_millis(1)).await;
    }
}

/// Returns the number of proofs.
async fn proofs(cluster: &TestCluster) -> u64 {
    client(cluster).db("_system").collection("proofs").count().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_collection_of_proofs_has_the_shards_of_the_written_one_and_forgets_after_a_day() {
    let (cluster, bank) = bank().await;
    let transaction = proved(&bank).await;
    transaction.ensure_proofs().await.unwrap().into_result().unwrap();
    let properties = bank.collection("proofs").properties().await.unwrap();
    assert_eq!(properties.distribute_shards_like.as_deref(), Some("accounts"));
    let indexes = bank.collection("proofs").indexes().await.unwrap();
    assert!(
        indexes.iter().any(|index| index.expire_after == Some(Duration::from_secs(86_400))),
        "{indexes:?}"
    );
    let left = transaction.run(async |mut transaction| transfer(&mut transaction).await).await.unwrap();
    assert_eq!((left, sums(&cluster).await, proofs(&cluster).await), (90, (90, 110), 1));
}

#[tokio::test(start_paused = true)]
async fn a_proof_about_several_leaders_is_refused_before_anything_is_sent_unless_accepted() {
    let (cluster, bank) = bank().await;
    bank.create_collection("proofs").shards(2).await.unwrap();
    sleep(Duration::from_secs(2)).await;
    let transaction = || bank.transaction(["accounts"]).proved_in("proofs");
    let ensured = transaction().ensure_proofs().await.unwrap();
    assert!(ensured.existed && !ensured.differences.is_empty(), "{ensured:?}");
    let closure = async |mut transaction: Transaction| transfer(&mut transaction).await;
    let error = transaction().run(closure).await.unwrap_err();
    assert_eq!((error.attempts(), error.cause().kind()), (0, ErrorKind::Request));
    assert!(
        error.to_string().contains("`proved_in` proves nothing about collections with several leaders"),
        "{error}"
    );
    assert_eq!(transaction().begin().await.unwrap_err().kind(), ErrorKind::Request);
    assert_eq!(super::begins(&cluster), 0);
    transaction().accept_partial_commit().run(closure).await.unwrap();
    assert_eq!(sums(&cluster).await, (90, 110));
}

/// Commits a transaction with a proof while its commit is lost and its owner is killed.
async fn commit_while_owner_dies(
    cluster: &TestCluster,
    total: Duration,
    fault: Fault,
    lives: Duration,
) -> Result<(), arango::Error> {
    let client = patient(cluster, total);
    let bank = client.db("_system");
    let mut transaction = proved(&bank).await.begin().await.unwrap();
    transfer(&mut transaction).await.unwrap();
    let owner = cluster.coordinator(owner_of(&client, &transaction));
    let fault = owner.inject(on_commit(fault));
    let kill = async {
        wait_for_hit(&fault).await;
        sleep(lives).await;
        owner.kill();
    };
    tokio::join!(transaction.commit(), kill).0
}

#[tokio::test(start_paused = true)]
async fn w16_a_commit_whose_owner_dies_is_a_success_if_its_proof_is_there() {
    let (cluster, _) = bank().await;
    let lost = Fault::close(Phase::AfterExecution);
    commit_while_owner_dies(&cluster, Duration::from_secs(60), lost, Duration::ZERO).await.unwrap();
    assert_eq!((sums(&cluster).await, proofs(&cluster).await), ((90, 110), 1));
}

#[tokio::test(start_paused = true)]
async fn w16_a_commit_that_fails_after_a_long_time_is_not_believed_without_its_proof() {
    let (cluster, _) = bank().await;
    let limits = Limits::default().attempt(Duration::from_secs(1));
    let bank = builder(&cluster).limits(limits).build().unwrap().db("_system");
    let mut transaction = proved(&bank).await.begin().await.unwrap();
    transfer(&mut transaction).await.unwrap();
    let _slow = cluster.inject(&on_commit(Fault::slow_commit(Duration::from_secs(20))));
    let _failed = cluster.inject(&on_commit(Fault::failed_commit()));
    let error = transaction.commit().await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "aborted proves nothing: {}", error.report());
    assert!(error.ticket().is_some());
    assert_eq!((sums(&cluster).await, proofs(&cluster).await), ((100, 100), 0));
}

#[tokio::test(start_paused = true)]
async fn w16_without_the_proof_the_outcome_is_unknown_and_a_ticket_decides_later() {
    let (cluster, bank) = bank().await;
    let lost = Fault::slow_commit(Duration::from_secs(20));
    let result =
        commit_while_owner_dies(&cluster, Duration::from_secs(60), lost, Duration::from_secs(1)).await;
    let error = result.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "{}", error.report());
    let ticket: DocumentTicket = error.ticket().unwrap().parse().unwrap();
    assert_eq!(bank.resolve(&ticket).await.unwrap(), Conclusion::NotSeen);
    assert_eq!((sums(&cluster).await, proofs(&cluster).await), ((100, 100), 0));
}

#[tokio::test(start_paused = true)]
async fn w16_without_the_proof_nothing_was_executed_once_no_db_server_has_the_transaction() {
    let (cluster, _) = bank().await;
    let client = patient(&cluster, Duration::from_secs(600));
    let mut transaction = proved(&client.db("_system")).await.begin().await.unwrap();
    transfer(&mut transaction).await.unwrap();
    let owner = cluster.coordinator(owner_of(&client, &transaction));
    let slow = owner.inject(on_commit(Fault::slow_commit(Duration::from_secs(20))));
    let restart = async {
        wait_for_hit(&slow).await;
        sleep(Duration::from_secs(1)).await;
        owner.kill();
        owner.restart().await.unwrap();
    };
    let start = Instant::now();
    let (result, ()) = tokio::join!(transaction.commit(), restart);
    let error = result.unwrap_err();
    assert_eq!((error.outcome(), error.ticket()), (Outcome::NotExecuted, None), "{}", error.report());
    assert!(start.elapsed() >= Duration::from_secs(330), "{:?}", start.elapsed());
    assert_eq!(sums(&cluster).await, (100, 100));
}

/// What the closure returns, so that it can be read from the proof.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Receipt {
    left: i64,
}

#[tokio::test(start_paused = true)]
async fn w17_a_closure_whose_commit_is_lost_takes_effect_once_and_returns_its_value() {
    let (cluster, bank) = bank().await;
    let transaction = proved(&bank).await;
    let runs = AtomicU32::new(0);
    let lost = cluster.inject(&on_commit(Fault::close(Phase::AfterExecution).times(1)));
    let closure = async |mut transaction: Transaction| {
        runs.fetch_add(1, Ordering::Relaxed);
        let left = transfer(&mut transaction).await?;
        Ok::<_, arango::Error>(Receipt { left })
    };
    let (result, ()) = tokio::join!(transaction.run(closure), be_silent_until_the_second_run(&cluster));
    let receipt = result.unwrap();
    assert_eq!(lost.iter().map(FaultGuard::hits).sum::<usize>(), 1);
    assert_eq!((receipt, runs.load(Ordering::Relaxed)), (Receipt { left: 90 }, 1));
    assert_eq!((sums(&cluster).await, proofs(&cluster).await), ((90, 110), 1));
}

#[tokio::test(start_paused = true)]
async fn w17_a_run_whose_owner_dies_before_its_commit_leaves_no_proof_and_the_next_one_takes_effect() {
    let (cluster, _) = bank().await;
    let client = client(&cluster);
    let transaction = proved(&client.db("_system")).await;
    let runs = AtomicU32::new(0);
    let closure = async |mut transaction: Transaction| {
        let left = transfer(&mut transaction).await?;
        if runs.fetch_add(1, Ordering::Relaxed) == 0 {
            cluster.coordinator(owner_of(&client, &transaction)).kill();
        }
        Ok::<_, arango::Error>(left)
    };
    assert_eq!(transaction.run(closure).await.unwrap(), 90);
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    assert_eq!((sums(&cluster).await, proofs(&cluster).await), ((90, 110), 1));
}

#[tokio::test(start_paused = true)]
async fn w17_a_commit_that_is_still_executed_is_waited_for_by_the_next_run() {
    let cluster = cluster().await;
    let limits = Limits::default().attempt(Duration::from_secs(1));
    let client = builder(&cluster).limits(limits).build().unwrap();
    let bank = client.db("_system");
    open_accounts(&cluster, &bank).await;
    let transaction = proved(&bank).await;
    let runs = AtomicU32::new(0);
    let _slow = cluster.inject(&on_commit(Fault::slow_commit(Duration::from_secs(20)).times(1)));
    let _silent =
        cluster.inject(&Fault::response(503, 1478, "no backend").on(Match::get("/_api/transaction/*")));
    let closure = async |mut transaction: Transaction| {
        runs.fetch_add(1, Ordering::Relaxed);
        transfer(&mut transaction).await
    };
    assert_eq!(transaction.run(closure).await.unwrap(), 90);
    assert_eq!(
        runs.load(Ordering::Relaxed),
        1,
        "the key of the proof is locked until the first run has ended"
    );
    assert_eq!((sums(&cluster).await, proofs(&cluster).await), ((90, 110), 1));
}

#[tokio::test(start_paused = true)]
async fn a_handle_that_outlives_its_closure_does_not_disturb_the_runner() {
    let (cluster, bank) = bank().await;
    let transaction = proved(&bank).await;
    let slow = Fault::latency(Duration::from_secs(1)).on(Match::patch("/_api/document/proofs/*"));
    let _slow = cluster.inject(&slow);
    let (sender, mut handles) = tokio::sync::mpsc::unbounded_channel::<Transaction>();
    let closure = |mut transaction: Transaction| {
        let sender = sender.clone();
        async move {
            let left = transfer(&mut transaction).await?;
            sender.send(transaction).unwrap();
            Ok::<_, arango::Error>(left)
        }
    };
    let outlives = async {
        let mut handle = handles.recv().await.unwrap();
        // While the runner stores the value.
        sleep(Duration::from_millis(500)).await;
        let read = handle.collection("accounts").exists("ada").await;
        (read.unwrap_err().kind(), handle.abort().await.unwrap_err().kind())
    };
    let (result, refused) = tokio::join!(transaction.run(closure), outlives);
    assert_eq!((result.unwrap(), refused), (90, (ErrorKind::TransactionGone, ErrorKind::TransactionGone)));
    assert_eq!((super::begins(&cluster), sums(&cluster).await), (1, (90, 110)));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_stays_undecided_has_a_ticket() {
    let (cluster, bank) = bank().await;
    let transaction = proved(&bank.clone().timeout(Duration::from_secs(20))).await;
    let _lost = cluster.inject(&on_commit(Fault::close(Phase::AfterExecution)));
    let silent = ["/_api/transaction/*", "/_api/document/proofs/*"]
        .map(|path| cluster.inject(&Fault::response(503, 1478, "no backend").on(Match::get(path))));
    let error = transaction
        .run(async |mut transaction| {
            transaction.collection("accounts").update("ada", &json!({ "sum": 0 })).await?;
            Ok::<_, arango::Error>(1)
        })
        .await
        .unwrap_err();
    assert_eq!((error.outcome(), error.attempts()), (Outcome::Unknown, 1), "{error}");
    drop(silent);
    let ticket: DocumentTicket = error.ticket().unwrap().parse().unwrap();
    assert_eq!(bank.resolve(&ticket).await.unwrap(), Conclusion::Executed(Evidence::Key));
    let error = arango::Error::from(error);
    assert!(error.outcome() == Outcome::Unknown && error.ticket().is_some());
    assert!(!error.is_retryable(), "another call would be a second effect: {error}");
    assert_eq!(sums(&cluster).await, (0, 100));
}

#[tokio::test(start_paused = true)]
async fn a_value_that_cannot_be_read_from_the_proof_is_an_error_of_an_executed_closure() {
    /// Written as a number, and read as a text.
    #[derive(Debug)]
    struct OneWay;

    impl Serialize for OneWay {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_u8(1)
        }
    }

    impl<'de> Deserialize<'de> for OneWay {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            String::deserialize(deserializer).map(|_| Self)
        }
    }

    let (cluster, bank) = bank().await;
    let transaction = proved(&bank).await;
    let _lost = cluster.inject(&on_commit(Fault::close(Phase::AfterExecution).times(1)));
    let closure = async |mut transaction: Transaction| transfer(&mut transaction).await.map(|_| OneWay);
    let (result, ()) = tokio::join!(transaction.run(closure), be_silent_until_the_second_run(&cluster));
    let error = result.unwrap_err();
    assert_eq!((error.outcome(), error.cause().kind()), (Outcome::Executed, ErrorKind::Decode), "{error}");
    assert_eq!(sums(&cluster).await, (90, 110));
}
