//! Locks on whole collections.

use http::Method;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use super::{begin, commit, count, insert, library, outcome, pass, path, writing};
use crate::client::Session;

fn exclusive() -> Value {
    json!({ "collections": { "exclusive": "books" }, "lockTimeout": 5 })
}

#[tokio::test(start_paused = true)]
async fn an_exclusive_lock_is_refused_after_its_time_while_another_transaction_writes() {
    let (cluster, mut session) = library().await;
    let writer = writing(&mut session).await;
    let start = Instant::now();
    let refused = session.post("/_api/transaction/begin", &exclusive()).await;
    assert_eq!(outcome(&refused), (500, 18));
    assert!((Duration::from_secs(5)..Duration::from_secs(6)).contains(&start.elapsed()));
    assert_eq!(cluster.open_transactions(), [&*writer]);
    session.delete(&path(&writer)).await;
    begin(&mut session, exclusive()).await;
    begin(&mut session, json!({ "collections": { "read": "books" } })).await;
}

#[tokio::test(start_paused = true)]
async fn an_exclusive_lock_waits_for_a_query_that_has_written_and_still_runs() {
    let (cluster, mut session) = library().await;
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    let query = json!({ "query": "INSERT { s: SLEEP(3) } INTO books" });
    let running = tokio::spawn(async move { other.post("/_api/cursor", &query).await.status });
    pass(1).await;
    let start = Instant::now();
    begin(&mut session, exclusive()).await;
    assert!((Duration::from_millis(1_900)..Duration::from_secs(3)).contains(&start.elapsed()));
    assert_eq!((running.await.unwrap(), count(&mut session).await), (201, json!(1)));
}

#[tokio::test(start_paused = true)]
async fn a_lock_without_a_limit_waits_longer_than_any_default() {
    let (cluster, mut session) = library().await;
    let holder = begin(&mut session, exclusive()).await;
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    let body = json!({ "collections": { "write": "books" }, "lockTimeout": 0 });
    let waiting = tokio::spawn(async move { other.post("/_api/transaction/begin", &body).await.status });
    let default = json!({ "collections": { "write": "books" } });
    let mut third = Session::connect_in_memory(cluster.coordinator(2)).await;
    let refused = tokio::spawn(async move { third.post("/_api/transaction/begin", &default).await.status });
    for _ in 0..31 {
        pass(30).await;
        assert_eq!(insert(&mut session, &holder, json!({})).await.status, 202);
    }
    assert_eq!(refused.await.unwrap(), 500, "after 900 seconds");
    commit(&mut session, &holder).await;
    assert_eq!(waiting.await.unwrap(), 201);
}

#[tokio::test(start_paused = true)]
async fn a_begin_goes_on_when_the_exclusive_lock_of_another_ends() {
    let (cluster, mut session) = library().await;
    let holder = begin(&mut session, exclusive()).await;
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    let waiting = tokio::spawn(async move {
        let id = writing(&mut other).await;
        (id, Instant::now())
    });
    let start = Instant::now();
    pass(20).await;
    assert_eq!(commit(&mut session, &holder).await.status, 200);
    let (id, begun) = waiting.await.unwrap();
    assert!((Duration::from_secs(20)..Duration::from_secs(21)).contains(&(begun - start)));
    assert_eq!(cluster.open_transactions(), [id]);
}

#[tokio::test(start_paused = true)]
async fn every_other_write_waits_for_an_exclusive_lock_and_reads_do_not() {
    let (cluster, mut session) = library().await;
    session.post("/_api/document/books", &json!({ "_key": "a" })).await;
    for (method, path, body, succeeded) in [
        (Method::POST, "/_api/document/books", json!({}), 202),
        (Method::PATCH, "/_api/document/books/a", json!({ "n": 1 }), 202),
        (Method::POST, "/_api/cursor", json!({ "query": "INSERT {} INTO books" }), 201),
        (Method::PUT, "/_api/collection/books/truncate", json!({}), 200),
    ] {
        let holder = begin(&mut session, exclusive()).await;
        assert_eq!(session.get("/_api/document/books/a").await.status, 200);
        assert_eq!(insert(&mut session, &holder, json!({})).await.status, 202);
        let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
        let start = Instant::now();
        let waiting = tokio::spawn(async move {
            let response = other.request(method, path, &body.to_string()).await.unwrap();
            (response.status, Instant::now())
        });
        pass(10).await;
        session.delete(&super::path(&holder)).await;
        let (status, answered) = waiting.await.unwrap();
        assert_eq!(status, succeeded, "{path}");
        assert!((Duration::from_secs(10)..Duration::from_secs(11)).contains(&(answered - start)), "{path}");
    }
    assert_eq!(count(&mut session).await, 0, "the truncation was last");
}
