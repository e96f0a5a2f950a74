//! Vertices and edges of graphs within a transaction.

use arango_test_cluster::TestCluster;
use http::Method;
use serde_json::{Value, json};

use super::{begin, commit, outcome, path};
use crate::client::{Session, TestResponse, in_memory};

const TOWNS: &str = "/_api/gharial/g/vertex/towns";
const ROADS: &str = "/_api/gharial/g/edge/roads";

/// Towns a and b with a road r from a to b. Another graph has railways between towns.
async fn graphs() -> (TestCluster, Session) {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    for (name, edges) in [("g", "roads"), ("h", "railways")] {
        let definitions = json!([{ "collection": edges, "from": ["towns"], "to": ["towns"] }]);
        let graph = json!({ "name": name, "edgeDefinitions": definitions });
        assert_eq!(session.post("/_api/gharial", &graph).await.status, 202);
    }
    for key in ["a", "b"] {
        session.post(TOWNS, &json!({ "_key": key })).await;
    }
    session.post(ROADS, &json!({ "_key": "r", "_from": "towns/a", "_to": "towns/b" })).await;
    cluster.journal().clear();
    (cluster, session)
}

async fn writing(session: &mut Session, collections: &[&str]) -> String {
    begin(session, json!({ "collections": { "write": collections } })).await
}

async fn remove(session: &mut Session, id: &str, vertex: &str) -> TestResponse {
    session.within(id, Method::DELETE, &format!("{TOWNS}/{vertex}"), &Value::Null).await
}

async fn status(session: &mut Session, path: &str) -> u16 {
    session.get(path).await.status
}

#[tokio::test]
async fn vertices_and_edges_are_written_in_a_transaction_and_seen_by_others_from_the_commit_on() {
    let (cluster, mut session) = graphs().await;
    let id = writing(&mut session, &["towns", "roads"]).await;
    let road = json!({ "_key": "s", "_from": "towns/b", "_to": "towns/c", "x": 1 });
    let missing = session.within(&id, Method::POST, ROADS, &road).await;
    assert_eq!(outcome(&missing), (404, 1202), "the end of an edge has to be there");
    for (method, path, body, expected) in [
        (Method::POST, TOWNS.to_owned(), json!({ "_key": "c" }), 202),
        (Method::POST, ROADS.to_owned(), road.clone(), 202),
        (Method::PATCH, format!("{TOWNS}/a"), json!({ "x": 1 }), 202),
        (Method::PUT, format!("{ROADS}/s"), json!({ "_from": "towns/c", "_to": "towns/b" }), 202),
        (Method::GET, format!("{ROADS}/s"), Value::Null, 200),
        (Method::GET, format!("{TOWNS}/c"), Value::Null, 200),
    ] {
        let response = session.within(&id, method.clone(), &path, &body).await;
        assert_eq!(response.status, expected, "{method} {path}: {}", response.json());
    }
    assert_eq!(cluster.journal().executions_matching(|entry| entry.changes > 0), 0);
    assert_eq!(status(&mut session, &format!("{TOWNS}/c")).await, 404, "not yet");
    assert_eq!(outcome(&session.post(ROADS, &road).await), (404, 1202), "others do not see the new end");

    assert_eq!(commit(&mut session, &id).await.status, 200);
    assert_eq!(session.get(&format!("{ROADS}/s")).await.json()["edge"]["_to"], "towns/b");
    assert_eq!(session.get(&format!("{TOWNS}/a")).await.json()["vertex"]["x"], 1);
}

#[tokio::test]
async fn an_aborted_removal_of_a_vertex_leaves_the_vertex_and_its_edges() {
    let (_cluster, mut session) = graphs().await;
    let id = writing(&mut session, &["towns", "roads", "railways"]).await;
    assert_eq!(remove(&mut session, &id, "a").await.json()["removed"], true);
    let within = session.within(&id, Method::GET, &format!("{ROADS}/r"), &Value::Null).await;
    assert_eq!(outcome(&within), (404, 1202), "its edges go with it");
    assert_eq!(status(&mut session, &format!("{ROADS}/r")).await, 200);
    assert_eq!(session.delete(&path(&id)).await.status, 200);
    assert_eq!(status(&mut session, &format!("{ROADS}/r")).await, 200);
    assert_eq!(status(&mut session, &format!("{TOWNS}/a")).await, 200);
}

#[tokio::test]
async fn a_removed_vertex_takes_its_edges_with_it_at_the_commit() {
    let (_cluster, mut session) = graphs().await;
    let id = writing(&mut session, &["towns", "roads", "railways"]).await;
    assert_eq!(remove(&mut session, &id, "a").await.status, 202);
    assert_eq!(outcome(&remove(&mut session, &id, "a").await), (404, 1202));
    assert_eq!(commit(&mut session, &id).await.status, 200);
    for path in [format!("{TOWNS}/a"), format!("{ROADS}/r")] {
        assert_eq!(status(&mut session, &path).await, 404, "{path}");
    }
}

#[tokio::test]
async fn a_removal_of_a_vertex_writes_to_the_edges_of_all_graphs() {
    let (_cluster, mut session) = graphs().await;
    let id = writing(&mut session, &["towns", "roads"]).await;
    assert_eq!(outcome(&remove(&mut session, &id, "a").await), (400, 1652), "railways were not declared");
    let within = session.within(&id, Method::GET, &format!("{TOWNS}/a"), &Value::Null).await;
    assert_eq!(within.status, 200, "nothing was removed");
    let own = writing(&mut session, &["railways"]).await;
    let inserted = session.within(&own, Method::POST, TOWNS, &json!({})).await;
    assert_eq!(outcome(&inserted), (400, 1652));
}

#[tokio::test]
async fn a_removal_that_meets_a_conflict_at_an_edge_removes_nothing() {
    let (_cluster, mut session) = graphs().await;
    let everything = ["towns", "roads", "railways"];
    let first = writing(&mut session, &everything).await;
    let changed = session.within(&first, Method::PATCH, &format!("{ROADS}/r"), &json!({ "x": 1 })).await;
    assert_eq!(changed.status, 202);
    let id = writing(&mut session, &everything).await;
    assert_eq!(outcome(&remove(&mut session, &id, "a").await), (409, 1200));
    let vertex = session.within(&id, Method::GET, &format!("{TOWNS}/a"), &Value::Null).await;
    assert_eq!(vertex.status, 200);
    assert_eq!(commit(&mut session, &id).await.status, 200);
    assert_eq!(status(&mut session, &format!("{TOWNS}/a")).await, 200);
}

#[tokio::test]
async fn definitions_of_graphs_cannot_be_changed_in_a_transaction() {
    let (_cluster, mut session) = graphs().await;
    let id = writing(&mut session, &["towns", "roads", "railways"]).await;
    for (method, path, body) in [
        (Method::DELETE, "/_api/gharial/g".to_owned(), Value::Null),
        (Method::POST, "/_api/gharial/g/vertex".to_owned(), json!({ "collection": "lakes" })),
        (Method::DELETE, TOWNS.to_owned(), Value::Null),
        (Method::PUT, ROADS.to_owned(), json!({ "collection": "roads", "from": ["towns"], "to": ["towns"] })),
    ] {
        let refused = session.within(&id, method.clone(), &path, &body).await;
        assert_eq!(outcome(&refused), (501, 9), "{method} {path}");
    }
}
