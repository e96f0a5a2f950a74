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
async fn details_of_figures_count_the_entries_of_indexes_as_far_as_they_are_known() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "wrote", "type": 3 })).await;
    session.post("/_api/document/wrote", &json!({ "_from": "a/1", "_to": "b/1" })).await;
    let path = "/_api/collection/wrote/figures?details=true";
    let index = json!({ "type": "persistent", "fields": ["x"] });
    let made = session.post("/_api/index?collection=wrote", &index).await.json();
    let number: u64 = made["id"].as_str().unwrap().split_once('/').unwrap().1.parse().unwrap();
    let engine = session.get(path).await.json()["figures"]["engine"].clone();
    let entry = |kind: &str, id: u64| json!({ "type": kind, "id": id, "count": 1 });
    let indexes = [entry("primary", 0), entry("edge", 1), entry("edge", 2), entry("persistent", number)];
    assert_eq!(engine, json!({ "documents": 1, "indexes": indexes }));

    session.post("/_api/index?collection=wrote", &json!({ "type": "geo", "fields": ["x"] })).await;
    let refused = session.get(path).await;
    assert_eq!((refused.status, refused.error_num()), (501, 9));
    let plain = session.get("/_api/collection/wrote/figures?details=false").await;
    assert_eq!((plain.status, plain.json()["figures"].get("engine")), (200, None));
}

#[tokio::test]
async fn a_checksum_covers_keys_and_on_request_revisions_and_attributes() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    for name in ["books", "copies"] {
        session.post("/_api/collection", &json!({ "name": name })).await;
    }
    session.post("/_api/document/books", &json!([{ "_key": "a", "x": 1 }, { "_key": "b" }])).await;
    session.post("/_api/document/copies", &json!([{ "_key": "b" }, { "_key": "a", "x": 2 }])).await;
    let mut checksums = Vec::new();
    for name in ["books", "copies"] {
        for parameters in ["", "?withData=true", "?withRevisions=true"] {
            let found = session.get(&format!("/_api/collection/{name}/checksum{parameters}")).await.json();
            assert_eq!(found["name"], name);
            checksums.push(found["checksum"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(checksums[0], checksums[3], "the same keys");
    assert!(checksums[1] != checksums[4] && checksums[2] != checksums[5], "{checksums:?}");
    session.request(Method::PATCH, "/_api/document/copies/a", r#"{"x":1}"#).await.unwrap();
    let equal = session.get("/_api/collection/copies/checksum?withData=true").await.json();
    assert_eq!(equal["checksum"], checksums[1]);
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
