//! Traversals of a named graph and of edge collections.

use arango::data::{Aql, Document, Edge, Path, Traverse, UniqueVertices};
use arango::protocol::{ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder};
use arango::{Database, ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match, Phase, TestCluster};
use bytes::Bytes;
use http::{Method, Request};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::{client, cluster};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Station {
    zone: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Route {
    minutes: u32,
}

/// Creates a graph `network` of `stations` and `routes`.
struct CreateNetwork;

impl Operation for CreateNetwork {
    type Output = ();
    const METADATA: Metadata = Metadata::post("test.create_graph", "/_api/gharial");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let routes = json!({ "collection": "routes", "from": ["stations"], "to": ["stations"] });
        let graph =
            json!({ "name": "network", "edgeDefinitions": [routes], "options": { "numberOfShards": 3 } });
        RequestBuilder::new(Self::METADATA).json(&graph).build()
    }

    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        response.json::<Value>().map(drop)
    }
}

/// Stores a ring `a → b → c → a`, and `a → d`; the zone of a station is its letter's number.
async fn network(cluster: &TestCluster) -> Database {
    let database = client(cluster).db("_system");
    database.execute(CreateNetwork).await.unwrap();
    let stations = database.collection("stations");
    for (key, zone) in ["a", "b", "c", "d"].into_iter().zip(1..) {
        stations.insert(&Station { zone }).key(key).await.unwrap();
    }
    let routes = database.edges("routes");
    for (from, to, minutes) in [("a", "b", 10), ("b", "c", 20), ("c", "a", 30), ("a", "d", 40)] {
        let (from, to) = (format!("stations/{from}"), format!("stations/{to}"));
        routes.link_once(from, to, &Route { minutes }).await.unwrap();
    }
    cluster.journal().clear();
    database
}

fn from_a(database: &Database) -> Traverse {
    database.graph("network").traverse("stations/a")
}

/// Returns the zones of all vertices, sorted.
async fn zones(traversal: Traverse) -> Vec<u8> {
    let mut zones: Vec<_> = traversal
        .vertices::<Station>()
        .all()
        .await
        .unwrap()
        .into_iter()
        .map(|station| station.zone)
        .collect();
    zones.sort_unstable();
    zones
}

#[tokio::test(start_paused = true)]
async fn vertices_are_met_by_direction_and_depth() {
    let cluster = cluster().await;
    let database = network(&cluster).await;
    let start = || from_a(&database);
    assert_eq!(zones(start()).await, [2, 4]);
    assert_eq!(zones(start().outbound(0..=3)).await, [1, 1, 2, 3, 4]);
    assert_eq!(zones(start().outbound(2..=2)).await, [3]);
    assert_eq!(zones(start().inbound(1..=2)).await, [2, 3]);
    assert_eq!(zones(start().any(1..=1)).await, [2, 3, 4]);
    assert!(zones(database.graph("network").traverse("stations/none").any(0..=9)).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn edges_and_paths_are_typed() {
    let cluster = cluster().await;
    let database = network(&cluster).await;
    let edges: Vec<Edge<Route>> = from_a(&database).outbound(0..=1).edges().all().await.unwrap();
    let mut minutes: Vec<_> = edges.iter().map(|edge| (edge.to.key(), edge.data.minutes)).collect();
    minutes.sort_unstable();
    assert_eq!(minutes, [("b", 10), ("d", 40)], "the start has no edge");

    let path: Path<Document<Station>, Route> = from_a(&database).outbound(2..=2).paths().one().await.unwrap();
    let keys: Vec<_> = path.vertices.iter().map(|vertex| vertex.key.as_str()).collect();
    assert_eq!((keys, path.vertices[2].data.zone), (vec!["a", "b", "c"], 3));
    let minutes: Vec<_> = path.edges.iter().map(|edge| edge.data.minutes).collect();
    assert_eq!(minutes, [10, 20]);
    assert!(path.edges.iter().zip(&path.vertices).all(|(edge, vertex)| edge.from == vertex.id));
}

#[tokio::test(start_paused = true)]
async fn a_traversal_is_filtered_pruned_sorted_and_limited() {
    let cluster = cluster().await;
    let database = network(&cluster).await;
    let start = || from_a(&database).outbound(1..=9);
    let slow = Aql::new("e.minutes > @minutes").bind("minutes", 15);
    assert_eq!(zones(start().filter(slow.clone())).await, [1, 3, 4, 4]);
    let near = Aql::new("v.zone < @zone").bind("zone", 4);
    assert_eq!(zones(start().filter(slow).filter(near)).await, [1, 3]);
    assert_eq!(zones(start().filter("p.edges[*].minutes ALL < 25")).await, [2, 3]);
    assert_eq!(zones(start().prune("v.zone == 2")).await, [2, 4]);
    let limited = start().and("SORT v.zone DESC").and(Aql::new("LIMIT @count").bind("count", 2));
    let top: Vec<Station> = limited.vertices().all().await.unwrap();
    assert_eq!(top, [Station { zone: 4 }, Station { zone: 4 }], "there are two paths to it");
}

#[tokio::test(start_paused = true)]
async fn uniqueness_limits_what_is_met_again() {
    let cluster = cluster().await;
    let database = network(&cluster).await;
    let start = || from_a(&database).outbound(0..=4);
    assert_eq!(zones(start()).await, [1, 1, 2, 3, 4, 4]);
    assert_eq!(zones(start().repeat_edges()).await, [1, 1, 2, 2, 3, 4, 4]);
    assert_eq!(zones(start().unique_vertices(UniqueVertices::PerPath)).await, [1, 2, 3, 4]);
    assert_eq!(zones(start().any(0..=4).unique_vertices(UniqueVertices::Global)).await, [1, 2, 3, 4]);
    let depths = start().breadth_first().paths::<Value, Value>().all().await.unwrap();
    assert!(depths.is_sorted_by_key(|path| path.edges.len()));
}

#[tokio::test(start_paused = true)]
async fn edge_collections_are_traversed_if_the_vertices_are_declared() {
    let cluster = cluster().await;
    let database = network(&cluster).await;
    let routes = database.edges("routes");
    let traversal = database.traverse([&routes], "stations/a").outbound(1..=2);
    assert_eq!(zones(traversal.clone().declare(["stations"])).await, [2, 3, 4]);
    let error = traversal.vertices::<Value>().all().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.error_number().map(|number| number.0)),
        (ErrorKind::InvalidQuery, Some(1521))
    );
    assert!(error.server_message().unwrap().contains("WITH stations"), "{error}");
    let error = database.graph("none").traverse("stations/a").vertices::<Value>().all().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.error_number().map(|number| number.0)),
        (ErrorKind::NotFound, Some(1924))
    );
}

#[tokio::test(start_paused = true)]
async fn an_edge_to_a_missing_vertex_leads_to_none() {
    let cluster = cluster().await;
    let database = network(&cluster).await;
    database.edges("routes").link("stations/d", "stations/gone", &Route { minutes: 1 }).await.unwrap();
    let from_d = database.graph("network").traverse("stations/d");
    assert_eq!(from_d.vertices::<Option<Station>>().one().await.unwrap(), None);
    assert_eq!(from_d.vertices::<Station>().all().await.unwrap_err().kind(), ErrorKind::Decode);
    assert_eq!(from_d.edges::<Route>().one().await.unwrap().to.as_str(), "stations/gone");
}

#[tokio::test(start_paused = true)]
async fn a_traversal_is_a_query_that_streams_and_is_repeated() {
    let cluster = cluster().await;
    let database = network(&cluster).await;
    let query = from_a(&database).outbound(1..=3).vertices::<Station>();
    assert!(query.aql().is_read_only());
    let text = "FOR v, e, p IN @min..@max OUTBOUND @start GRAPH @graph\nRETURN v";
    assert_eq!(query.aql().text(), text);
    let _lost = cluster.inject(
        &Fault::close(Phase::AfterExecution).on(Match::method(Method::POST, "/_api/cursor")).times(1),
    );
    assert_eq!(query.stream().batch_size(1).all().await.unwrap().len(), 4);
    let executed = cluster.journal().executions_matching(|entry| entry.path == "/_api/cursor");
    assert_eq!(executed, 2);

    let first = from_a(&database).outbound(2..=2).vertices::<Station>();
    assert_eq!(first.optional().await.unwrap(), Some(Station { zone: 3 }));
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_traversal_is_reported_and_nothing_is_sent() {
    let cluster = cluster().await;
    let database = network(&cluster).await;
    #[expect(clippy::reversed_empty_ranges, reason = "this is the fault")]
    let wrong = [
        database.graph("network").traverse("a"),
        database.traverse(["a/b"], "stations/a"),
        from_a(&database).declare([""]),
        from_a(&database).outbound(2..=1),
        from_a(&database).filter(Aql::new("v.zone > @zone").bind("zone", f64::NAN)),
    ];
    for traversal in wrong {
        let error = traversal.vertices::<Value>().all().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Request, Outcome::NotExecuted), "{error}");
    }
    assert!(cluster.journal().entries().is_empty());
}
