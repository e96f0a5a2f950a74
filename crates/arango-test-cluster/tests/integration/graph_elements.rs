//! Vertices and edges of graphs.

use arango_test_cluster::TestCluster;
use http::{Method, Request};
use serde_json::{Value, json};

use crate::client::{Session, TestResponse};

const TOWNS: &str = "/_api/gharial/g/vertex/towns";
const ROADS: &str = "/_api/gharial/g/edge/roads";

/// Towns a and b with a road r from a to b, in a graph that has lakes as orphans.
async fn graph(version: &str) -> (TestCluster, Session) {
    let cluster = TestCluster::builder()
        .in_memory()
        .version(version)
        .seed(42)
        .start()
        .await
        .expect("a cluster in memory starts");
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let definitions = json!([{ "collection": "roads", "from": ["towns"], "to": ["towns"] }]);
    let graph = json!({ "name": "g", "edgeDefinitions": definitions, "orphanCollections": ["lakes"] });
    session.post("/_api/gharial", &graph).await;
    session.post("/_api/collection", &json!({ "name": "others" })).await;
    session.post("/_api/document/others", &json!({ "_key": "o" })).await;
    for key in ["a", "b"] {
        session.post(TOWNS, &json!({ "_key": key, "x": 1 })).await;
    }
    session.post(ROADS, &json!({ "_key": "r", "_from": "towns/a", "_to": "towns/b", "x": 1 })).await;
    (cluster, session)
}

async fn patch(session: &mut Session, path: &str, body: &Value) -> TestResponse {
    session.request(Method::PATCH, path, &body.to_string()).await.expect("a response")
}

fn seen(response: &TestResponse) -> (u16, u64) {
    (response.status, response.error_num())
}

#[tokio::test]
async fn a_vertex_is_created_read_changed_and_removed() {
    let (_cluster, mut session) = graph("3.12.5").await;
    let made = session.post(&format!("{TOWNS}?returnNew=true"), &json!({ "_key": "c", "x": 1 })).await;
    let body = made.json();
    assert_eq!((made.status, &body["code"], &body["error"]), (202, &json!(202), &json!(false)));
    assert_eq!((&body["vertex"]["_id"], &body["new"]["x"]), (&json!("towns/c"), &json!(1)));
    assert_eq!(made.headers["etag"], body["vertex"]["_rev"].as_str().unwrap(), "without quotes");
    assert_eq!(body["vertex"].get("x"), None);

    let read = session.get(&format!("{TOWNS}/c")).await;
    assert_eq!((read.status, &read.json()["vertex"]), (200, &body["new"]));

    let path = format!("{TOWNS}/c?returnNew=true&returnOld=true");
    let updated = patch(&mut session, &path, &json!({ "y": 2, "x": null })).await;
    assert_eq!((updated.status, updated.json()["old"].clone()), (202, body["new"].clone()));
    assert_eq!((&updated.json()["new"]["y"], &updated.json()["new"]["x"]), (&json!(2), &json!(null)));
    assert_eq!(updated.json()["vertex"]["_oldRev"], body["vertex"]["_rev"]);
    let without_null = patch(&mut session, &format!("{path}&keepNull=false"), &json!({ "x": null })).await;
    assert_eq!(without_null.json()["new"].get("x"), None);

    let replaced = session.put(&format!("{path}&waitForSync=true"), &json!({ "z": 3 })).await;
    assert_eq!((replaced.status, replaced.json()["new"].get("y")), (200, None));

    let removed = session.delete(&format!("{TOWNS}/c?returnOld=true")).await;
    assert_eq!((removed.status, &removed.json()["removed"]), (202, &json!(true)));
    assert_eq!(removed.json()["old"]["z"], 3);
    assert_eq!(seen(&session.get(&format!("{TOWNS}/c")).await), (404, 1202));
    assert_eq!(seen(&session.delete(&format!("{TOWNS}/c")).await), (404, 1202));
}

#[tokio::test]
async fn an_edge_is_created_read_changed_and_removed() {
    let (_cluster, mut session) = graph("3.12.5").await;
    let edge = json!({ "_key": "s", "_from": "towns/b", "_to": "towns/a", "x": 1 });
    let made = session.post(&format!("{ROADS}?waitForSync=true"), &edge).await;
    assert_eq!((made.status, &made.json()["edge"]["_id"]), (201, &json!("roads/s")));
    let updated = patch(&mut session, &format!("{ROADS}/s"), &json!({ "x": 2 })).await;
    assert_eq!((updated.status, &updated.json()["edge"]["_key"]), (202, &json!("s")));
    let read = session.get(&format!("{ROADS}/s")).await.json();
    assert_eq!((&read["edge"]["x"], &read["edge"]["_from"]), (&json!(2), &json!("towns/b")));
    let replaced = session.put(&format!("{ROADS}/s"), &edge).await;
    assert_eq!(replaced.status, 202);
    assert_eq!(session.delete(&format!("{ROADS}/s?waitForSync=true")).await.status, 200);
    assert_eq!(seen(&session.get(&format!("{ROADS}/s")).await), (404, 1202));
}

#[tokio::test]
async fn the_ends_of_an_edge_are_vertices_of_the_graph() {
    let (_cluster, mut session) = graph("3.12.5").await;
    let edge = |from: &str, to: &str| json!({ "_from": from, "_to": to });
    for (edge, expected) in [
        (json!({ "_from": "towns/a" }), (400, 1233)),
        (edge("towns", "towns/a"), (400, 1233)),
        (edge("towns/a", "others/o"), (404, 1947)),
        (edge("others/o", "towns/a"), (404, 1947)),
        (edge("towns/a", "towns/z"), (404, 1202)),
        (edge("lakes/z", "towns/a"), (404, 1202)),
    ] {
        assert_eq!(seen(&session.post(ROADS, &edge).await), expected, "{edge}");
        assert_eq!(seen(&session.put(&format!("{ROADS}/r"), &edge).await), expected, "{edge}");
    }
    assert_eq!(
        seen(&session.post("/_api/gharial/g/edge/others", &edge("towns/a", "towns/b")).await),
        (404, 1930)
    );
    assert_eq!(session.get("/_api/collection/roads/count").await.json()["count"], 1);
}

#[tokio::test]
async fn an_update_of_one_end_is_checked_from_3_12_on() {
    for (version, status) in [("3.11.14", 202), ("3.12.0", 404)] {
        let (_cluster, mut session) = graph(version).await;
        let path = format!("{ROADS}/r");
        assert_eq!(
            patch(&mut session, &path, &json!({ "_to": "towns/z" })).await.status,
            status,
            "{version}"
        );
        let both = json!({ "_from": "towns/a", "_to": "towns/z" });
        assert_eq!(seen(&patch(&mut session, &path, &both).await), (404, 1202), "{version}");
    }
}

#[tokio::test]
async fn vertices_are_in_collections_of_the_graph() {
    for (version, number, reads) in [("3.11.14", 1947, 200), ("3.12.5", 1949, 404)] {
        let (_cluster, mut session) = graph(version).await;
        let others = "/_api/gharial/g/vertex/others";
        assert_eq!(seen(&session.post(others, &json!({})).await), (404, number), "{version}");
        assert_eq!(session.get(&format!("{others}/o")).await.status, reads, "{version}");
        assert_eq!(session.post("/_api/gharial/g/vertex/lakes", &json!({})).await.status, 202);
    }
}

#[tokio::test]
async fn a_vertex_takes_all_its_edges_with_it_in_all_graphs() {
    let (cluster, mut session) = graph("3.12.5").await;
    let rails = json!({ "collection": "rails", "from": ["towns"], "to": ["towns"] });
    session.post("/_api/gharial", &json!({ "name": "h", "edgeDefinitions": [rails] })).await;
    session.post("/_api/gharial/h/edge/rails", &json!({ "_from": "towns/b", "_to": "towns/a" })).await;
    session.post("/_api/gharial/h/edge/rails", &json!({ "_from": "towns/b", "_to": "towns/b" })).await;
    session.post("/_api/collection", &json!({ "name": "free", "type": 3 })).await;
    session.post("/_api/document/free", &json!({ "_from": "towns/a", "_to": "towns/b" })).await;

    let path = format!("{TOWNS}/a");
    let removed = session.request_with_marker(Method::DELETE, &path, "m", "").await.unwrap();
    assert_eq!(removed.status, 202);
    assert_eq!(cluster.journal().changes("m"), 3, "the vertex, one road and one rail");
    for (collection, left) in [("towns", 1), ("roads", 0), ("rails", 1), ("free", 1)] {
        let count =
            session.get(&format!("/_api/collection/{collection}/count")).await.json()["count"].clone();
        assert_eq!(count, left, "{collection}");
    }
}

#[tokio::test]
async fn a_document_leaves_its_edges_behind() {
    let (_cluster, mut session) = graph("3.12.5").await;
    session.delete("/_api/document/towns/a").await;
    assert_eq!(session.get("/_api/collection/roads/count").await.json()["count"], 1);
}

#[tokio::test]
async fn an_edge_takes_the_edges_with_it_that_end_there() {
    let (_cluster, mut session) = graph("3.12.5").await;
    session.post("/_api/document/roads", &json!({ "_key": "q", "_from": "roads/r", "_to": "towns/a" })).await;
    session.delete(&format!("{ROADS}/r")).await;
    assert_eq!(session.get("/_api/collection/roads/count").await.json()["count"], 0);
}

#[tokio::test]
async fn a_revision_is_a_condition_in_a_header_or_a_parameter() {
    let (_cluster, mut session) = graph("3.12.5").await;
    let path = format!("{TOWNS}/a");
    let revision = session.get(&path).await.json()["vertex"]["_rev"].as_str().unwrap().to_owned();
    for method in ["GET", "PATCH", "PUT", "DELETE"] {
        let request = Request::builder().method(method).uri(&path).header("if-match", "\"_other\"");
        let refused = session.send(request, "{}").await.unwrap();
        assert_eq!(seen(&refused), (412, 1200), "{method}");
        assert_eq!(refused.json()["_rev"], revision, "{method}");
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let refused = session.request(method, &format!("{path}?rev=_other"), "{}").await.unwrap();
        assert_eq!(seen(&refused), (412, 1200));
    }
    let request = Request::get(&path).header("if-none-match", &revision);
    assert_eq!(session.send(request, "").await.unwrap().status, 304);
    assert_eq!(session.delete(&format!("{path}?rev={revision}")).await.status, 202);
}

#[tokio::test]
async fn a_vertex_is_removed_with_all_of_its_edges_or_not_at_all() {
    let (cluster, mut session) = graph("3.12.5").await;
    let (_, copies) = session.shard_of("roads").await;
    let leader = cluster.db_server_ids().iter().position(|id| *id == copies[0]).unwrap();
    let (_, towns) = session.shard_of("towns").await;
    assert_ne!(copies[0], towns[0], "the seed places them apart");
    cluster.stop_db_server(leader);
    assert_eq!(seen(&session.delete(&format!("{TOWNS}/a")).await), (503, 1478));
    assert_eq!(session.get(&format!("{TOWNS}/a")).await.status, 200);
}

#[tokio::test]
async fn unknown_graphs_paths_and_methods_are_refused() {
    let (_cluster, mut session) = graph("3.12.5").await;
    assert_eq!(seen(&session.get("/_api/gharial/x/vertex/towns/a").await), (404, 1924));
    assert_eq!(seen(&session.get("/_api/gharial/g/lakes").await), (404, 404));
    assert_eq!(seen(&session.get("/_api/gharial/g/vertex/towns/a/b").await), (404, 404));
    assert_eq!(seen(&session.get("/_api/gharial/g/vertex/towns").await), (405, 405));
    assert_eq!(seen(&session.post(TOWNS, &json!([])).await), (400, 1227));
    let refused = session.post(&format!("{TOWNS}?overwriteMode=update"), &json!({})).await;
    assert_eq!(seen(&refused), (501, 9));
}

#[tokio::test]
async fn the_edges_of_a_vertex_are_listed_by_direction() {
    let (_cluster, mut session) = graph("3.12.5").await;
    session.post(ROADS, &json!({ "_key": "s", "_from": "towns/b", "_to": "towns/a" })).await;
    session.post(ROADS, &json!({ "_key": "t", "_from": "towns/b", "_to": "towns/b" })).await;
    for (direction, expected) in [
        ("", vec!["r", "s"]),
        ("&direction=any", vec!["r", "s"]),
        ("&direction=in", vec!["s"]),
        ("&direction=out", vec!["r"]),
    ] {
        let found = session.get(&format!("/_api/edges/roads?vertex=towns/a{direction}")).await;
        let body = found.json();
        let edges = body["edges"].as_array().unwrap().iter();
        let mut keys: Vec<_> = edges.map(|edge| edge["_key"].as_str().unwrap()).collect();
        keys.sort_unstable();
        assert_eq!((found.status, keys), (200, expected.clone()), "{direction}");
        assert_eq!(body["stats"], json!({ "scannedIndex": expected.len(), "filtered": 0 }));
    }
    let both = session.post("/_api/edges/roads?direction=out", &json!(["towns/a", "towns/b"])).await;
    assert_eq!(both.json()["edges"].as_array().unwrap().len(), 3);
    for (path, expected) in [
        ("/_api/edges/roads", (400, 1205)),
        ("/_api/edges/roads?vertex=a", (400, 1205)),
        ("/_api/edges/roads?vertex=towns/a&direction=up", (400, 400)),
        ("/_api/edges/towns?vertex=towns/a", (400, 1218)),
        ("/_api/edges/nothing?vertex=towns/a", (404, 1203)),
        ("/_api/edges", (400, 400)),
    ] {
        assert_eq!(seen(&session.get(path).await), expected, "{path}");
    }
}

#[tokio::test]
async fn a_read_of_edges_says_if_it_may_come_from_a_follower() {
    let (_cluster, mut session) = graph("3.12.5").await;
    let request =
        Request::get("/_api/edges/roads?vertex=towns/a").header("x-arango-allow-dirty-read", "true");
    let read = session.send(request, "").await.unwrap();
    assert_eq!(read.headers["x-arango-potential-dirty-read"], "true");
}
