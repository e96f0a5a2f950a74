//! Traversals of named graphs and of edge collections.

use arango_test_cluster::{ScanOrder, TestCluster};
use serde_json::{Value, json};

use crate::client::{Session, TestResponse};

/// Starts a cluster with a graph `network` of stations and routes: `a → b → c → a`, and `a` to ten more stations.
async fn network(version: &str, order: ScanOrder, seed: u64) -> (TestCluster, Session) {
    let builder = TestCluster::builder().in_memory().version(version).scan_order(order).seed(seed);
    let cluster = builder.start().await.expect("the cluster starts");
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let routes = json!({ "collection": "routes", "from": ["stations"], "to": ["stations"] });
    let graph = json!({ "name": "network", "edgeDefinitions": [routes], "options": { "numberOfShards": 3 } });
    session.post("/_api/gharial", &graph).await;
    let far = (0..10).map(|number| format!("far{number}"));
    let stations = ["a", "b", "c"].into_iter().map(str::to_owned).chain(far.clone());
    let stations: Vec<_> = stations.map(|key| json!({ "_key": key })).collect();
    session.post("/_api/document/stations", &json!(stations)).await;
    let ends = [("a", "b"), ("b", "c"), ("c", "a")].map(|(from, to)| (from, to.to_owned()));
    let routes: Vec<_> = ends
        .into_iter()
        .chain(far.map(|far| ("a", far)))
        .map(|(from, to)| json!({ "_from": format!("stations/{from}"), "_to": format!("stations/{to}") }))
        .collect();
    session.post("/_api/document/routes", &json!(routes)).await;
    (cluster, session)
}

async fn run(session: &mut Session, query: &str) -> TestResponse {
    session.post("/_api/cursor", &json!({ "query": query })).await
}

async fn rows(session: &mut Session, query: &str) -> Value {
    let response = run(session, query).await;
    assert_eq!(response.status, 201, "{query}: {}", response.json());
    response.json()["result"].clone()
}

#[tokio::test]
async fn a_named_graph_is_traversed_as_it_is_defined() {
    let (cluster, mut session) = network("3.12.5", ScanOrder::Shuffled, 1).await;
    let query =
        "FOR v, e, p IN 2 OUTBOUND 'stations/a' GRAPH 'network' RETURN [p.vertices[*]._key, p.weights]";
    assert_eq!(rows(&mut session, query).await, json!([[["a", "b", "c"], [0, 1, 2]]]));
    session.delete("/_api/gharial/network").await;
    let gone = run(&mut session, query).await;
    assert_eq!((gone.status, gone.error_num()), (404, 1924));
    assert!(cluster.unsupported().is_empty());
}

#[tokio::test]
async fn an_anonymous_graph_needs_its_vertex_collections() {
    let query = "FOR v IN 2 OUTBOUND 'stations/a' routes RETURN v._key";
    for version in ["3.11.14", "3.12.5"] {
        let (_cluster, mut session) = network(version, ScanOrder::Shuffled, 1).await;
        let refused = run(&mut session, query).await;
        assert_eq!((refused.status, refused.error_num()), (400, 1521), "{version}");
        let text = refused.json()["errorMessage"].as_str().unwrap().to_owned();
        assert!(text.contains("please add 'WITH stations' as the first line in your AQL"), "{text}");
        assert_eq!(rows(&mut session, &format!("WITH stations {query}")).await, json!(["c"]));
    }
    // Since 3.12.6 the definition of the named graph says which ones.
    let (_cluster, mut session) = network("3.12.6", ScanOrder::Shuffled, 1).await;
    assert_eq!(rows(&mut session, query).await, json!(["c"]));
    session.delete("/_api/gharial/network").await;
    assert_eq!(run(&mut session, query).await.error_num(), 1521);
}

#[tokio::test]
async fn the_order_of_a_traversal_depends_on_the_seed_only() {
    let query = "FOR v IN OUTBOUND 'stations/a' GRAPH 'network' RETURN v._key";
    let mut orders = Vec::new();
    for seed in [1, 1, 2, 3] {
        let (_cluster, mut session) = network("3.12.5", ScanOrder::Shuffled, seed).await;
        orders.push(rows(&mut session, query).await);
    }
    assert_eq!(orders[0], orders[1]);
    assert!(orders[1] != orders[2] || orders[1] != orders[3], "{orders:?}");
}

#[tokio::test]
async fn the_plan_of_a_traversal_has_the_collections_of_its_graph() {
    let (_cluster, mut session) = network("3.12.5", ScanOrder::ByKey, 1).await;
    let query =
        |graph: &str| json!({ "query": format!("FOR v IN ANY 'stations/a' GRAPH '{graph}' RETURN v") });
    let plan = session.post("/_api/explain", &query("network")).await.json()["plan"].clone();
    let expected = json!([{ "name": "routes", "type": "read" }, { "name": "stations", "type": "read" }]);
    assert_eq!((&plan["collections"], &plan["isModificationQuery"]), (&expected, &json!(false)));
    let missing = session.post("/_api/explain", &query("nothing")).await;
    assert_eq!((missing.status, missing.error_num()), (404, 1924));
}

#[tokio::test]
async fn a_traversal_streams_and_writes() {
    let (_cluster, mut session) = network("3.12.5", ScanOrder::ByKey, 1).await;
    let query =
        "FOR v IN 1..3 OUTBOUND 'stations/a' GRAPH 'network' UPDATE v WITH { seen: true } IN stations";
    let body = json!({ "query": query, "options": { "stream": true } });
    assert_eq!(session.post("/_api/cursor", &body).await.status, 201);
    let seen = rows(&mut session, "FOR s IN stations FILTER s.seen COLLECT WITH COUNT INTO n RETURN n").await;
    assert_eq!(seen, json!([13]));
}

#[tokio::test]
async fn a_traversal_fails_while_the_leader_of_its_edges_is_away() {
    let (cluster, mut session) = network("3.12.5", ScanOrder::ByKey, 1).await;
    for index in 0..3 {
        cluster.pause_db_server(index);
    }
    let query = "FOR v IN OUTBOUND 'stations/a' GRAPH 'network' RETURN v";
    let refused = run(&mut session, query).await;
    assert_eq!((refused.status, refused.error_num()), (503, 1478));
}
