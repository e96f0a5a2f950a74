//! Calls that send several requests have one time limit.

use std::time::Duration;

use arango::data::{Aql, Written};
use arango::protocol::Resolution;
use arango::{Collection, Database, Error, Limits, Outcome};
use arango_test_cluster::{Fault, Match, Phase, TestCluster};
use http::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{Book, book, books, on_post};
use crate::support::{builder, client, cluster, cluster_of};

const LIMIT: Duration = Duration::from_secs(5);

/// Measures how long a call takes to fail, with a new client, while each request takes 3 s. Returns its error, too.
async fn time_to_fail<T>(call: impl AsyncFnOnce(Collection) -> arango::Result<T>) -> (Duration, Error) {
    // With several coordinators, none of them gets the time of both requests.
    let cluster = cluster_of(1).await;
    books(&client(&cluster)).insert(&book("Dune")).key("dune").await.unwrap();
    let client = builder(&cluster).limits(Limits::default().total(LIMIT)).build().unwrap();
    // The versions that some calls read before take at most 3 s, whatever the response.
    let slow = Fault::latency(Duration::from_secs(3)).on(Match::path("/_api/*"));
    let _slow = cluster.inject(&slow);
    let began = Instant::now();
    let error = call(books(&client)).await.err().expect("there is no time for the second request");
    (began.elapsed(), error)
}

#[tokio::test(start_paused = true)]
async fn a_call_of_several_requests_ends_at_its_deadline() {
    let insert = async |books: Collection| books.insert(&book("Emma")).await;
    let exists = async |books: Collection| books.exists("emma").await;
    let modify = async |books: Collection| books.modify("dune", |book: &mut Book| book.year += 1).await;
    let upsert = async |books: Collection| -> arango::Result<Written> {
        books.upsert("dune", &json!({ "edition": 2 })).version("edition").await
    };
    for (name, (took, error)) in [
        ("insert", time_to_fail(insert).await),
        ("exists", time_to_fail(exists).await),
        ("modify", time_to_fail(modify).await),
        ("upsert", time_to_fail(upsert).await),
    ] {
        // Timers have a resolution of a millisecond.
        assert!(took <= LIMIT + Duration::from_millis(1), "{name} took {took:?}");
        assert_eq!(error.elapsed(), took, "{name}: {error}");
        // An upsert is not sent, because the version is unknown that it needs.
        let is_late = error.to_string().contains("the call exceeded its time limit of 5s");
        assert_eq!(is_late, name != "upsert", "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_insert_that_is_repeated_without_its_key_reports_the_time_of_both_requests() {
    let cluster = cluster_of(1).await;
    let client = builder(&cluster).limits(Limits::default().total(LIMIT)).build().unwrap();
    books(&client).insert(&book("Dune")).await.unwrap();
    let refusal = Fault::response(400, 1222, "collection does not allow using user-defined keys");
    let _slow = cluster.inject(&on_post(Fault::latency(Duration::from_secs(3))));
    let _refusal = cluster.inject(&on_post(refusal.times(1)));
    let began = Instant::now();
    let error = books(&client).insert(&book("Emma")).await.unwrap_err();
    assert_eq!((error.elapsed(), began.elapsed().as_secs()), (began.elapsed(), 5), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_transaction_that_writes_its_proof_begins_before_the_deadline_or_not_at_all() {
    let cluster = cluster_of(1).await;
    let client = builder(&cluster).limits(Limits::default().total(LIMIT)).build().unwrap();
    books(&client).insert(&book("Dune")).key("dune").await.unwrap();
    let slow = Fault::latency(Duration::from_secs(3));
    let _begin = cluster.inject(&slow.clone().on(Match::post("/_api/transaction/begin")));
    let _proof = cluster.inject(&on_post(slow));
    let new = client.db("_system").transaction(["books"]).proved_in("books").accept_partial_commit();
    let began = Instant::now();
    let error = new.begin().await.unwrap_err();
    assert!(began.elapsed() <= LIMIT + Duration::from_millis(1), "{:?}", began.elapsed());
    assert_eq!(error.outcome(), Outcome::NotExecuted, "nothing is committed: {error}");
    sleep(Duration::from_secs(10)).await;
    assert!(cluster.open_transactions().is_empty());
}

/// A call of a transaction after a cursor was dropped that cannot be closed.
#[derive(Debug, Clone, Copy)]
enum NextCall {
    Read,
    Commit,
    Abort,
}

#[tokio::test(start_paused = true)]
async fn closing_a_dropped_cursor_is_a_part_of_the_next_call_of_its_transaction() {
    for next in [NextCall::Read, NextCall::Commit, NextCall::Abort] {
        let cluster = cluster_of(1).await;
        let client = builder(&cluster).limits(Limits::default().total(LIMIT)).build().unwrap();
        books(&client).insert(&book("Dune")).key("dune").await.unwrap();
        let mut transaction = client.db("_system").transaction(["books"]).begin().await.unwrap();
        drop(transaction.query::<u8>(Aql::new("FOR i IN 1..3 RETURN i")).batch_size(1).await.unwrap());
        let slow = Fault::latency(Duration::from_secs(4));
        let _slow = cluster.inject(&slow.on(Match::path("/_api/*")));
        let began = Instant::now();
        let result = match next {
            NextCall::Read => transaction.collection("books").get::<Value>("dune").await.map(drop),
            NextCall::Commit => transaction.commit().await,
            NextCall::Abort => transaction.abort().await,
        };
        let error = result.expect_err("there is no time for the second request");
        assert!(
            began.elapsed() <= LIMIT + Duration::from_millis(1),
            "{next:?}: {:?}, {error}",
            began.elapsed()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_modification_that_meets_only_conflicts_ends_at_its_deadline() {
    let cluster = cluster().await;
    let client = builder(&cluster).limits(Limits::default().total(LIMIT)).build().unwrap();
    books(&client).insert(&book("Dune")).key("dune").await.unwrap();
    let slow = Fault::latency(Duration::from_secs(1)).on(Match::path("/_api/document/*"));
    let conflict = Fault::response(409, 1200, "write-write conflict");
    let _slow = cluster.inject(&slow);
    let _conflict = cluster.inject(&conflict.on(Match::method(Method::PATCH, "/_api/document/*")));
    let began = Instant::now();
    let modify = books(&client).modify("dune", |book: &mut Value| book["year"] = json!(1));
    modify.await.unwrap_err();
    assert!(began.elapsed() <= LIMIT + Duration::from_millis(1), "took {:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_time_in_which_a_write_was_looked_for_is_a_part_of_its_call() {
    let cluster = cluster().await;
    let client = builder(&cluster).limits(Limits::default().total(LIMIT)).build().unwrap();
    let books = books(&client);
    let slow = Fault::latency(Duration::from_secs(1)).on(Match::get("/_api/document/*"));
    let _slow = cluster.inject(&slow);
    let _lost = cluster.inject(&on_post(Fault::close(Phase::AfterRead)));
    let began = Instant::now();
    let error = books.insert(&book("Dune")).key(books.new_key()).await.unwrap_err();
    let took = began.elapsed();
    assert_eq!(error.resolution(), Some(Resolution::NotSeen), "{error}");
    assert!(took >= Duration::from_secs(1), "the question took {took:?}");
    assert_eq!((error.elapsed(), error.time_left()), (took, LIMIT.saturating_sub(took)));
}

/// Returns the errors of requests that are not the first ones of their calls, and end because the time of the call is over.
async fn late_errors(cluster: &TestCluster, database: &Database) -> Vec<(&'static str, Error)> {
    let books = database.collection("books");
    let slow = Fault::latency(Duration::from_secs(3)).on(Match::path("/_api/document/*"));
    let slow = cluster.inject(&slow);
    let exists = books.exists("emma").await.unwrap_err();
    drop(slow);
    // With a late answer the question is lost, too.
    let slow = Fault::latency(Duration::from_secs(10)).on(Match::get("/_api/document/*"));
    let _slow = cluster.inject(&slow);
    let lost = Fault::close(Phase::AfterRead).on(Match::method(Method::PATCH, "/_api/document/*"));
    let _lost = cluster.inject(&lost);
    let update = books.update("dune", &json!({ "year": 1 })).await.unwrap_err();
    vec![("exists", exists), ("update", update)]
}

#[tokio::test(start_paused = true)]
async fn the_error_of_a_later_request_of_a_call_names_the_limit_that_was_set() {
    let cluster = cluster_of(1).await;
    let other = client(&cluster);
    books(&other).insert(&book("Dune")).key("dune").await.unwrap();
    let by_client = builder(&cluster).limits(Limits::default().total(LIMIT)).build().unwrap();
    let by_caller = other.db("_system").timeout(LIMIT);
    for (database, named, other) in [
        (by_client.db("_system"), "Limits::total", "CallOptions::total"),
        (by_caller, "CallOptions::total", "Limits::total"),
    ] {
        for (name, error) in late_errors(&cluster, &database).await {
            let report = error.report().to_string();
            assert!(report.contains(named) && !report.contains(other), "{name}: {report}");
        }
    }
}
