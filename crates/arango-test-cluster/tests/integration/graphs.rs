//! Definitions of graphs and their collections.

use arango_test_cluster::TestCluster;
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
    for smart in
        [json!({ "name": "s", "isSmart": true }), json!({ "name": "s", "options": { "isDisjoint": true } })]
    {
        let refused = session.post("/_api/gharial", &smart).await;
        assert_eq!((refused.status, refused.error_num()), (501, 9));
    }
    let plain =
        json!({ "name": "s", "isSmart": false, "options": { "isSmart": false, "isDisjoint": false } });
    assert_eq!(session.post("/_api/gharial", &plain).await.status, 202);
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

#[tokio::test]
async fn definitions_their_ends_and_orphans_are_sorted_by_name() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let roads = json!({ "collection": "roads", "from": ["towns", "cities", "towns"], "to": ["towns"] });
    let rails = json!({ "collection": "rails", "from": ["towns"], "to": ["towns"] });
    let graph =
        json!({ "name": "g", "edgeDefinitions": [roads, rails], "orphanCollections": ["lakes", "islands"] });
    let graph = session.post("/_api/gharial", &graph).await.json()["graph"].clone();
    let sorted = json!({ "collection": "roads", "from": ["cities", "towns"], "to": ["towns"] });
    assert_eq!(graph["edgeDefinitions"], json!([rails, sorted]));
    assert_eq!(graph["orphanCollections"], json!(["islands", "lakes"]));
}

async fn with_roads() -> (TestCluster, Session) {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let definitions = json!([
        { "collection": "rails", "from": ["towns"], "to": ["towns"] },
        { "collection": "roads", "from": ["towns"], "to": ["cities"] },
    ]);
    let graph = json!({ "name": "g", "edgeDefinitions": definitions, "orphanCollections": ["lakes"] });
    session.post("/_api/gharial", &graph).await;
    (cluster, session)
}

#[tokio::test]
async fn the_collections_of_a_graph_are_listed() {
    let (_cluster, mut session) = with_roads().await;
    for (path, names) in [
        ("/_api/gharial/g/vertex", json!(["cities", "lakes", "towns"])),
        ("/_api/gharial/g/edge", json!(["rails", "roads"])),
    ] {
        assert_eq!(session.get(path).await.json()["collections"], names, "{path}");
    }
    assert_eq!(session.get("/_api/gharial/h/vertex").await.error_num(), 1924);
}

#[tokio::test]
async fn only_orphans_are_removed_from_a_graph() {
    let (_cluster, mut session) = with_roads().await;
    let used = session.delete("/_api/gharial/g/vertex/towns").await;
    assert_eq!((used.status, used.error_num()), (400, 1928));
    let removed = session.delete("/_api/gharial/g/vertex/lakes").await;
    assert_eq!((removed.status, &removed.json()["graph"]["orphanCollections"]), (202, &json!([])));
    assert_eq!(session.get("/_api/collection/lakes").await.status, 200);
    session.post("/_api/gharial/g/vertex", &json!({ "collection": "lakes" })).await;
    session.delete("/_api/gharial/g/vertex/lakes?dropCollection=true").await;
    assert_eq!(session.get("/_api/collection/lakes").await.status, 404);
}

#[tokio::test]
async fn vertices_that_no_definition_uses_any_more_become_orphans() {
    let (_cluster, mut session) = with_roads().await;
    let unknown = session.delete("/_api/gharial/g/edge/canals").await;
    assert_eq!((unknown.status, unknown.error_num()), (404, 1930));
    let removed = session.delete("/_api/gharial/g/edge/roads?dropCollections=true").await;
    let graph = removed.json()["graph"].clone();
    assert_eq!((removed.status, &graph["orphanCollections"]), (202, &json!(["cities", "lakes"])));
    assert_eq!(graph["edgeDefinitions"].as_array().unwrap().len(), 1);
    assert_eq!(session.get("/_api/collection/roads").await.status, 404);
    assert_eq!(session.get("/_api/collection/cities").await.status, 200);
}

#[tokio::test]
async fn a_definition_is_replaced_in_all_graphs_that_have_it() {
    let (_cluster, mut session) = with_roads().await;
    let roads = json!({ "collection": "roads", "from": ["towns"], "to": ["cities"] });
    session.post("/_api/gharial", &json!({ "name": "h", "edgeDefinitions": [roads] })).await;
    let other = json!({ "collection": "roads", "from": ["lakes"], "to": ["islands"] });
    let replaced = session.put("/_api/gharial/g/edge/roads", &other).await;
    assert_eq!((replaced.status, &replaced.json()["graph"]["edgeDefinitions"][1]), (202, &other));
    assert_eq!(replaced.json()["graph"]["orphanCollections"], json!(["cities"]));
    let second = session.get("/_api/gharial/h").await.json()["graph"].clone();
    assert_eq!(
        (&second["edgeDefinitions"], &second["orphanCollections"]),
        (&json!([other]), &json!(["cities", "towns"]))
    );
    assert_eq!(session.get("/_api/collection/islands").await.json()["type"], 2);
    let missing = session.put("/_api/gharial/g/edge/canals", &other).await;
    assert_eq!((missing.status, missing.error_num()), (404, 1930));
}

#[tokio::test]
async fn options_of_single_definitions_are_refused_by_name() {
    let (_cluster, mut session) = with_roads().await;
    let options = json!({ "satellites": ["towns"] });
    let edges = json!({ "collection": "roads", "from": ["towns"], "to": ["towns"], "options": options });
    let vertices = json!({ "collection": "hills", "options": options });
    let refused = [
        session.post("/_api/gharial/g/edge", &edges).await,
        session.put("/_api/gharial/g/edge/roads", &edges).await,
        session.post("/_api/gharial/g/vertex", &vertices).await,
    ];
    for refused in refused {
        assert_eq!((refused.status, refused.error_num()), (501, 9));
        assert!(refused.json()["errorMessage"].as_str().unwrap().contains("`options.satellites`"));
    }
    let empty = json!({ "collection": "hills", "options": {} });
    assert_eq!(session.post("/_api/gharial/g/vertex", &empty).await.status, 202);
}

#[tokio::test]
async fn a_collection_of_edges_connects_the_same_collections_in_all_graphs() {
    let (_cluster, mut session) = with_roads().await;
    let other = json!({ "collection": "roads", "from": ["towns"], "to": ["lakes"] });
    let refused = session.post("/_api/gharial", &json!({ "name": "h", "edgeDefinitions": [other] })).await;
    assert_eq!((refused.status, refused.error_num()), (400, 1921));
    session.post("/_api/gharial", &json!({ "name": "h" })).await;
    let refused = session.post("/_api/gharial/h/edge", &other).await;
    assert_eq!((refused.status, refused.error_num()), (400, 1921));
    let same = json!({ "collection": "roads", "from": ["towns"], "to": ["cities"] });
    assert_eq!(session.post("/_api/gharial/h/edge", &same).await.status, 202);
}

#[tokio::test]
async fn existing_collections_must_be_of_the_right_type() {
    let (_cluster, mut session) = with_roads().await;
    let documents = json!({ "collection": "lakes", "from": ["towns"], "to": ["towns"] });
    assert_eq!(session.post("/_api/gharial/g/edge", &documents).await.error_num(), 1944);
    session.post("/_api/collection", &json!({ "name": "links", "type": 3 })).await;
    let edges = session.post("/_api/gharial/g/vertex", &json!({ "collection": "links" })).await;
    assert_eq!((edges.status, edges.error_num()), (400, 1927));
    let unnamed = session.post("/_api/gharial", &json!({})).await;
    assert_eq!((unnamed.status, unnamed.error_num()), (400, 1922));
}

#[tokio::test]
async fn collections_of_graphs_are_not_dropped_from_3_12_on() {
    for (version, dropped) in [("3.11.14", true), ("3.12.0", false)] {
        let cluster = TestCluster::builder().in_memory().version(version).start().await.unwrap();
        let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
        session.post("/_api/gharial", &json!({ "name": "g", "orphanCollections": ["lakes"] })).await;
        let response = session.delete("/_api/collection/lakes").await;
        assert_eq!(response.status == 200, dropped, "{version}");
        assert!(dropped || response.error_num() == 1942, "{version}");
        session.delete("/_api/gharial/g").await;
        assert_eq!(session.delete("/_api/collection/lakes").await.status == 200, !dropped, "{version}");
    }
}

#[tokio::test]
async fn only_a_new_graph_may_be_201() {
    let (_cluster, mut session) = with_roads().await;
    let body = json!({ "collection": "hills" });
    let added = session.post("/_api/gharial/g/vertex?waitForSync=true", &body).await;
    let revision = added.json()["graph"]["_rev"].clone();
    assert_eq!((added.status, added.headers["etag"].to_str().unwrap()), (202, revision.as_str().unwrap()));
    assert_eq!(session.delete("/_api/gharial/g/vertex/hills?waitForSync=true").await.status, 202);
    assert_eq!(session.delete("/_api/gharial/g/edge/roads?waitForSync=true").await.status, 202);
    assert_eq!(session.delete("/_api/gharial/g?waitForSync=true").await.status, 202);
}
