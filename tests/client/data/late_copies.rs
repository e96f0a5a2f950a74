//! Copies of writes that arrive late, and reads that must not become weaker.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arango::{Client, ErrorKind, Limits, Outcome};
use arango_test_cluster::{Fault, FaultGuard, Match, Phase, TestCluster};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use serde_json::{Value, json};
use tokio::time::sleep;
use tower::util::MapRequestLayer;

use super::{book, books, on_post, requests, stored};
use crate::support::{builder, client, cluster, cluster_with};

/// Returns a client that gives up an attempt after a second.
fn impatient(cluster: &TestCluster) -> Client {
    let limits = Limits::default().attempt(Duration::from_secs(1)).total(Duration::from_secs(20));
    builder(cluster).limits(limits).build().unwrap()
}

/// Delays the first write that each coordinator reads by ten seconds.
fn first_copy_is_late(cluster: &TestCluster) -> FaultGuard {
    cluster.coordinator(0).inject(on_post(Fault::latency(Duration::from_secs(10)).times(1)))
}

#[tokio::test(start_paused = true)]
async fn w07_a_late_copy_of_a_write_with_a_version_changes_nothing() {
    let cluster = cluster().await;
    let books = books(&impatient(&cluster));
    let _late = first_copy_is_late(&cluster);
    books.upsert("dune", &json!({ "edition": 2, "title": "Dune" })).version("edition").await.unwrap();
    books.upsert("dune", &json!({ "edition": 3, "title": "Dune, again" })).version("edition").await.unwrap();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(requests(&cluster, "POST"), 3, "the first write was sent twice");
    let stored: Value = books.get("dune").await.unwrap().unwrap();
    assert_eq!((&stored["edition"], &stored["title"]), (&json!(3), &json!("Dune, again")));
}

#[tokio::test(start_paused = true)]
async fn a_write_with_a_version_can_be_retried_if_no_version_could_be_read() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    let full = cluster.inject(&Fault::response(503, 21003, "queue is full").on(Match::get("/_api/version")));
    let upsert = || books.upsert("dune", &json!({ "edition": 2 })).version("edition");
    let error = upsert().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotSupported, Outcome::NotExecuted), "{error}");
    assert!(error.is_retryable() && requests(&cluster, "POST") == 0, "{error}");
    drop(full);
    upsert().await.unwrap();

    let old = cluster_with(|builder| builder.version("3.11")).await;
    let books = client(&old).db("_system").collection("books");
    let error = books.upsert("dune", &json!({ "edition": 2 })).version("edition").await.unwrap_err();
    assert!(error.kind() == ErrorKind::NotSupported && !error.is_retryable(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn w20_a_read_never_becomes_a_dirty_read() {
    let cluster = cluster().await;
    let dirty = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&dirty);
    let layer = MapRequestLayer::new(move |request: Request<Full<Bytes>>| {
        let is_dirty = request.headers().contains_key("x-arango-allow-dirty-read");
        counted.fetch_add(usize::from(is_dirty), Ordering::Relaxed);
        request
    });
    let client = builder(&cluster).attempt_layer(layer).build().unwrap();
    let books = books(&client);
    books.insert(&book("Dune")).key("dune").await.unwrap();
    for fault in [
        Fault::response(503, 1478, "required backend was not available"),
        Fault::response(503, 1491, "leader of shard has resigned"),
        Fault::close(Phase::AfterRead),
    ] {
        let on_get = fault.on(Match::method(Method::GET, "/_api/document/*")).times(1);
        let _failing = cluster.inject(&on_get);
        books.get::<Value>("dune").await.unwrap();
    }
    assert_eq!(dirty.load(Ordering::Relaxed), 0);
    books.get::<Value>("dune").allow_dirty_read().await.unwrap();
    assert_eq!(dirty.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn w23_a_late_copy_of_an_insert_brings_a_removed_document_back_and_one_under_a_revision_does_not() {
    let cluster = cluster().await;
    let books = books(&impatient(&cluster));
    let late = first_copy_is_late(&cluster);
    let key = books.new_key();
    books.insert(&book("Dune")).key(&key).await.unwrap();
    books.remove(&key).await.unwrap();
    assert_eq!(stored(&cluster).await, 0);
    sleep(Duration::from_secs(60)).await;
    assert_eq!((stored(&cluster).await, requests(&cluster, "POST")), (1, 2), "the limit of the guarantee");
    drop(late);

    let written = client(&cluster).db("_system").collection("books").insert(&book("Emma")).await.unwrap();
    let on_patch =
        Fault::latency(Duration::from_secs(10)).on(Match::method(Method::PATCH, "/_api/document/*"));
    let _late = cluster.coordinator(0).inject(on_patch.clone().times(1));
    let _others = [1, 2].map(|index| cluster.coordinator(index).inject(on_patch.clone().times(1)));
    books.update(&written.key, &json!({ "year": 1 })).if_revision(&written.revision).await.ok();
    books.remove(&written.key).await.unwrap();
    sleep(Duration::from_secs(60)).await;
    assert!(books.get::<Value>(&written.key).await.unwrap().is_none());
}
