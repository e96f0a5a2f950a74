//! Replication factors, write concerns and shards of new collections, graphs and databases, and changes of them.

use arango_test_cluster::TestCluster;
use serde_json::{Value, json};

use crate::client::{Session, in_memory};

async fn session() -> (TestCluster, Session) {
    let cluster = in_memory().await;
    let session = Session::connect_in_memory(cluster.coordinator(0)).await;
    (cluster, session)
}

async fn session_of(version: &str) -> (TestCluster, Session) {
    let cluster = TestCluster::builder().in_memory().version(version).start().await.expect("a cluster");
    let session = Session::connect_in_memory(cluster.coordinator(0)).await;
    (cluster, session)
}

#[tokio::test]
async fn a_new_collection_has_copies_and_shards_that_a_server_accepts() {
    let (_cluster, mut session) = session().await;
    for (options, expected) in [
        (json!({ "numberOfShards": 0 }), (400, 10)),
        (json!({ "numberOfShards": -1 }), (400, 10)),
        (json!({ "numberOfShards": 1001 }), (400, 1450)),
        (json!({ "writeConcern": 0 }), (400, 10)),
        (json!({ "minReplicationFactor": 0 }), (400, 10)),
        (json!({ "replicationFactor": 1, "writeConcern": 2 }), (400, 10)),
        (json!({ "replicationFactor": 2, "writeConcern": 2, "minReplicationFactor": 1 }), (400, 10)),
        (json!({ "replicationFactor": -1 }), (400, 10)),
        (json!({ "replicationFactor": "all" }), (400, 10)),
        (json!({ "replicationFactor": 11 }), (400, 10)),
        (json!({ "replicationFactor": 4 }), (500, 1487)),
    ] {
        let mut body = options.clone();
        body["name"] = "books".into();
        let refused = session.post("/_api/collection", &body).await;
        assert_eq!((refused.status, refused.error_num()), expected, "{options}");
    }
    assert_eq!(session.get("/_api/collection/books").await.status, 404);
}

#[tokio::test]
async fn a_write_concern_above_the_number_of_servers_had_another_error_before_3_12() {
    for (version, expected) in [("3.11.14", (500, 1487)), ("3.12.0", (400, 10))] {
        let (_cluster, mut session) = session_of(version).await;
        let refused = session.post("/_api/collection", &json!({ "name": "c", "writeConcern": 5 })).await;
        assert_eq!((refused.status, refused.error_num()), expected, "{version}");
    }
}

#[tokio::test]
async fn a_satellite_collection_has_one_shard_and_no_copies_that_could_be_changed() {
    let (_cluster, mut session) = session().await;
    for (name, factor) in [("a", json!("satellite")), ("b", json!(0))] {
        let body =
            json!({ "name": name, "replicationFactor": factor, "numberOfShards": 5, "writeConcern": 2 });
        let made = session.post("/_api/collection", &body).await.json();
        assert_eq!((&made["replicationFactor"], &made["writeConcern"]), (&json!("satellite"), &json!(0)));
        assert_eq!(made["numberOfShards"], 1);
    }
    let path = "/_api/collection/a/properties";
    assert_eq!(session.put(path, &json!({ "replicationFactor": "satellite" })).await.status, 200);
    let refused = session.put(path, &json!({ "replicationFactor": 2 })).await;
    assert_eq!((refused.status, refused.error_num()), (403, 11));
    let body = json!({ "name": "c", "replicationFactor": "satellite", "shardKeys": ["a"] });
    assert_eq!(session.post("/_api/collection", &body).await.error_num(), 10);
}

#[tokio::test]
async fn a_change_to_copies_that_no_server_accepts_changes_nothing() {
    let (_cluster, mut session) = session().await;
    session
        .post("/_api/collection", &json!({ "name": "books", "replicationFactor": 2, "writeConcern": 2 }))
        .await;
    session.post("/_api/collection", &json!({ "name": "like", "distributeShardsLike": "books" })).await;
    let path = "/_api/collection/books/properties";
    let before = session.get(path).await.json();
    for (change, expected) in [
        (json!({ "replicationFactor": 4 }), (500, 1487)),
        (json!({ "writeConcern": 4 }), (500, 1487)),
        (json!({ "replicationFactor": 0 }), (400, 10)),
        (json!({ "replicationFactor": 1 }), (400, 10)),
        (json!({ "replicationFactor": "satellite" }), (403, 11)),
        (json!({ "writeConcern": 3 }), (400, 10)),
        (json!({ "writeConcern": 0 }), (400, 10)),
    ] {
        let mut body = change.clone();
        body["waitForSync"] = true.into();
        let refused = session.put(path, &body).await;
        assert_eq!((refused.status, refused.error_num()), expected, "{change}");
    }
    assert_eq!(session.get(path).await.json(), before);
    let refused = session.put("/_api/collection/like/properties", &json!({ "replicationFactor": 3 })).await;
    assert_eq!((refused.status, refused.error_num()), (403, 11));
    let changed = session.put(path, &json!({ "replicationFactor": 3, "writeConcern": 3 })).await.json();
    assert_eq!((&changed["replicationFactor"], &changed["writeConcern"]), (&json!(3), &json!(3)));
}

#[tokio::test]
async fn a_collection_that_is_placed_like_another_one_has_its_copies() {
    for (version, concern) in [("3.11.14", 2), ("3.12.0", 1)] {
        let (_cluster, mut session) = session_of(version).await;
        let books =
            json!({ "name": "books", "numberOfShards": 3, "replicationFactor": 2, "writeConcern": 2 });
        session.post("/_api/collection", &books).await;
        let like = json!({
            "name": "like", "distributeShardsLike": "books", "numberOfShards": 1, "replicationFactor": 1,
            "writeConcern": 1,
        });
        let made = session.post("/_api/collection", &like).await.json();
        assert_eq!(
            (&made["numberOfShards"], &made["replicationFactor"]),
            (&json!(3), &json!(2)),
            "{version}"
        );
        assert_eq!(made["writeConcern"], concern, "{version}");

        let default = json!({ "name": "default", "distributeShardsLike": "books" });
        let made = session.post("/_api/collection", &default).await.json();
        assert_eq!((&made["replicationFactor"], &made["writeConcern"]), (&json!(2), &json!(2)), "{version}");

        let more = json!({ "name": "more", "distributeShardsLike": "books", "shardKeys": ["a", "b"] });
        let refused = session.post("/_api/collection", &more).await;
        assert_eq!((refused.status, refused.error_num()), (400, 10), "{version}");
    }
}

#[tokio::test]
async fn ids_and_revisions_are_no_shard_keys() {
    let (_cluster, mut session) = session().await;
    for key in ["_id", "_rev", "_id:", ":_rev"] {
        let refused =
            session.post("/_api/collection", &json!({ "name": "c", "shardKeys": ["a", key] })).await;
        assert_eq!((refused.status, refused.error_num()), (400, 10), "{key}");
    }
    let edges = json!({ "name": "c", "type": 3, "shardKeys": ["_from", "_to"] });
    assert_eq!(session.post("/_api/collection", &edges).await.status, 200);
}

#[tokio::test]
async fn a_graph_has_copies_and_shards_that_a_server_accepts_or_creates_nothing() {
    let (_cluster, mut session) = session().await;
    let graph = |options: &Value| {
        let edges = json!([{ "collection": "roads", "from": ["towns"], "to": ["towns"] }]);
        json!({ "name": "g", "edgeDefinitions": edges, "options": options })
    };
    for (options, expected) in [
        (json!({ "numberOfShards": 0 }), (400, 10)),
        (json!({ "writeConcern": 0 }), (400, 10)),
        (json!({ "replicationFactor": 1, "writeConcern": 2 }), (400, 10)),
        (json!({ "replicationFactor": 4 }), (500, 1487)),
        (json!({ "replicationFactor": 0 }), (501, 9)),
        (json!({ "replicationFactor": "satellite" }), (501, 9)),
    ] {
        let refused = session.post("/_api/gharial", &graph(&options)).await;
        assert_eq!((refused.status, refused.error_num()), expected, "{options}");
    }
    for path in ["/_api/gharial/g", "/_api/collection/roads", "/_api/collection/towns"] {
        assert_eq!(session.get(path).await.status, 404, "{path}");
    }
    let made =
        session.post("/_api/gharial", &graph(&json!({ "replicationFactor": 2, "writeConcern": 2 }))).await;
    assert_eq!(made.status, 202);
}

#[tokio::test]
async fn a_database_has_copies_that_a_server_accepts() {
    let (_cluster, mut session) = session().await;
    for (options, expected) in [
        (json!({ "replicationFactor": 4 }), (400, 1487)),
        (json!({ "writeConcern": 4 }), (400, 1487)),
        (json!({ "replicationFactor": 2, "writeConcern": 3 }), (400, 10)),
        (json!({ "writeConcern": 0 }), (400, 10)),
        (json!({ "replicationFactor": "satellite" }), (501, 9)),
        (json!({ "replicationFactor": 0 }), (501, 9)),
    ] {
        let body = json!({ "name": "shop", "options": options });
        let refused = session.post("/_api/database", &body).await;
        assert_eq!((refused.status, refused.error_num()), expected, "{options}");
    }
    let body = json!({ "name": "shop", "options": { "replicationFactor": 3, "writeConcern": 2 } });
    assert_eq!(session.post("/_api/database", &body).await.status, 201);
}
