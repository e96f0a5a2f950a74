//! What the retry budget pays for of that which is sent again above the retry layer.

use std::time::Duration;

use arango::data::{NewTransaction, OverwriteMode, Proved, Transaction};
use arango::{CallOptions, Client, ErrorKind, Outcome, RetryPolicy};
use arango_test_cluster::{Fault, FaultGuard, Match, Phase, TestCluster};
use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::{Book, book, books, on_post};
use crate::support::{client, cluster};

/// How long what was paid counts.
const WINDOW: Duration = Duration::from_secs(10);

/// Keeps the budget used up, as the retries of many other calls do. It is not when this long has passed after the end.
#[must_use]
fn use_up(client: &Client) -> AbortOnDrop {
    let client = client.clone();
    while client.transport().pay_for_retry() {}
    AbortOnDrop(tokio::spawn(async move {
        loop {
            // What the calls add that are made meanwhile.
            while client.transport().pay_for_retry() {}
            sleep(Duration::from_millis(20)).await;
        }
    }))
}

struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A cluster with the document `dune`.
async fn library() -> (TestCluster, Client) {
    let cluster = cluster().await;
    let client = client(&cluster);
    books(&client).insert(&book("Dune")).key("dune").await.unwrap();
    cluster.journal().clear();
    (cluster, client)
}

/// Returns a transaction whose commit leaves a proof.
async fn proved(client: &Client, cluster: &TestCluster) -> NewTransaction<Proved> {
    let new = client.db("_system").transaction(["books"]).proved_in("proofs").accept_partial_commit();
    new.ensure_proofs().await.unwrap().into_result().unwrap();
    sleep(Duration::from_secs(2)).await;
    cluster.journal().clear();
    new
}

fn hits(faults: &[FaultGuard]) -> usize {
    faults.iter().map(FaultGuard::hits).sum()
}

/// Returns how many requests of this method were received below a path.
fn received(cluster: &TestCluster, method: &Method, path: &str) -> usize {
    let entries = cluster.journal().entries();
    entries.iter().filter(|entry| entry.method == *method && entry.path.starts_with(path)).count()
}

fn begins(cluster: &TestCluster) -> usize {
    received(cluster, &Method::POST, "/_api/transaction/begin")
}

fn aborts(cluster: &TestCluster) -> usize {
    received(cluster, &Method::DELETE, "/_api/transaction/")
}

/// Changes the document.
async fn change(mut transaction: Transaction) -> Result<u16, arango::Error> {
    transaction.collection("books").update("dune", &json!({ "year": 1966 })).await?;
    Ok(1966)
}

/// Changes the document in a closure.
async fn run_change(client: &Client) -> Result<u16, arango::Error> {
    Ok(client.db("_system").transaction(["books"]).run(change).await?)
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_again_after_a_conflict_costs_no_retry_budget() {
    let (cluster, client) = library().await;
    // One at each of three coordinators.
    let conflict = |status, on: Match| Fault::response(status, 1200, "conflict").on(on).times(1);
    let on_patch = || Match::patch("/_api/document/*");
    let _used_up = use_up(&client);

    let faults = cluster.inject(&conflict(412, on_patch()));
    books(&client).modify("dune", |book: &mut Book| book.year += 1).await.unwrap();
    assert!(hits(&faults) > 0, "a modification");

    let faults = cluster.inject(&conflict(409, on_patch()));
    run_change(&client).await.unwrap();
    assert!(hits(&faults) > 0, "a closure");

    let faults = cluster.inject(&on_post(Fault::response(409, 1200, "conflict").times(1)));
    books(&client).insert(&book("Emma")).key("emma").overwrite(OverwriteMode::Ignore).await.unwrap();
    assert!(hits(&faults) > 0, "an insert that ignores an existing document");

    let faults = cluster.inject(&conflict(409, on_patch()));
    let database =
        client.db("_system").options(CallOptions::default().retry(RetryPolicy::default().conflicts(1)));
    database.collection("books").update("dune", &json!({ "year": 1967 })).await.unwrap();
    assert!(hits(&faults) > 0, "an update whose caller allows it");
}

#[tokio::test(start_paused = true)]
async fn many_modifications_at_once_leave_the_retry_budget_to_failures() {
    let (_cluster, client) = library().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let books = books(&client);
        tasks.spawn(async move { books.modify("dune", |book: &mut Book| book.year += 1).await });
    }
    let results = tasks.join_all().await;
    let applied = results.iter().filter(|result| result.is_ok()).count();
    let stored = books(&client).get::<Book>("dune").await.unwrap().unwrap();
    assert_eq!(usize::from(stored.year), 1965 + applied);
    assert!(results.iter().flatten().count() > 8, "{applied} of 100");
    assert!(client.state().retries_left >= 30);
}

#[tokio::test(start_paused = true)]
async fn a_closure_is_run_again_after_a_failure_only_if_the_retry_budget_pays() {
    let (cluster, client) = library().await;
    let lost = Fault::close(Phase::AfterRead).on(Match::patch("/_api/document/*")).times(1);
    let _lost = cluster.inject(&lost);
    let before = client.state().retries_left;
    run_change(&client).await.unwrap();
    let runs = u64::try_from(begins(&cluster)).unwrap();
    assert!(runs > 1);
    assert!(client.state().retries_left < before, "each further run is paid for");

    let _lost = cluster.inject(&lost);
    let _used_up = use_up(&client);
    cluster.journal().clear();
    let run = client.db("_system").transaction(["books"]).run(change);
    let error = run.await.unwrap_err();
    assert_eq!((error.cause().kind(), error.outcome()), (ErrorKind::ConnectionLost, Outcome::NotExecuted));
    assert!(error.to_string().contains(", retry budget used up: "), "{error}");
    assert_eq!((begins(&cluster), error.attempts()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn transactions_do_not_overload_an_overloaded_cluster() {
    let (cluster, client) = library().await;
    let _full = cluster.inject(&Fault::response(503, 21003, "queue is full"));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let client = client.clone();
        tasks.spawn(async move { run_change(&client).await.unwrap_err() });
    }
    for error in tasks.join_all().await {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::QueueFull, Outcome::NotExecuted), "{error}");
    }
    // A fifth of the calls, thirty in ten seconds, and what the repetitions add to the calls.
    let sent = begins(&cluster);
    assert!((200..=290).contains(&sent), "{sent}");
}

#[tokio::test(start_paused = true)]
async fn a_closure_that_has_reached_no_coordinator_is_run_again_without_the_retry_budget() {
    let (cluster, client) = library().await;
    let _used_up = use_up(&client);
    for coordinator in cluster.coordinators() {
        coordinator.kill();
    }
    let restart = async {
        sleep(Duration::from_secs(1)).await;
        for coordinator in cluster.coordinators() {
            coordinator.restart().await.unwrap();
        }
    };
    let (result, ()) = tokio::join!(run_change(&client), restart);
    result.unwrap();
    assert_eq!(begins(&cluster), 1);
}

#[tokio::test(start_paused = true)]
async fn a_closure_that_may_have_been_committed_waits_for_the_retry_budget_and_is_decided() {
    let (cluster, client) = library().await;
    let new = proved(&client, &cluster).await;
    let lost = Fault::close(Phase::AfterRead).on(Match::put("/_api/transaction/*")).times(1);
    let _lost = cluster.inject(&lost);
    let used_up = use_up(&client);
    let run = tokio::spawn(new.run(change));
    sleep(WINDOW).await;
    let commits = received(&cluster, &Method::PUT, "/_api/transaction/");
    assert_eq!((begins(&cluster), commits), (1, 1), "all else is paid for");
    drop(used_up);
    assert_eq!(run.await.unwrap().unwrap(), 1966);
    assert_eq!(books(&client).get::<Value>("dune").await.unwrap().unwrap()["year"], 1966);
}

#[tokio::test(start_paused = true)]
async fn a_closure_that_stays_undecided_begins_again_once_the_retry_budget_pays() {
    let (cluster, client) = library().await;
    let new = proved(&client, &cluster).await;
    let lost = Fault::close(Phase::AfterExecution).on(Match::put("/_api/transaction/*"));
    let state = Fault::response(404, 1655, "not found").on(Match::method(Method::GET, "/_api/transaction/*"));
    let proof = Fault::hang().on(Match::method(Method::GET, "/_api/document/*"));
    let faults = [lost, state, proof].map(|fault| cluster.inject(&fault));
    let run = tokio::spawn(new.run(change));
    // The questions end after four seconds.
    sleep(Duration::from_millis(3500)).await;
    let used_up = use_up(&client);
    sleep(WINDOW).await;
    assert_eq!(begins(&cluster), 1, "each further one is paid for");
    drop((faults, used_up));
    assert_eq!(run.await.unwrap().unwrap(), 1966);
    assert_eq!(begins(&cluster), 2);
}

#[tokio::test(start_paused = true)]
async fn an_abort_that_has_to_wait_for_a_call_is_sent_again_once_the_retry_budget_pays() {
    let (cluster, client) = library().await;
    let mut transaction = client.db("_system").transaction(["books"]).begin().await.unwrap();
    let slow = Fault::latency(Duration::from_secs(5)).on(Match::patch("/_api/document/*")).times(1);
    let _slow = cluster.inject(&slow);
    let mut books = transaction.collection("books");
    timeout(Duration::from_secs(1), books.update("dune", &json!({ "year": 1 })).into_future())
        .await
        .unwrap_err();
    let used_up = use_up(&client);
    drop(transaction);
    sleep(WINDOW).await;
    assert_eq!(aborts(&cluster), 1, "each further one is paid for");
    drop(used_up);
    sleep(WINDOW).await;
    assert_eq!(aborts(&cluster), 2);
    assert!(cluster.open_transactions().is_empty());
}
