//! Propagation of new databases and collections between coordinators.

use std::time::Duration;

use arango_test_cluster::TestCluster;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::{Session, basic, in_memory};

const DELAY: Duration = Duration::from_secs(2);

async fn cluster_with_delay() -> TestCluster {
    TestCluster::builder().in_memory().propagation(DELAY).start().await.expect("a cluster in memory starts")
}

/// Returns the status and error number of a read at a coordinator.
async fn status(cluster: &TestCluster, index: usize, authorization: &str, path: &str) -> (u16, Option<u64>) {
    let response = Session::connect_in_memory(cluster.coordinator(index))
        .await
        .with_authorization(authorization)
        .get(path)
        .await;
    (response.status, response.json()["errorNum"].as_u64())
}

async fn create(cluster: &TestCluster, path: &str, body: &Value) {
    let status = Session::connect_in_memory(cluster.coordinator(0)).await.post(path, body).await.status;
    assert!(matches!(status, 200 | 201), "{path}: {status}");
}

#[tokio::test(start_paused = true)]
async fn a_new_database_is_unknown_elsewhere_until_the_delay_is_over() {
    let cluster = cluster_with_delay().await;
    let root = basic("root", "passwd");
    create(&cluster, "/_api/database", &json!({ "name": "shop" })).await;
    let here = status(&cluster, 0, &root, "/_db/shop/_api/collection").await;
    let there = status(&cluster, 1, &root, "/_db/shop/_api/collection").await;
    assert_eq!((here, there), ((200, None), (404, Some(1228))));
    let listed = Session::connect_in_memory(cluster.coordinator(1)).await.get("/_api/database").await.json();
    assert_eq!(listed["result"], json!(["_system"]));
    let dropped =
        Session::connect_in_memory(cluster.coordinator(1)).await.delete("/_api/database/shop").await;
    assert_eq!((dropped.status, dropped.error_num()), (404, 1228));

    sleep(DELAY).await;
    assert_eq!(status(&cluster, 1, &root, "/_db/shop/_api/collection").await, (200, None));
}

#[tokio::test(start_paused = true)]
async fn a_user_granted_with_the_new_database_gets_401_until_propagated() {
    let cluster = cluster_with_delay().await;
    let users = json!([{ "username": "anna", "passwd": "x" }]);
    create(&cluster, "/_api/database", &json!({ "name": "shop", "users": users })).await;
    let anna = basic("anna", "x");
    let here = status(&cluster, 0, &anna, "/_db/shop/_api/collection").await;
    let there = status(&cluster, 1, &anna, "/_db/shop/_api/collection").await;
    assert_eq!((here, there), ((200, None), (401, Some(11))));

    sleep(DELAY).await;
    assert_eq!(status(&cluster, 1, &anna, "/_db/shop/_api/collection").await, (200, None));
}

#[tokio::test(start_paused = true)]
async fn a_new_collection_is_unknown_elsewhere_until_the_delay_is_over() {
    let cluster = cluster_with_delay().await;
    let root = basic("root", "passwd");
    create(&cluster, "/_api/collection", &json!({ "name": "books" })).await;
    for path in ["/_api/collection/books", "/_api/document/books/1", "/_api/index?collection=books"] {
        assert_eq!(status(&cluster, 1, &root, path).await, (404, Some(1203)), "{path}");
        assert_ne!(status(&cluster, 0, &root, path).await.1, Some(1203), "{path}");
    }
    let insert = Session::connect_in_memory(cluster.coordinator(1))
        .await
        .post("/_api/document/books", &json!({}))
        .await;
    assert_eq!((insert.status, insert.error_num()), (404, 1203));

    let truncate = "/_api/collection/books/truncate";
    let truncated = Session::connect_in_memory(cluster.coordinator(1)).await.put(truncate, &json!({})).await;
    assert_eq!((truncated.status, truncated.error_num()), (404, 1203));

    sleep(DELAY).await;
    assert_eq!(status(&cluster, 1, &root, "/_api/collection/books").await, (200, None));
}

#[tokio::test(start_paused = true)]
async fn a_changed_delay_applies_to_later_creations() {
    let cluster = in_memory().await;
    let root = basic("root", "passwd");
    create(&cluster, "/_api/collection", &json!({ "name": "old" })).await;
    cluster.set_propagation(Duration::MAX);
    create(&cluster, "/_api/collection", &json!({ "name": "new" })).await;
    sleep(Duration::from_secs(86_400)).await;

    assert_eq!(status(&cluster, 1, &root, "/_api/collection/old").await, (200, None));
    assert_eq!(status(&cluster, 1, &root, "/_api/collection/new").await, (404, Some(1203)));
}
