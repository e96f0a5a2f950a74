//! Closures that are run in a transaction, and again after a conflict.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arango::data::{Transaction, TransactionError};
use arango::{Database, ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match, Phase};
use http::Method;
use serde_json::json;
use tokio::time::sleep;

use super::{Account, bank, begins, ends, sums, transfer};

type Result<T, E = TransactionError<arango::Error>> = std::result::Result<T, E>;

/// Transfers, and counts the runs.
async fn run(bank: &Database, runs: &AtomicU32) -> Result<i64> {
    let closure = async |mut transaction: Transaction| {
        runs.fetch_add(1, Ordering::Relaxed);
        transfer(&mut transaction).await
    };
    bank.transaction(["accounts"]).run(closure).await
}

#[tokio::test(start_paused = true)]
async fn a_closure_is_committed_when_it_returns() {
    let (cluster, bank) = bank().await;
    assert_eq!(run(&bank, &AtomicU32::new(0)).await.unwrap(), 90);
    assert_eq!(sums(&cluster).await, (90, 110));
    assert_eq!((begins(&cluster), ends(&cluster, &Method::PUT), ends(&cluster, &Method::DELETE)), (1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn w14_a_closure_of_which_a_call_is_lost_is_run_again_and_takes_effect_once() {
    for phase in [Phase::AfterRead, Phase::AfterExecution, Phase::InBody] {
        let (cluster, bank) = bank().await;
        let lost = Fault::close(phase).on(Match::put("/_api/document/accounts/bob")).times(1);
        let _lost = cluster.coordinator(0).inject(lost.clone());
        let _lost = [1, 2].map(|index| cluster.coordinator(index).inject(lost.clone()));
        let runs = AtomicU32::new(0);
        assert_eq!(run(&bank, &runs).await.unwrap(), 90);
        assert!(runs.load(Ordering::Relaxed) > 1, "{phase:?}");
        assert_eq!(sums(&cluster).await, (90, 110), "{phase:?}: once");
        assert_eq!(ends(&cluster, &Method::PUT), 1, "{phase:?}: only the last run is committed");
        assert!(cluster.open_transactions().is_empty(), "{phase:?}: the others are aborted");
    }
}

#[tokio::test(start_paused = true)]
async fn w14_a_closure_that_ignores_a_lost_call_is_not_committed_but_run_again() {
    let (cluster, bank) = bank().await;
    let lost = Fault::close(Phase::AfterRead).on(Match::patch("/_api/document/accounts/ada")).times(1);
    let _lost = cluster.coordinator(0).inject(lost.clone());
    let _lost = [1, 2].map(|index| cluster.coordinator(index).inject(lost.clone()));
    let runs = AtomicU32::new(0);
    let closure = async |mut transaction: Transaction| {
        runs.fetch_add(1, Ordering::Relaxed);
        transaction.collection("accounts").update("ada", &json!({ "sum": 1 })).await.ok();
        Ok::<_, arango::Error>(())
    };
    bank.transaction(["accounts"]).run(closure).await.unwrap();
    assert!(runs.load(Ordering::Relaxed) > 1);
    assert_eq!((ends(&cluster, &Method::PUT), sums(&cluster).await), (1, (1, 100)));
}

#[tokio::test(start_paused = true)]
async fn a_closure_that_meets_a_conflict_is_run_again_with_the_new_state() {
    let (cluster, bank) = bank().await;
    let mut other = bank.transaction(["accounts"]).begin().await.unwrap();
    transfer(&mut other).await.unwrap();
    let runs = AtomicU32::new(0);
    let commit = async {
        sleep(Duration::from_millis(20)).await;
        other.commit().await.unwrap();
    };
    let (result, ()) = tokio::join!(run(&bank, &runs), commit);
    assert_eq!(result.unwrap(), 80);
    assert!(runs.load(Ordering::Relaxed) > 1);
    assert_eq!(sums(&cluster).await, (80, 120));
}

#[tokio::test(start_paused = true)]
async fn many_closures_at_once_all_take_effect_once() {
    let (cluster, bank) = bank().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let bank = bank.clone();
        tasks.spawn(async move {
            let transaction = bank.transaction(["accounts"]).attempts(1000);
            transaction.run(async |mut transaction| transfer(&mut transaction).await).await.unwrap();
        });
    }
    tasks.join_all().await;
    assert_eq!(sums(&cluster).await, (20, 180));
}

#[tokio::test(start_paused = true)]
async fn a_conflict_that_lasts_ends_after_the_attempts_with_its_last_cause() {
    let (cluster, bank) = bank().await;
    let mut other = bank.transaction(["accounts"]).begin().await.unwrap();
    transfer(&mut other).await.unwrap();
    let runs = AtomicU32::new(0);
    let error = run(&bank, &runs).await.unwrap_err();
    assert_eq!((error.attempts(), runs.load(Ordering::Relaxed)), (8, 8));
    assert_eq!((error.outcome(), error.cause().kind()), (Outcome::NotExecuted, ErrorKind::Conflict));
    assert!(error.elapsed() > Duration::from_millis(100), "with pauses: {:?}", error.elapsed());
    assert!(error.to_string().starts_with("transaction not committed after 8 runs in "), "{error}");
    assert_eq!(arango::Error::from(error).kind(), ErrorKind::Conflict);
    other.abort().await.unwrap();
    assert_eq!(sums(&cluster).await, (100, 100));
}

#[tokio::test(start_paused = true)]
async fn runs_that_fail_to_begin_are_counted_only_until_one_begins() {
    let (cluster, bank) = bank().await;
    // Once at each of three coordinators.
    let conflict = |matches: Match| Fault::response(409, 1200, "conflict").on(matches).times(1);
    let refused = conflict(Match::post("/_api/transaction/begin"));
    let faults = Mutex::new(vec![cluster.inject(&refused)]);
    let runs = AtomicU32::new(0);
    let closure = async |mut transaction: Transaction| {
        if runs.fetch_add(1, Ordering::Relaxed) < 2 {
            let update = conflict(Match::path("/_api/document/*"));
            faults.lock().unwrap().extend([cluster.inject(&refused), cluster.inject(&update)]);
        }
        transfer(&mut transaction).await
    };
    assert_eq!(bank.transaction(["accounts"]).attempts(8).run(closure).await.unwrap(), 90);
    let failed_begins = begins(&cluster) - runs.load(Ordering::Relaxed) as usize;
    assert!(failed_begins > 8, "{failed_begins}");
    assert_eq!(ends(&cluster, &Method::PUT), 1);
}

#[derive(Debug, PartialEq)]
enum Refusal {
    TooPoor(i64),
    /// Whatever the client reports.
    Failed,
}

impl From<arango::Error> for Refusal {
    fn from(_: arango::Error) -> Self {
        Self::Failed
    }
}

#[tokio::test(start_paused = true)]
async fn the_own_error_of_a_closure_aborts_and_is_returned_as_it_is() {
    let (cluster, bank) = bank().await;
    let closure = async |mut transaction: Transaction| {
        let left = transfer(&mut transaction).await?;
        Err::<(), _>(Refusal::TooPoor(left))
    };
    let error = bank.transaction(["accounts"]).run(closure).await.unwrap_err();
    assert_eq!((error.attempts(), error.outcome()), (1, Outcome::NotExecuted));
    assert_eq!(error.into_cause(), Refusal::TooPoor(90));
    assert!(cluster.open_transactions().is_empty());
    assert_eq!(sums(&cluster).await, (100, 100));
}

#[tokio::test(start_paused = true)]
async fn a_conflict_counts_whatever_error_the_closure_makes_of_it() {
    let (cluster, bank) = bank().await;
    let mut other = bank.transaction(["accounts"]).begin().await.unwrap();
    transfer(&mut other).await.unwrap();
    let closure = async |mut transaction: Transaction| match transfer(&mut transaction).await {
        Ok(left) => Ok(left),
        Err(_) => Err(Refusal::TooPoor(0)),
    };
    let commit = async {
        sleep(Duration::from_millis(20)).await;
        other.commit().await.unwrap();
    };
    let (result, ()) = tokio::join!(bank.transaction(["accounts"]).run(closure), commit);
    assert_eq!(result.unwrap(), 80);
    assert_eq!(sums(&cluster).await, (80, 120));
}

#[tokio::test(start_paused = true)]
async fn a_conflict_that_the_closure_ignores_is_not_committed() {
    let (cluster, bank) = bank().await;
    let mut other = bank.transaction(["accounts"]).begin().await.unwrap();
    other.collection("accounts").update("bob", &json!({ "sum": 0 })).await.unwrap();
    let closure = async |mut transaction: Transaction| {
        transaction.collection("accounts").update("ada", &json!({ "sum": 0 })).await?;
        transaction.collection("accounts").update("bob", &json!({ "sum": 200 })).await.ok();
        Ok::<_, arango::Error>(())
    };
    let error = bank.transaction(["accounts"]).attempts(2).run(closure).await.unwrap_err();
    assert_eq!((error.attempts(), error.outcome()), (2, Outcome::NotExecuted));
    assert_eq!(ends(&cluster, &Method::PUT), 0);
    other.abort().await.unwrap();
    assert_eq!(sums(&cluster).await, (100, 100));
}

#[tokio::test(start_paused = true)]
async fn a_handle_that_outlives_its_closure_cannot_be_used() {
    let (cluster, bank) = bank().await;
    let kept = Arc::new(Mutex::new(None));
    let closure = |mut transaction: Transaction| {
        let kept = Arc::clone(&kept);
        async move {
            transaction.collection("accounts").update("ada", &json!({ "sum": 1 })).await?;
            *kept.lock().unwrap() = Some(transaction);
            Ok::<_, arango::Error>(())
        }
    };
    bank.transaction(["accounts"]).run(closure).await.unwrap();
    let mut transaction = kept.lock().unwrap().take().unwrap();
    let error = transaction.collection("accounts").get::<Account>("ada").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::TransactionGone, 0));
    drop(transaction);
    sleep(Duration::from_secs(1)).await;
    assert_eq!((ends(&cluster, &Method::DELETE), sums(&cluster).await), (0, (1, 100)));
}

#[tokio::test(start_paused = true)]
async fn a_closure_neither_commits_nor_keeps_a_transaction_that_it_has_aborted() {
    let (cluster, bank) = bank().await;
    let commits = async |transaction: Transaction| transaction.commit().await;
    let error = bank.transaction(["accounts"]).run(commits).await.unwrap_err();
    assert_eq!((error.attempts(), error.cause().kind()), (1, ErrorKind::Request));
    let aborts = async |mut transaction: Transaction| {
        transfer(&mut transaction).await?;
        transaction.abort().await
    };
    let error = bank.transaction(["accounts"]).run(aborts).await.unwrap_err();
    assert_eq!((error.attempts(), error.outcome()), (1, Outcome::NotExecuted), "{error}");
    assert_eq!((ends(&cluster, &Method::PUT), sums(&cluster).await), (0, (100, 100)));
}

#[tokio::test(start_paused = true)]
async fn a_closure_whose_owner_dies_is_run_again_elsewhere() {
    let (cluster, bank) = bank().await;
    let runs = AtomicU32::new(0);
    let closure = async |mut transaction: Transaction| {
        let left = transfer(&mut transaction).await?;
        if runs.fetch_add(1, Ordering::Relaxed) == 0 {
            let coordinators = cluster.coordinators().iter();
            let owner = transaction.coordinator().unwrap().to_string();
            coordinators.clone().find(|one| owner.contains(&one.address().to_string())).unwrap().kill();
        }
        Ok::<_, arango::Error>(left)
    };
    assert_eq!(bank.transaction(["accounts"]).run(closure).await.unwrap(), 90);
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    assert_eq!(sums(&cluster).await, (90, 110));
}

#[tokio::test(start_paused = true)]
async fn a_closure_that_is_dropped_is_aborted() {
    let (cluster, bank) = bank().await;
    let closure = async |mut transaction: Transaction| {
        transfer(&mut transaction).await?;
        std::future::pending::<()>().await;
        Ok::<_, arango::Error>(())
    };
    let transaction = bank.transaction(["accounts"]);
    tokio::time::timeout(Duration::from_secs(1), transaction.run(closure)).await.unwrap_err();
    sleep(Duration::from_secs(1)).await;
    assert!(cluster.open_transactions().is_empty());
    assert_eq!(sums(&cluster).await, (100, 100));
}

/// Closures that borrow, and one that a task runs.
#[tokio::test(start_paused = true)]
async fn the_future_of_a_closure_can_be_sent_to_another_thread() {
    let (cluster, bank) = bank().await;
    let task = tokio::spawn(async move {
        let (name, mut runs) = ("ada".to_owned(), 0);
        let owner = &name;
        let result = bank
            .transaction(["accounts"])
            .run(|mut transaction| {
                runs += 1;
                async move {
                    transaction.collection("accounts").update(owner, &json!({ "sum": 7 })).await?;
                    Ok::<_, arango::Error>(())
                }
            })
            .await;
        result.map(|()| runs)
    });
    assert_eq!(task.await.unwrap().unwrap(), 1);
    assert_eq!(sums(&cluster).await, (7, 100));
}
