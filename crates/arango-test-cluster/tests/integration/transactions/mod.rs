//! Stream transactions.

mod begin;
mod cursors;
mod end;
mod faults;
mod graphs;
mod imports;
mod isolation;
mod locks;
mod owner;
mod use_in_turn;

use std::time::Duration;

use arango_test_cluster::{Builder, TestCluster};
use http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::{Session, TestResponse, in_memory};

/// A cluster in memory with an empty collection `books`, and a connection to its first coordinator.
async fn library() -> (TestCluster, Session) {
    let cluster = in_memory().await;
    let session = with_books(&cluster).await;
    (cluster, session)
}

async fn library_of(builder: Builder) -> (TestCluster, Session) {
    let cluster = builder.in_memory().seed(42).start().await.expect("a cluster in memory starts");
    let session = with_books(&cluster).await;
    (cluster, session)
}

async fn with_books(cluster: &TestCluster) -> Session {
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let created = session.post("/_api/collection", &json!({ "name": "books" })).await;
    assert_eq!(created.status, 200);
    session
}

/// Begins a transaction and returns its id.
async fn begin(session: &mut Session, body: Value) -> String {
    let begun = session.post("/_api/transaction/begin", &body).await;
    assert_eq!(begun.status, 201, "{}", begun.json());
    assert_eq!(begun.json()["result"]["status"], "running");
    begun.json()["result"]["id"].as_str().expect("an id is a string").to_owned()
}

/// Begins a transaction that writes to `books`.
async fn writing(session: &mut Session) -> String {
    begin(session, json!({ "collections": { "write": "books" } })).await
}

/// Inserts a document into `books` within a transaction.
async fn insert(session: &mut Session, id: &str, document: Value) -> TestResponse {
    session.within(id, Method::POST, "/_api/document/books", &document).await
}

fn path(id: &str) -> String {
    format!("/_api/transaction/{id}")
}

async fn commit(session: &mut Session, id: &str) -> TestResponse {
    session.request(Method::PUT, &path(id), "").await.expect("a response")
}

async fn status(session: &mut Session, id: &str) -> Value {
    session.get(&path(id)).await.json()["result"]["status"].clone()
}

async fn count(session: &mut Session) -> Value {
    session.get("/_api/collection/books/count").await.json()["count"].clone()
}

async fn pass(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}

fn outcome(response: &TestResponse) -> (u16, u64) {
    (response.status, response.error_num())
}
