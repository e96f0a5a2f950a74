//! Definitions of graphs and their collections.

use serde_json::json;

use crate::client::{Session, in_memory};

#[tokio::test]
async fn a_new_graph_creates_the_collections_of_its_definitions() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let roads = json!({ "collection": "roads", "from": ["towns"], "to": ["cities"] });
    let graph = json!({
        "name": "g", "edgeDefinitions": [roads], "orphanCollections": ["lakes"], "options": { "numberOfShards": 2 },
    });
    let made = session.post("/_api/gharial?waitForSync=true", &graph).await;
    assert_eq!((made.status, &made.json()["graph"]["numberOfShards"]), (201, &json!(2)));
    for (name, kind) in [("roads", 3), ("towns", 2), ("cities", 2), ("lakes", 2)] {
        let properties = session.get(&format!("/_api/collection/{name}/properties")).await.json();
        assert_eq!((&properties["type"], &properties["numberOfShards"]), (&json!(kind), &json!(2)), "{name}");
    }
}

#[tokio::test]
async fn a_graph_keeps_its_collections_unless_they_are_to_be_dropped() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let definition = |edges: &str| json!({ "collection": edges, "from": ["towns"], "to": ["towns"] });
    for (name, edges) in [("g", "roads"), ("h", "rails")] {
        let graph = json!({ "name": name, "edgeDefinitions": [definition(edges)] });
        session.post("/_api/gharial", &graph).await;
    }
    assert_eq!(session.delete("/_api/gharial/g?dropCollections=true").await.status, 202);
    assert_eq!(session.get("/_api/collection/roads").await.status, 404);
    assert_eq!(session.get("/_api/collection/towns").await.status, 200, "the other graph uses it");
    assert_eq!(session.delete("/_api/gharial/h").await.status, 202);
    assert_eq!(session.get("/_api/collection/rails").await.status, 200);
}

#[tokio::test]
async fn definitions_are_checked() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let roads = json!({ "collection": "roads", "from": ["towns"], "to": ["towns"] });
    session.post("/_api/gharial", &json!({ "name": "g", "edgeDefinitions": [roads] })).await;
    session.post("/_api/gharial/g/vertex", &json!({ "collection": "lakes" })).await;
    for (path, body, number) in [
        ("/_api/gharial/g/edge", roads, 1920),
        ("/_api/gharial/g/edge", json!({ "collection": "rails" }), 1923),
        ("/_api/gharial/g/vertex", json!({ "collection": "towns" }), 1929),
        ("/_api/gharial/g/vertex", json!({ "collection": "lakes" }), 1938),
    ] {
        let refused = session.post(path, &body).await;
        assert_eq!((refused.status, refused.error_num()), (400, number), "{path} {body}");
    }
    let smart = session.post("/_api/gharial", &json!({ "name": "s", "isSmart": true })).await;
    assert_eq!((smart.status, smart.error_num()), (501, 9));
}

#[tokio::test]
async fn a_collection_that_a_new_definition_uses_is_no_orphan_any_more() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/gharial", &json!({ "name": "g", "orphanCollections": ["towns", "lakes"] })).await;
    let roads = json!({ "collection": "roads", "from": ["towns"], "to": ["cities"] });
    let graph = session.post("/_api/gharial/g/edge", &roads).await.json()["graph"].clone();
    assert_eq!(
        (&graph["orphanCollections"], &graph["edgeDefinitions"]),
        (&json!(["lakes"]), &json!([roads]))
    );
    assert_eq!(session.get("/_api/gharial/g").await.json()["graph"], graph);
}
