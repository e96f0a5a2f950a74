//! Documents whose shard has lost its leader.

use std::time::Duration;

use arango_test_cluster::TestCluster;
use serde_json::json;
use tokio::time::sleep;

use crate::client::{Session, in_memory};

/// Creates a collection of one shard with `copies` copies and a document in it. Returns the index of the DB-Server that
/// leads it.
async fn create_books(cluster: &TestCluster, copies: usize) -> (Session, usize) {
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let books = json!({ "name": "books", "replicationFactor": copies });
    assert_eq!(session.post("/_api/collection", &books).await.status, 200);
    assert_eq!(session.post("/_api/document/books", &json!({ "_key": "1" })).await.status, 202);
    let shards = session.get("/_api/collection/books/shards?details=true").await.json()["shards"].clone();
    let copies = shards.as_object().and_then(|shards| shards.values().next()).expect("one shard");
    let leader = cluster.db_server_ids().iter().position(|id| copies[0] == id.as_str());
    (session, leader.expect("the leader is a DB-Server"))
}

#[tokio::test(start_paused = true)]
async fn without_a_leader_documents_are_unreachable_until_it_restarts() {
    let cluster = in_memory().await;
    let (mut session, leader) = create_books(&cluster, 1).await;
    cluster.stop_db_server((leader + 1) % 3);
    assert_eq!(session.get("/_api/document/books/1").await.status, 200);

    cluster.stop_db_server(leader);
    let document = json!({ "_key": "2" });
    for response in [
        session.get("/_api/document/books/1").await,
        session.post("/_api/document/books", &document).await,
        session.post("/_api/document/books", &json!({})).await,
        session.put("/_api/document/books/1", &document).await,
        session.delete("/_api/document/books/1").await,
    ] {
        assert_eq!((response.status, response.error_num()), (503, 1478));
    }
    sleep(Duration::from_secs(60)).await;
    assert_eq!(session.get("/_api/document/books/1").await.status, 503, "there is no other copy");

    cluster.start_db_server(leader);
    assert_eq!(session.get("/_api/document/books/1").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_follower_takes_over_when_the_leader_has_failed() {
    let cluster = in_memory().await;
    let (mut session, leader) = create_books(&cluster, 2).await;
    cluster.stop_db_server(leader);
    sleep(Duration::from_secs(8)).await;
    assert_eq!(session.get("/_api/document/books/1").await.error_num(), 1478);

    sleep(Duration::from_secs(4)).await;
    assert_eq!(session.get("/_api/document/books/1").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_cursor_over_a_collection_needs_the_leaders_of_all_its_shards() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books", "numberOfShards": 3 })).await;
    let all = json!({ "query": "FOR d IN books RETURN d" });
    assert_eq!(session.post("/_api/cursor", &all).await.status, 201);
    // Each DB-Server leads one of the shards.
    cluster.stop_db_server(1);
    let refused = session.post("/_api/cursor", &all).await;
    assert_eq!((refused.status, refused.error_num()), (503, 1478));
    assert_eq!(session.post("/_api/cursor", &json!({ "query": "RETURN 1" })).await.status, 201);
}

#[tokio::test(start_paused = true)]
async fn what_concerns_a_whole_collection_needs_the_leaders_of_all_shards() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books", "numberOfShards": 3 })).await;
    let declared = json!({ "collections": { "read": ["books"] } });
    let begun = session.post("/_api/transaction/begin", &declared).await.json();
    let transaction = begun["result"]["id"].as_str().expect("an id").to_owned();
    // Each DB-Server leads one of the shards.
    cluster.stop_db_server(1);
    for path in ["count", "count?details=true", "figures", "revision", "checksum"] {
        let refused = session.get(&format!("/_api/collection/books/{path}")).await;
        assert_eq!((refused.status, refused.error_num()), (503, 1478), "{path}");
    }
    for path in ["count", "count?details=true"] {
        let path = format!("/_api/collection/books/{path}");
        let refused = session.within(&transaction, http::Method::GET, &path, &json!(null)).await;
        assert_eq!((refused.status, refused.error_num()), (503, 1478), "{path}");
    }
    for action in ["recalculateCount", "loadIndexesIntoMemory", "compact"] {
        let refused = session.put(&format!("/_api/collection/books/{action}"), &json!({})).await;
        assert_eq!((refused.status, refused.error_num()), (503, 1478), "{action}");
    }
    assert_eq!(session.get("/_api/collection/books/properties").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_query_that_ignores_errors_does_not_ignore_a_missing_leader() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books", "numberOfShards": 3 })).await;
    cluster.stop_db_server(1);
    for query in [
        "FOR i IN 1..30 INSERT { _key: TO_STRING(i) } INTO books OPTIONS { ignoreErrors: true }",
        "FOR i IN 1..30 REMOVE TO_STRING(i) IN books OPTIONS { ignoreErrors: true }",
    ] {
        let refused = session.post("/_api/cursor", &json!({ "query": query })).await;
        assert_eq!((refused.status, refused.error_num()), (503, 1478), "{query}");
    }
}

#[tokio::test]
async fn a_query_that_ignores_errors_counts_documents_that_the_schema_refuses() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let schema = json!({ "rule": { "required": ["title"] } });
    session.post("/_api/collection", &json!({ "name": "books", "schema": schema })).await;
    let query = "FOR b IN [{ title: 1 }, {}] INSERT b INTO books OPTIONS { ignoreErrors: true }";
    let stats =
        session.post("/_api/cursor", &json!({ "query": query })).await.json()["extra"]["stats"].clone();
    assert_eq!((&stats["writesExecuted"], &stats["writesIgnored"]), (&json!(1), &json!(1)));
}
