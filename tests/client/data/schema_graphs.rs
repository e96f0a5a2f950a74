//! The graphs that a program expects.

use std::time::Duration;

use arango::data::{CollectionName, DatabaseSchema, EdgeDefinition, SchemaError};
use arango::long_running::PollOptions;
use arango::{Client, Database};
use arango_test_cluster::{Fault, Match, Phase, TestCluster};
use http::Method;
use tokio::time::sleep;

use crate::support::{client, cluster, cluster_with};

fn wrote(to: &[&str]) -> EdgeDefinition {
    EdgeDefinition::new("wrote", ["authors"], to.iter().copied())
}

fn read() -> EdgeDefinition {
    EdgeDefinition::new("read", ["people"], ["books"])
}

/// A part of the library.
fn small_library() -> DatabaseSchema {
    DatabaseSchema::new()
        .collection("authors", |authors| authors.shards(2))
        .graph("library", |library| library.edges(wrote(&["books"])))
}

fn library() -> DatabaseSchema {
    DatabaseSchema::new()
        .collection("authors", |authors| authors.shards(2))
        .graph("library", |library| library.edges(wrote(&["books", "films"])).edges(read()).orphan("shelves"))
}

async fn shop(client: &Client) -> Database {
    client.create_database("shop").await.unwrap()
}

/// Returns how many requests of this method to a path below `/_api/gharial` have changed something.
fn executed(cluster: &TestCluster, method: &Method, path: &str) -> usize {
    cluster.journal().executions_matching(|entry| {
        let is_success = entry.status.is_some_and(|status| status < 300);
        is_success && entry.method == *method && entry.path.starts_with(path)
    })
}

#[tokio::test(start_paused = true)]
async fn a_missing_graph_is_shown_and_created_after_the_collections() {
    for version in ["3.10", "3.12", "4.0"] {
        let cluster = cluster_with(|builder| builder.version(version)).await;
        let database = shop(&client(&cluster)).await;
        let missing = "+ collection authors\n+ graph library";
        let compared = library().compare(&database).await.unwrap();
        assert_eq!((compared.to_string().as_str(), compared.can_be_ensured()), (missing, true));
        assert!(database.graphs().await.unwrap().is_empty(), "comparing creates nothing");

        let ensured = library().ensure(&database).await.unwrap();
        assert_eq!(ensured.changes().to_string(), missing);
        let names: Vec<_> = ensured.collections().iter().map(CollectionName::as_str).collect();
        assert_eq!(names, ["authors", "books", "films", "people", "read", "shelves", "wrote"]);
        ensured.wait_for_propagation(&database, PollOptions::default()).await.unwrap();
        let authors = database.collection("authors").properties().await.unwrap();
        assert_eq!(authors.number_of_shards, Some(2), "{version}: as the schema wants it");
        assert!(library().compare(&database).await.unwrap().is_empty(), "{version}");
        assert!(library().ensure(&database).await.unwrap().changes().is_empty());
        assert_eq!(executed(&cluster, &Method::POST, "/_api/gharial"), 1, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_graph_lacks_is_added_and_what_it_has_beyond_that_stays() {
    let cluster = cluster().await;
    let database = shop(&client(&cluster)).await;
    let loans = EdgeDefinition::new("lent", ["people"], ["people"]);
    let graph = database.create_graph("library").edges(wrote(&["books", "poems"])).edges(loans.clone());
    graph.orphan("rooms").shards(1).await.unwrap();

    let lines = [
        r#"~ graph library.edgeDefinitions.wrote {"from":["authors"],"to":["books","poems"]} → {"from":["authors"],"to":["books","poems","films"]}"#,
        r#"+ graph library.edgeDefinitions.read {"from":["people"],"to":["books"]}"#,
        "+ graph library.orphanCollections.shelves",
        "! graph library.numberOfShards is 1, expected 3 (cannot be changed)",
    ];
    let schema = || {
        let graph = |library: arango::data::CreateGraph| {
            library
                .edges(wrote(&["books", "films"]))
                .edges(read())
                .orphan("shelves")
                .orphan("rooms")
                .shards(3)
        };
        DatabaseSchema::new().graph("library", graph)
    };
    let compared = schema().compare(&database).await.unwrap();
    assert_eq!(compared.to_string(), lines.join("\n"));
    let SchemaError::Differs(left) = schema().ensure(&database).await.unwrap_err() else { panic!() };
    assert_eq!(left.to_string(), lines[3], "all the rest was done");
    assert_eq!(schema().compare(&database).await.unwrap(), left);

    let without_shards =
        DatabaseSchema::new().graph("library", |library| library.edges(read()).orphan("shelves"));
    assert!(without_shards.ensure(&database).await.unwrap().changes().is_empty());
    assert_eq!(ends(&database).await, ["books", "films", "poems"]);
    let info = database.graph("library").info().await.unwrap().unwrap();
    assert!(info.edge_definitions.contains(&loans) && info.edge_definitions.contains(&read()));
    assert_eq!(info.orphan_collections, ["rooms", "shelves"]);
    assert!(cluster.journal().entries().iter().all(|entry| entry.method != "DELETE"), "nothing is removed");
}

#[tokio::test(start_paused = true)]
async fn w18_a_graph_is_created_and_added_to_once_although_each_response_is_lost() {
    for phase in [Phase::AfterRead, Phase::AfterExecution, Phase::InBody] {
        let cluster = cluster().await;
        let database = shop(&client(&cluster)).await;
        let close_connections = || {
            [Match::post("/_api/gharial"), Match::post("/_api/gharial/*"), Match::put("/_api/gharial/*")]
                .map(|requests| cluster.inject(&Fault::close(phase).on(requests).times(1)))
        };
        let lost = close_connections();
        small_library().ensure(&database).await.unwrap();
        drop(lost);
        let _lost = close_connections();
        library().ensure(&database).await.unwrap();
        assert!(library().compare(&database).await.unwrap().is_empty(), "{phase:?}");
        let posts = executed(&cluster, &Method::POST, "/_api/gharial");
        let puts = executed(&cluster, &Method::PUT, "/_api/gharial");
        assert_eq!((posts, puts), (3, 1), "{phase:?}: the graph, a definition, an orphan, and further ends");
    }
}

#[tokio::test(start_paused = true)]
async fn two_programs_that_ensure_a_graph_at_once_add_each_thing_once() {
    for (seed, phase) in
        (0..24).zip([Phase::AfterRead, Phase::AfterExecution, Phase::InBody].into_iter().cycle())
    {
        let cluster = cluster().await;
        let database = shop(&client(&cluster)).await;
        if seed % 2 == 0 {
            small_library().ensure(&database).await.unwrap();
        }
        let other = client(&cluster).db("shop");
        let lost = ["/_api/gharial", "/_api/gharial/*", "/_api/collection"]
            .map(|path| cluster.inject(&Fault::close(phase).on(Match::path(path)).times(1)));
        let slow = Fault::latency(Duration::from_millis(20)).on(Match::path("/_api/gharial*"));
        let slow = cluster.coordinator(seed % 3).inject(slow);
        let schema = library();
        let (one, two) = tokio::join!(schema.ensure(&database), async {
            sleep(Duration::from_millis(u64::try_from(seed).unwrap())).await;
            schema.ensure(&other).await
        });
        for ensured in [one, two] {
            ensured.unwrap_or_else(|error| {
                panic!("{seed} {phase:?}: {error}: {:?}", std::error::Error::source(&error))
            });
        }
        drop((lost, slow));
        assert!(schema.compare(&database).await.unwrap().is_empty(), "{seed} {phase:?}");
        let info = database.graph("library").info().await.unwrap().unwrap();
        assert_eq!((info.edge_definitions.len(), info.orphan_collections.len()), (2, 1), "{seed} {phase:?}");
    }
}

/// Returns the ends of the edges `wrote` of the graph, sorted.
async fn ends(database: &Database) -> Vec<String> {
    let info = database.graph("library").info().await.unwrap().unwrap();
    let mut ends = info.edge_definitions.iter().find(|one| one.collection == "wrote").unwrap().to.clone();
    ends.sort();
    ends
}

fn with_end(end: &str) -> DatabaseSchema {
    DatabaseSchema::new().graph("library", |library| library.edges(wrote(&[end])))
}

#[tokio::test(start_paused = true)]
async fn two_programs_that_add_different_ends_at_once_lose_none() {
    for seed in 0..24 {
        let cluster = cluster().await;
        let database = shop(&client(&cluster)).await;
        let other = client(&cluster).db("shop");
        small_library().ensure(&database).await.unwrap();
        other.version().await.unwrap();
        cluster.journal().clear();
        // Both have read the graph before one of them replaces the definition.
        let slow = Fault::latency(Duration::from_millis(60)).on(Match::put("/_api/gharial/*"));
        let _slow = cluster.inject(&slow);
        let (films, songs) = (with_end("films"), with_end("songs"));
        let (one, two) = tokio::join!(films.ensure(&database), async {
            sleep(Duration::from_millis(seed)).await;
            songs.ensure(&other).await
        });
        for ensured in [one, two] {
            let changes = ensured.unwrap().changes().to_string();
            assert_eq!(changes.lines().count(), 1, "{seed}: what is added again is shown once: {changes}");
        }
        let replaced = executed(&cluster, &Method::PUT, "/_api/gharial");
        assert_eq!(replaced, 3, "{seed}: both at once, and again by the one whose ends were dropped");
        assert_eq!(ends(&database).await, ["books", "films", "songs"], "{seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn ends_are_added_to_a_graph_that_was_read_again_after_an_unknown_outcome() {
    for (seed, phase) in
        (0_u64..30).zip([Phase::AfterRead, Phase::AfterExecution, Phase::InBody].into_iter().cycle())
    {
        let cluster = cluster().await;
        let database = shop(&client(&cluster)).await;
        let other = client(&cluster).db("shop");
        small_library().ensure(&database).await.unwrap();
        let lost = cluster.inject(&Fault::close(phase).on(Match::put("/_api/gharial/*")).times(1));
        let (films, songs) = (with_end("films"), with_end("songs"));
        let is_lost = async {
            while lost.iter().all(|fault| fault.hits() == 0) {
                sleep(Duration::from_millis(1)).await;
            }
            drop(lost);
        };
        let (one, two, ()) = tokio::join!(
            films.ensure(&database),
            async {
                // Before, in and after the pause until the other one sends its ends again.
                sleep(Duration::from_millis(13 * seed + 5)).await;
                songs.ensure(&other).await
            },
            is_lost
        );
        for ensured in [one, two] {
            ensured.unwrap_or_else(|error| panic!("{seed} {phase:?}: {error}"));
        }
        assert_eq!(ends(&database).await, ["books", "films", "songs"], "{seed} {phase:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn ends_that_are_dropped_again_and_again_are_reported_after_a_bounded_number_of_requests() {
    let cluster = cluster().await;
    let database = shop(&client(&cluster)).await;
    let other = client(&cluster).db("shop");
    small_library().ensure(&database).await.unwrap();
    let rival = async {
        loop {
            sleep(Duration::from_millis(20)).await;
            other.graph("library").replace_edges(wrote(&["books"])).await.unwrap();
        }
    };
    let films = with_end("films");
    let error = tokio::select! {
        result = films.ensure(&database) => result.unwrap_err(),
        () = rival => unreachable!(),
    };
    let SchemaError::Differs(left) = error else { panic!("{error}") };
    let line = r#"~ graph library.edgeDefinitions.wrote {"from":["authors"],"to":["books"]} → {"from":["authors"],"to":["books","films"]}"#;
    assert_eq!(left.to_string(), line);
}

#[tokio::test(start_paused = true)]
async fn a_graph_that_cannot_be_created_is_named_in_the_error() {
    let cluster = cluster().await;
    let database = shop(&client(&cluster)).await;
    database.create_graph("other").edges(wrote(&["songs"])).await.unwrap();
    let error = library().ensure(&database).await.unwrap_err();
    assert_eq!(error.to_string(), "the schema could not be ensured: graph library");
    let SchemaError::Call { source, .. } = error else { panic!() };
    assert_eq!(
        source.error_number().map(|number| number.0),
        Some(1921),
        "another graph connects them otherwise"
    );
}
