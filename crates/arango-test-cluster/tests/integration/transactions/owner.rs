//! A transaction lives in the memory of one coordinator.

use http::Method;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use super::{commit, count, insert, library, outcome, pass, path, status, writing};
use crate::client::Session;

const FORWARDED_TO: &str = "x-arango-request-forwarded-to";

#[tokio::test]
async fn other_coordinators_forward_all_requests_of_a_transaction_and_name_its_owner() {
    let (cluster, mut owner) = library().await;
    let id = writing(&mut owner).await;
    let mut other = Session::connect_in_memory(cluster.coordinator(2)).await;
    let query = json!({ "query": "INSERT { _key: 'b' } INTO books" });
    for (method, path, body) in [
        (Method::POST, "/_api/document/books", json!({ "_key": "a" })),
        (Method::GET, "/_api/document/books/a", Value::Null),
        (Method::POST, "/_api/cursor", query),
        (Method::GET, "/_api/collection/books/count", Value::Null),
    ] {
        let response = other.within(&id, method, path, &body).await;
        assert!(response.status < 300, "{path}");
        assert_eq!(response.headers[FORWARDED_TO], cluster.coordinator(0).id(), "{path}");
    }
    let refused = other.within(&id, Method::POST, "/_api/document/films", &json!({})).await;
    assert_eq!(outcome(&refused), (404, 1203));
    assert_eq!(refused.headers[FORWARDED_TO], cluster.coordinator(0).id());
    assert_eq!(status(&mut other, &id).await, "running");
    let committed = commit(&mut other, &id).await;
    assert_eq!(committed.status, 200);
    assert_eq!(committed.headers[FORWARDED_TO], cluster.coordinator(0).id());
    assert_eq!(count(&mut owner).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_transaction_ends_with_its_coordinator_and_nothing_of_it_remains() {
    let (cluster, mut owner) = library().await;
    let id = writing(&mut owner).await;
    insert(&mut owner, &id, json!({ "_key": "a" })).await;
    cluster.coordinator(0).kill();
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    assert_eq!(count(&mut other).await, 0);
    assert!(cluster.open_transactions().is_empty());
    assert_eq!(other.post("/_api/document/books", &json!({ "_key": "a" })).await.status, 202, "unlocked");

    let start = Instant::now();
    assert_eq!(outcome(&other.get(&path(&id)).await), (503, 1478));
    assert!(start.elapsed() >= Duration::from_secs(9), "until it is known to have failed");
    for refused in [commit(&mut other, &id).await, insert(&mut other, &id, json!({})).await] {
        assert_eq!(outcome(&refused), (503, 1478));
    }
    cluster.coordinator(0).deregister();
    assert_eq!(outcome(&other.get(&path(&id)).await), (404, 1449));
    cluster.coordinator(0).restart().await.unwrap();
    pass(1).await;
    assert_eq!(outcome(&other.get(&path(&id)).await), (404, 1655));
    assert_eq!(outcome(&insert(&mut other, &id, json!({})).await), (404, 1655));
    assert_eq!(count(&mut other).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_soft_shutdown_waits_for_transactions_and_begins_none() {
    let (cluster, mut session) = library().await;
    let id = writing(&mut session).await;
    assert_eq!(session.delete("/_admin/shutdown?soft=true").await.status, 200);
    let progress = session.get("/_admin/shutdown").await.json();
    assert_eq!((&progress["transactions"], &progress["allClear"]), (&json!(1), &json!(false)));
    let refused = session.post("/_api/transaction/begin", &json!({ "collections": {} })).await;
    assert_eq!(outcome(&refused), (503, 30));
    assert_eq!(insert(&mut session, &id, json!({})).await.status, 202);
    assert_eq!(commit(&mut session, &id).await.status, 200);
    pass(10).await;
    assert!(!cluster.coordinator(0).is_up());
}
