//! Revisions, key generators, and operations on whole collections.

use arango_test_cluster::TestCluster;
use http::Method;
use serde_json::json;

use crate::client::{Session, in_memory};

#[tokio::test]
async fn the_revision_of_a_collection_changes_with_every_write() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let path = "/_api/collection/books/revision";
    let mut seen = vec![session.get(path).await.json()["revision"].clone()];
    let made = session.post("/_api/document/books", &json!({ "_key": "a" })).await.json();
    seen.push(session.get(path).await.json()["revision"].clone());
    assert_eq!(seen[1], made["_rev"]);
    session.delete("/_api/document/books/a").await;
    seen.push(session.get(path).await.json()["revision"].clone());
    session.put("/_api/collection/books/truncate", &json!({})).await;
    seen.push(session.get(path).await.json()["revision"].clone());
    assert!(seen.iter().all(serde_json::Value::is_string), "{seen:?}");
    assert!(seen.windows(2).all(|pair| pair[0] != pair[1]), "{seen:?}");
    assert_eq!(session.get(path).await.json()["revision"], seen[3]);
}

#[tokio::test]
async fn details_of_figures_are_refused_only_if_they_are_wanted() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    assert_eq!(session.get("/_api/collection/books/figures?details=false").await.status, 200);
    let refused = session.get("/_api/collection/books/figures?details=true").await;
    assert_eq!((refused.status, refused.error_num()), (501, 9));
}

#[tokio::test]
async fn loading_has_no_effect_and_is_gone_in_4_0() {
    for (version, status) in [("3.12.5", 200), ("4.0.0", 404)] {
        let cluster = TestCluster::builder().in_memory().version(version).start().await.unwrap();
        let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
        session.post("/_api/collection", &json!({ "name": "books" })).await;
        for call in ["load", "unload"] {
            let path = format!("/_api/collection/books/{call}");
            assert_eq!(
                session.request(Method::PUT, &path, "").await.unwrap().status,
                status,
                "{call} of {version}"
            );
        }
    }
}

#[tokio::test]
async fn a_resource_of_a_collection_has_a_location_or_is_not_found() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let count = session.get("/_api/collection/books/count").await;
    assert_eq!(count.headers["location"], "/_api/collection/books/count");
    assert!(!session.get("/_api/collection/books").await.headers.contains_key("location"));
    for method in [Method::GET, Method::PUT] {
        let unknown = session.request(method, "/_api/collection/books/unknown", "").await.unwrap();
        assert_eq!((unknown.status, unknown.error_num()), (404, 404));
    }
    assert_eq!(session.get("/_api/collection/missing/unknown").await.error_num(), 1203);
}

#[tokio::test]
async fn key_generators_are_listed_from_3_12_on() {
    for (version, status) in [("3.11.14", 404), ("3.12.0", 200)] {
        let cluster = TestCluster::builder().in_memory().version(version).start().await.unwrap();
        let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
        let listed = session.get("/_api/key-generators").await;
        assert_eq!(listed.status, status, "{version}");
        if status == 200 {
            let expected = json!({ "keyGenerators": ["padded", "uuid", "autoincrement", "traditional"] });
            assert_eq!(listed.json(), expected);
        }
    }
}

#[tokio::test]
async fn more_copies_than_servers_are_enforced_unless_a_flag_says_otherwise() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let body = |name: &str| json!({ "name": name, "replicationFactor": 4 });
    for value in ["true", "1"] {
        let path = format!("/_api/collection?enforceReplicationFactor={value}");
        assert_eq!(session.post(&path, &body("enforced")).await.error_num(), 1487);
    }
    for value in ["false", "0"] {
        let path = format!("/_api/collection?enforceReplicationFactor={value}");
        assert_eq!(session.post(&path, &body(&format!("c{value}"))).await.status, 200, "{value}");
    }
}

#[tokio::test]
async fn an_index_built_in_the_background_is_reported_as_such() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let path = "/_api/index?collection=books";
    let built = json!({ "type": "persistent", "fields": ["a"], "inBackground": true });
    assert_eq!(session.post(path, &built).await.json()["inBackground"], true);
    let plain = json!({ "type": "persistent", "fields": ["b"] });
    assert_eq!(session.post(path, &plain).await.json().get("inBackground"), None);
}
