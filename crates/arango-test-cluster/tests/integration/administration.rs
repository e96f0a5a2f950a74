//! Other administration calls.

use std::time::Duration;

use arango_test_cluster::TestCluster;
use http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::{Session, in_memory};

#[tokio::test]
async fn the_receiving_coordinator_describes_itself() {
    let cluster = in_memory().await;
    for coordinator in cluster.coordinators() {
        let mut session = Session::connect_in_memory(coordinator).await;
        assert_eq!(session.get("/_admin/server/id").await.json()["id"], coordinator.id());
        assert_eq!(session.get("/_admin/server/role").await.json()["role"], "COORDINATOR");
    }
}

#[tokio::test]
async fn the_target_number_of_servers_can_be_set() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let path = "/_admin/cluster/numberOfServers";
    assert_eq!(
        session.put(path, &json!({ "numberOfDBServers": 5 })).await.json(),
        json!({ "error": false, "code": 200 })
    );
    let counts = session.get(path).await.json();
    assert_eq!((&counts["numberOfDBServers"], &counts["numberOfCoordinators"]), (&json!(5), &json!(3)));
    assert_eq!(counts["cleanedServers"], json!([]));
    let refused = session.put(path, &json!({ "numberOfDBServers": "5" })).await;
    assert_eq!((refused.status, refused.error_num()), (400, 10));
}

#[tokio::test]
async fn unknown_commands_are_named_in_the_error() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let one = session.get("/_admin/cluster/moveServer").await;
    assert_eq!((one.status, &one.json()["errorMessage"]), (400, &json!("invalid command 'moveServer'")));
    assert_eq!(session.get("/_admin/cluster").await.error_num(), 601);
    assert_eq!(session.get("/_admin/cluster/a/b").await.error_num(), 400);
    assert_eq!(session.post("/_admin/cluster/health", &json!({})).await.error_num(), 405);
}

#[tokio::test]
async fn statistics_move_with_the_requests_and_are_gone_in_4_0() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let total = |document: &Value| document["http"]["requestsTotal"].as_u64().unwrap();
    let first = session.get("/_admin/statistics").await.json();
    let second = session.get("/_admin/statistics").await.json();
    assert!(total(&second) > total(&first));

    let cluster = TestCluster::builder().version("4.0").in_memory().start().await.unwrap();
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    assert_eq!(session.get("/_admin/statistics").await.status, 404);
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    assert_eq!(session.get("/_admin/cluster/nodeStatistics?ServerID=DBServer0001").await.status, 400);
    let health = session.get("/_admin/cluster/health").await.json();
    assert_eq!(health["Health"][cluster.coordinator(0).id()].get("Timestamp"), None);
}

#[tokio::test(start_paused = true)]
async fn a_shard_is_moved_by_hand_and_its_job_can_be_queried() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books", "replicationFactor": 2 })).await;
    let shards = session.get("/_api/collection/books/shards?details=true").await.json()["shards"].clone();
    let (shard, copies) = shards.as_object().unwrap().iter().next().unwrap();
    let free_server = cluster
        .db_server_ids()
        .into_iter()
        .find(|id| !copies.as_array().unwrap().contains(&json!(id)))
        .unwrap();
    let body = json!({
        "collection": "books", "shard": shard, "fromServer": copies[1], "toServer": free_server,
    });
    let accepted = session.post("/_admin/cluster/moveShard", &body).await;
    assert_eq!(accepted.status, 202);
    let query = format!("/_admin/cluster/queryAgencyJob?id={}", accepted.json()["id"].as_str().unwrap());
    let pending = session.get(&query).await.json();
    assert_eq!((&pending["status"], pending.get("code")), (&json!("Pending"), None));

    sleep(Duration::from_secs(1)).await;
    assert_eq!(session.get(&query).await.json()["status"], "Finished");
    let shards = session.get("/_api/collection/books/shards?details=true").await.json()["shards"].clone();
    assert_eq!(shards[shard], json!([copies[0], free_server]));
    assert_eq!(session.post("/_admin/cluster/moveShard", &body).await.error_num(), 404);
}

#[tokio::test(start_paused = true)]
async fn a_server_is_cleaned_out_failed_and_removed() {
    let cluster = TestCluster::builder().in_memory().skewed_shards().start().await.unwrap();
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let id = cluster.db_server_ids()[0].clone();
    let accepted = session.post("/_admin/cluster/cleanOutServer", &json!({ "server": "DBServer0001" })).await;
    assert_eq!(accepted.status, 202);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(session.get("/_admin/cluster/numberOfServers").await.json()["cleanedServers"], json!([id]));

    cluster.stop_db_server(0);
    let removed = session.post("/_admin/cluster/removeServer", &json!(id)).await;
    assert_eq!((removed.status, removed.body.len()), (200, 0));
    assert_eq!(session.post("/_admin/cluster/removeServer", &json!(id)).await.error_num(), 404);
}

#[tokio::test]
async fn shards_are_reported_by_collection_and_in_total() {
    let cluster = TestCluster::builder().in_memory().skewed_shards().start().await.unwrap();
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let all = session.get("/_db/shop/_admin/cluster/shardDistribution").await.json()["results"].clone();
    let plan = all["orders"]["Plan"].as_object().unwrap();
    assert!(plan.len() > 5 && plan.values().all(|shard| shard["leader"] == "DBServer0001"));
    let one =
        session.get("/_db/shop/_admin/cluster/collectionShardDistribution?collection=orders").await.json();
    assert_eq!(one["results"]["orders"], all["orders"]);
    let sums = session.get("/_admin/cluster/shardStatistics").await.json()["result"].clone();
    assert_eq!(sums["leaders"], sums["shards"]);
    assert_eq!(session.get("/_db/shop/_admin/cluster/shardStatistics").await.error_num(), 1230);
}

#[tokio::test]
async fn a_read_only_cluster_refuses_writes_everywhere() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    session.put("/_admin/server/mode", &json!({ "mode": "readonly" })).await;
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    assert_eq!(other.get("/_admin/server/availability").await.json()["mode"], "readonly");
    assert_eq!(other.post("/_api/document/books", &json!({})).await.error_num(), 1004);
}

#[tokio::test]
async fn metrics_are_text_and_errors_have_special_codes() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let text = session.get("/_admin/metrics").await;
    assert!(text.body.starts_with(b"# HELP ") && text.headers["content-type"] == "text/plain; charset=utf-8");
    let method = session.request(Method::POST, "/_admin/metrics", "").await.unwrap();
    assert_eq!((method.status, method.error_num()), (400, 405));
    let unknown = session.get("/_admin/metrics?serverId=unknown").await;
    assert_eq!((unknown.status, unknown.error_num()), (404, 400));
}

#[tokio::test]
async fn sorting_is_migrated_by_superusers_on_every_db_server() {
    let cluster = in_memory().await;
    let mut root = Session::connect_in_memory(cluster.coordinator(0)).await;
    assert_eq!(root.get("/_admin/cluster/vpackSortMigration/status").await.status, 403);
    let token = format!("bearer {}", cluster.superuser_token());
    let mut superuser = Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization(token);
    let result = superuser.get("/_admin/cluster/vpackSortMigration/status").await.json()["result"].clone();
    assert_eq!(result[&cluster.db_server_ids()[0]]["result"]["current"], "CORRECT");
}
