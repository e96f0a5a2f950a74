//! A cluster whose agency is down.

use std::time::Duration;

use arango_test_cluster::TestCluster;
use http::Method;
use serde_json::json;
use tokio::time::sleep;

use crate::client::{Session, basic, in_memory};

#[tokio::test]
async fn calls_that_need_the_agency_fail_with_the_error_of_their_handler() {
    let cluster = TestCluster::builder().version("3.12.6").in_memory().start().await.unwrap();
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let down = cluster.agency_down();
    let named = r#"{"name":"x"}"#;
    let calls = [
        (Method::POST, "/_api/database", named, 400, 1492),
        (Method::DELETE, "/_api/database/x", "", 500, 1492),
        (Method::POST, "/_api/collection", named, 500, 1492),
        (Method::DELETE, "/_api/collection/books", "", 500, 1492),
        (Method::PUT, "/_api/collection/books/properties", "{}", 500, 1492),
        (Method::POST, "/_api/index?collection=books", "{}", 500, 1492),
        (Method::PUT, "/_admin/server/mode", r#"{"mode":"readonly"}"#, 500, 1492),
        (Method::GET, "/_admin/cluster/health", "", 500, 500),
        (Method::GET, "/_admin/cluster/numberOfServers", "", 500, 500),
        (Method::PUT, "/_admin/cluster/maintenance", "\"on\"", 500, 503),
        (Method::PUT, "/_admin/cluster/rebalance", r#"{"version":1}"#, 500, 503),
        (Method::GET, "/_admin/cluster/queryAgencyJob?id=1", "", 500, 503),
        (Method::PUT, "/_admin/cluster/uniqId?number=1", "", 503, 503),
        (Method::GET, "/_api/cluster/agency-dump", "", 503, 503),
    ];
    let count = calls.len();
    for (method, path, body, status, error_num) in calls {
        let refused = session.request(method, path, body).await.unwrap();
        assert_eq!((refused.status, refused.error_num()), (status, error_num), "{path}");
    }
    assert_eq!(down.hits(), count);

    drop(down);
    assert_eq!(session.get("/_admin/cluster/health").await.status, 200);
    assert_eq!(session.get("/_api/collection/books").await.status, 200, "the collection was not dropped");
}

#[tokio::test]
async fn calls_that_do_not_need_the_agency_still_succeed() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let _down = cluster.agency_down();
    assert_eq!(session.post("/_api/document/books", &json!({ "_key": "1" })).await.status, 202);
    for path in [
        "/_api/document/books/1",
        "/_api/collection",
        "/_api/database",
        "/_api/version",
        "/_admin/server/availability",
        "/_admin/server/id",
        "/_api/cluster/endpoints",
        "/_admin/cluster/rebalance",
    ] {
        assert_eq!(session.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn missing_permission_is_reported_before_the_agency_failure() {
    let cluster = in_memory().await;
    let mut root = Session::connect_in_memory(cluster.coordinator(0)).await;
    let users = json!([{ "username": "anna", "passwd": "x" }]);
    root.post("/_api/database", &json!({ "name": "shop", "users": users })).await;
    let _down = cluster.agency_down();
    let mut anna =
        Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization(basic("anna", "x"));

    assert_eq!(anna.put("/_db/shop/_admin/cluster/maintenance", &json!("on")).await.status, 403);
}

#[tokio::test(start_paused = true)]
async fn no_shard_moves_while_the_agency_is_down() {
    async fn open(session: &mut Session) -> u64 {
        let result = &session.get("/_admin/cluster/rebalance").await.json()["result"];
        ["pendingMoveShards", "todoMoveShards"].iter().filter_map(|key| result[key].as_u64()).sum()
    }
    let cluster = TestCluster::builder().skewed_shards().in_memory().start().await.unwrap();
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let plan_request = json!({ "version": 1, "moveLeaders": true, "leaderChanges": true });
    assert_eq!(session.put("/_admin/cluster/rebalance", &plan_request).await.status, 202);
    let moves = open(&mut session).await;
    assert!(moves > 0);
    let down = cluster.agency_down();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(open(&mut session).await, moves);

    drop(down);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(open(&mut session).await, 0);
}
