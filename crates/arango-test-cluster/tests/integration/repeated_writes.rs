//! Writes that are applied more than once, although the client has sent them once.

use std::time::Duration;

use arango_test_cluster::{Fault, Match, Phase, TestCluster};
use http::{Method, Request};
use serde_json::json;
use tokio::time::sleep;

use crate::client::{Session, in_memory};

async fn books() -> (TestCluster, Session) {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    session.post("/_api/document/books", &json!({ "_key": "a" })).await;
    (cluster, session)
}

async fn count(session: &mut Session) -> u64 {
    session.get("/_api/collection/books/count").await.json()["count"].as_u64().expect("a number")
}

#[tokio::test]
async fn a_repeated_insert_meets_its_own_document() {
    let (cluster, mut session) = books().await;
    let fault = cluster.coordinator(0).inject(Fault::repeated_write().on(Match::post("/_api/document/*")));
    for body in [r#"{"_key":"b"}"#, "{}"] {
        let path = "/_api/document/books?silent=true";
        let response = session.request_with_marker(Method::POST, path, body, body).await.unwrap();
        assert_eq!((response.status, response.error_num()), (409, 1210), "{body}");
        assert_eq!(cluster.journal().executions(body), 1, "the client has sent it once");
        assert_eq!(cluster.journal().changes(body), 1, "the second copy has changed nothing");
    }
    let many = session.post("/_api/document/books", &json!([{}, { "_key": "c" }])).await.json();
    assert_eq!((&many[0]["errorNum"], &many[1]["errorNum"]), (&json!(1210), &json!(1210)));
    assert_eq!((count(&mut session).await, fault.hits()), (5, 3));
}

#[tokio::test]
async fn a_repeated_removal_finds_nothing_and_a_repeated_change_another_revision() {
    let (cluster, mut session) = books().await;
    let revision = session.get("/_api/document/books/a").await.json()["_rev"].as_str().unwrap().to_owned();
    let _fault = cluster.coordinator(0).inject(Fault::repeated_write());
    let request = Request::patch("/_api/document/books/a").header("if-match", revision);
    let changed = session.send(request, r#"{"x":1}"#).await.unwrap();
    assert_eq!((changed.status, changed.error_num()), (412, 1200));
    assert_eq!(session.get("/_api/document/books/a").await.json()["x"], 1);
    let removed = session.delete("/_api/document/books/a").await;
    assert_eq!((removed.status, removed.error_num()), (404, 1202));
    assert_eq!(count(&mut session).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_late_copy_is_applied_after_its_delay_even_if_the_response_was_lost() {
    let (cluster, mut session) = books().await;
    let on = |fault: Fault| fault.on(Match::delete("/_api/document/*")).times(1);
    let late = cluster.coordinator(0).inject(on(Fault::late_copy(Duration::from_secs(5))));
    let _lost = cluster.coordinator(0).inject(on(Fault::close(Phase::AfterExecution)));
    let path = "/_api/document/books/a";
    assert!(session.request_with_marker(Method::DELETE, path, "m", "").await.is_err());
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/document/books", &json!({ "_key": "a" })).await;
    sleep(Duration::from_secs(4)).await;
    assert_eq!((count(&mut session).await, cluster.journal().executions("m")), (1, 1));
    sleep(Duration::from_secs(2)).await;
    assert_eq!((count(&mut session).await, cluster.journal().executions("m")), (0, 2));
    assert_eq!(cluster.journal().changes("m"), 2, "both copies have removed a document");
    assert_eq!(late.hits(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_late_copy_ends_with_its_coordinator() {
    let (cluster, mut session) = books().await;
    let _late = cluster.coordinator(0).inject(Fault::late_copy(Duration::from_secs(5)));
    assert_eq!(session.post("/_api/document/books", &json!({})).await.status, 202);
    cluster.coordinator(0).kill();
    sleep(Duration::from_secs(10)).await;
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    assert_eq!(count(&mut other).await, 2);
}
