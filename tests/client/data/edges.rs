//! Edges: linking vertices, and reading the edges of one.

use arango::data::{Document, Edge, Edges, Evidence, Key, KeyGenerator, KeyOptions, OverwriteMode};
use arango::{Database, ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match, Phase, TestCluster};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{book, on_post, requests};
use crate::support::{client, cluster, cluster_of};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Wrote {
    year: u16,
}

/// Creates the collection `wrote`, and forgets in the journal what that took.
async fn wrote(cluster: &TestCluster) -> (Database, Edges) {
    let database = client(cluster).db("_system");
    database.create_collection("wrote").edge().shards(3).await.unwrap();
    cluster.journal().clear();
    let edges = database.edges("wrote");
    (database, edges)
}

/// Returns the edges that are stored, read by another client.
async fn stored(cluster: &TestCluster) -> Vec<Edge<Value>> {
    let query = arango::data::Aql::new("FOR e IN wrote SORT e._key RETURN e");
    client(cluster).db("_system").query(query).all().await.unwrap()
}

/// Returns how many inserts were executed.
fn executed(cluster: &TestCluster) -> usize {
    let journal = cluster.journal();
    journal.executions_matching(|entry| entry.method == "POST" && entry.path.starts_with("/_api/document/"))
}

/// Returns how often an insert is executed that is cut off once in this phase, and sent again.
fn executions(phase: Phase) -> usize {
    if phase == Phase::AfterRead { 1 } else { 2 }
}

fn keys<T>(edges: &[Edge<T>]) -> Vec<&str> {
    let mut keys: Vec<_> = edges.iter().map(|edge| edge.key.as_str()).collect();
    keys.sort_unstable();
    keys
}

#[tokio::test(start_paused = true)]
async fn an_edge_whose_response_is_lost_is_stored_once() {
    for phase in [Phase::AfterRead, Phase::AfterExecution, Phase::InHead, Phase::InBody] {
        let cluster = cluster_of(1).await;
        let (_, wrote) = wrote(&cluster).await;
        let _lost = cluster.inject(&on_post(Fault::close(phase).times(1)));
        let written = wrote.link("authors/herbert", "books/dune", &Wrote { year: 1965 }).await.unwrap();
        let edges = stored(&cluster).await;
        assert_eq!(keys(&edges), [written.key.as_str()], "{phase:?}");
        let expected = (phase != Phase::AfterRead).then_some(Evidence::Key);
        assert_eq!((written.evidence, executed(&cluster)), (expected, executions(phase)), "{phase:?}");
        assert_eq!((edges[0].from.as_str(), edges[0].to.as_str()), ("authors/herbert", "books/dune"));
    }
}

#[tokio::test(start_paused = true)]
async fn each_link_stores_another_edge() {
    let cluster = cluster().await;
    let (_, wrote) = wrote(&cluster).await;
    for _ in 0..3 {
        wrote.link("authors/herbert", "books/dune", &json!({})).await.unwrap();
    }
    assert_eq!(stored(&cluster).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_made_once_is_stored_once_whatever_response_is_lost() {
    for phase in [Phase::AfterRead, Phase::AfterExecution, Phase::InHead, Phase::InBody] {
        let cluster = cluster_of(1).await;
        let (_, wrote) = wrote(&cluster).await;
        let _lost = cluster.inject(&on_post(Fault::close(phase).times(1)));
        let written = wrote.link_once("authors/herbert", "books/dune", &Wrote { year: 1965 }).await.unwrap();
        assert_eq!((requests(&cluster, "POST"), executed(&cluster)), (2, executions(phase)), "{phase:?}");
        let edges = stored(&cluster).await;
        assert_eq!(keys(&edges), [written.key.as_str()], "{phase:?}");
        assert_eq!(edges[0].data, json!({ "year": 1965 }));
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_made_once_is_the_same_for_all_clients() {
    let cluster = cluster().await;
    let (database, wrote) = wrote(&cluster).await;
    let others: Vec<_> = (0..3).map(|_| client(&cluster).db("_system").edges("wrote")).collect();
    let links = others.iter().zip(1966..).map(|(edges, year)| {
        let link = edges.link_once("authors/herbert", "books/dune", &Wrote { year });
        tokio::spawn(async move { link.await.unwrap().key })
    });
    let links: Vec<_> = links.collect();
    let mut made = Vec::new();
    for link in links {
        made.push(link.await.unwrap());
    }
    let key = Key::of_edge(&"authors/herbert".parse().unwrap(), &"books/dune".parse().unwrap());
    assert_eq!(made, [key.clone(), key.clone(), key.clone()]);
    let edges = stored(&cluster).await;
    assert_eq!(edges.len(), 1);

    // The edge that is there stays, unless it is to be overwritten.
    let year = edges[0].data["year"].clone();
    let again = wrote.link_once("authors/herbert", "books/dune", &Wrote { year: 1 }).return_new::<Wrote>();
    assert_eq!(again.await.unwrap().new, None);
    assert_eq!(stored(&cluster).await[0].data["year"], year);
    let over =
        wrote.link_once("authors/herbert", "books/dune", &Wrote { year: 1 }).overwrite(OverwriteMode::Update);
    over.await.unwrap();
    assert_eq!(stored(&cluster).await[0].data["year"], json!(1));

    // The other direction is another edge, and the key also removes one.
    wrote.link_once("books/dune", "authors/herbert", &Wrote { year: 2 }).await.unwrap();
    assert_eq!(stored(&cluster).await.len(), 2);
    database.edges("wrote").collection().remove(&key).await.unwrap();
    assert_eq!(stored(&cluster).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_collection_that_accepts_no_keys_refuses_a_link_that_is_made_once() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    let options = KeyOptions::new(KeyGenerator::Autoincrement).server_keys_only();
    database.create_collection("counted").edge().key_options(options).await.unwrap();
    database.create_collection("sharded").edge().shard_keys(["_from"]).await.unwrap();
    cluster.journal().clear();
    for name in ["counted", "sharded"] {
        let edges = database.edges(name);
        let error = edges.link_once("authors/herbert", "books/dune", &json!({})).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Request, Outcome::NotExecuted), "{name}");
        let text = std::error::Error::source(&error).unwrap().to_string();
        assert!(text.contains("`_key` is not accepted by this collection"), "{text}");
        assert_eq!(requests(&cluster, "POST"), 0, "{name}");
        edges.link("authors/herbert", "books/dune", &json!({})).await.unwrap();
        assert_eq!(requests(&cluster, "POST"), 1, "{name}");
        cluster.journal().clear();
    }
}

#[tokio::test(start_paused = true)]
async fn vertices_are_given_by_id_or_as_documents() {
    let cluster = cluster().await;
    let (database, wrote) = wrote(&cluster).await;
    let written = database.collection("books").insert(&book("Dune")).key("dune").await.unwrap();
    let read: Document<Value> = database.collection("books").get("dune").await.unwrap().unwrap();
    wrote.link(&written, &read, &json!({})).await.unwrap();
    wrote.link(&written.id, String::from("books/dune"), &json!({})).await.unwrap();
    let loops: Vec<Edge<Value>> = wrote.of(&read).any().all().await.unwrap();
    assert_eq!(loops.len(), 2, "an edge from a vertex to itself is one row");
    assert!(loops.iter().all(|edge| edge.from == written.id && edge.to == written.id));
}

#[tokio::test(start_paused = true)]
async fn an_invalid_end_is_reported_and_nothing_is_sent() {
    let cluster = cluster().await;
    let (database, wrote) = wrote(&cluster).await;
    let errors = [
        wrote.link("herbert", "books/dune", &json!({})).await.unwrap_err(),
        wrote.link_once("authors/herbert", "books/", &json!({})).await.unwrap_err(),
        wrote.link("authors/herbert", "books/dune", &json!({ "_to": "books/emma" })).await.unwrap_err(),
        wrote.of("herbert").outbound::<Value>().all().await.unwrap_err(),
        database.edges("a/b").of("authors/herbert").any::<Value>().all().await.unwrap_err(),
    ];
    for error in &errors {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Request, Outcome::NotExecuted), "{error}");
    }
    assert!(cluster.journal().entries().iter().all(|entry| entry.path.ends_with("/properties")));
}

#[tokio::test(start_paused = true)]
async fn edges_of_a_vertex_are_read_by_direction() {
    let cluster = cluster().await;
    let (_, wrote) = wrote(&cluster).await;
    for (from, to, year) in [
        ("authors/herbert", "books/dune", 1965),
        ("authors/herbert", "books/messiah", 1969),
        ("books/dune", "authors/herbert", 1),
        ("authors/austen", "books/emma", 1815),
    ] {
        wrote.link(from, to, &Wrote { year }).await.unwrap();
    }
    let years = |mut edges: Vec<Edge<Wrote>>| {
        edges.sort_by_key(|edge| edge.data);
        edges.iter().map(|edge| edge.data.year).collect::<Vec<_>>()
    };
    let herbert = || wrote.of("authors/herbert");
    assert_eq!(years(herbert().outbound().all().await.unwrap()), [1965, 1969]);
    assert_eq!(years(herbert().inbound().all().await.unwrap()), [1]);
    assert_eq!(years(herbert().any().all().await.unwrap()), [1, 1965, 1969]);
    let streamed = herbert().any().stream().batch_size(1).all().await.unwrap();
    assert_eq!(years(streamed), [1, 1965, 1969]);
    assert!(years(wrote.of("authors/unknown").any().all().await.unwrap()).is_empty());
    let emma = wrote.of("books/emma").inbound::<Wrote>().one().await.unwrap();
    assert_eq!(
        (emma.from.as_str(), emma.to.as_str(), emma.data.year),
        ("authors/austen", "books/emma", 1815)
    );
}

#[tokio::test(start_paused = true)]
async fn reading_edges_is_repeated_after_a_lost_response() {
    let cluster = cluster().await;
    let (_, wrote) = wrote(&cluster).await;
    wrote.link("authors/herbert", "books/dune", &Wrote { year: 1965 }).await.unwrap();
    let query = wrote.of("authors/herbert").outbound::<Wrote>();
    assert!(query.aql().is_read_only());
    assert_eq!(query.aql().text(), "FOR e IN @@edges FILTER e._from == @vertex RETURN e");
    let on_cursor = Match::method(Method::POST, "/_api/cursor");
    let _lost = cluster.inject(&Fault::close(Phase::AfterExecution).on(on_cursor).times(1));
    assert_eq!(query.one().await.unwrap().data.year, 1965);
    let executed = cluster.journal().executions_matching(|entry| entry.path == "/_api/cursor");
    assert_eq!(executed, 2);
}

#[tokio::test(start_paused = true)]
async fn w22a_an_edge_that_is_linked_once_is_linked_although_another_client_links_it_at_the_same_time() {
    let cluster = cluster().await;
    let (_, wrote) = wrote(&cluster).await;
    let _conflict = cluster.inject(&on_post(Fault::response(409, 1200, "write-write conflict").times(1)));
    wrote.link_once("authors/herbert", "books/dune", &Wrote { year: 1965 }).await.unwrap();
    assert_eq!(stored(&cluster).await.len(), 1);
}
