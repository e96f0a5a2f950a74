//! A transaction is used by one request at a time.

use arango_test_cluster::{Fault, Match};
use http::Method;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use super::{commit, count, insert, library, outcome, pass, path, status, writing};
use crate::client::Session;

#[tokio::test(start_paused = true)]
async fn a_second_request_waits_for_the_first_and_is_refused_after_eight_seconds() {
    let (cluster, mut session) = library().await;
    for (slow, expected, waited) in [(5, 202, 5), (20, 500, 8)] {
        let id = writing(&mut session).await;
        let mut other = Session::connect_in_memory(cluster.coordinator(0)).await;
        let within = id.clone();
        let fault = Fault::latency(Duration::from_secs(slow)).on(Match::post("/_api/document/*")).times(1);
        let _slow = cluster.coordinator(0).inject(fault);
        let first = tokio::spawn(async move { insert(&mut other, &within, json!({})).await.status });
        pass(1).await;
        let start = Instant::now();
        let second = insert(&mut session, &id, json!({})).await;
        assert_eq!(second.status, expected);
        assert!(
            start.elapsed() >= Duration::from_secs(waited - 1)
                && start.elapsed() < Duration::from_secs(waited + 1)
        );
        if expected == 500 {
            assert_eq!(outcome(&second), (500, 28));
        }
        assert_eq!(first.await.unwrap(), 202);
        session.delete(&path(&id)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_commit_is_refused_after_three_seconds_while_a_query_runs_whose_client_has_gone() {
    let (cluster, mut session) = library().await;
    let id = writing(&mut session).await;
    let mut other = Session::connect_in_memory(cluster.coordinator(0)).await;
    let within = id.clone();
    let query = json!({ "query": "INSERT { _key: 'a', s: SLEEP(10) } INTO books" });
    let lost =
        tokio::spawn(async move { other.within(&within, Method::POST, "/_api/cursor", &query).await.status });
    pass(1).await;
    lost.abort();
    let start = Instant::now();
    assert_eq!(outcome(&commit(&mut session, &id).await), (500, 28));
    assert!((Duration::from_secs(3)..Duration::from_secs(4)).contains(&start.elapsed()));
    assert_eq!(status(&mut session, &id).await, "running");
    let single = session.post("/_api/document/books", &json!({ "_key": "a" })).await;
    assert_eq!(outcome(&single), (409, 1200), "the running query has locked it");
    pass(8).await;
    assert_eq!(commit(&mut session, &id).await.status, 200);
    assert_eq!(count(&mut session).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_uses_its_transaction_no_longer_than_the_coordinator_lives_that_forwards_it() {
    let (cluster, mut session) = library().await;
    let id = writing(&mut session).await;
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    let within = id.clone();
    let request = http::Request::post("/_api/cursor").header("x-arango-trx-id", within);
    let query = json!({ "query": "INSERT { _key: 'a', s: SLEEP(10) } INTO books" }).to_string();
    let lost = tokio::spawn(async move { other.send(request, &query).await.is_err() });
    pass(1).await;
    cluster.coordinator(1).kill();
    assert!(lost.await.unwrap());
    let start = Instant::now();
    assert_eq!(insert(&mut session, &id, json!({ "_key": "a" })).await.status, 202, "its own lock");
    assert_eq!(commit(&mut session, &id).await.status, 200);
    assert!(start.elapsed() < Duration::from_secs(1));
    let changed = session.request(Method::PATCH, "/_api/document/books/a", r#"{"n":1}"#).await.unwrap();
    assert_eq!(changed.status, 202, "unlocked");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_longer_than_an_unused_transaction_is_kept_keeps_it() {
    let (_cluster, mut session) = library().await;
    let id = writing(&mut session).await;
    let query = json!({ "query": "RETURN SLEEP(100)" });
    assert_eq!(session.within(&id, Method::POST, "/_api/cursor", &query).await.status, 201);
    pass(50).await;
    let read = session.within(&id, Method::GET, "/_api/collection/books/count", &Value::Null).await;
    assert_eq!(read.status, 200);
}
