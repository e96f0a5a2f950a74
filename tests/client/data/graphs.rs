//! Named graphs.

use std::time::Duration;

use arango::data::{DropStatus, EdgeDefinition};
use arango::{Database, ErrorKind, Outcome};
use arango_test_cluster::{Fault, FaultGuard, Match, Phase, TestCluster};
use http::Method;
use serde_json::json;

use crate::support::{client, cluster};

fn wrote() -> EdgeDefinition {
    EdgeDefinition::new("wrote", ["authors"], ["books"])
}

/// Returns a database with a graph `library` of authors, books, and who wrote them.
async fn library(cluster: &TestCluster) -> Database {
    let library = client(cluster).db("_system");
    library.create_graph("library").edges(wrote()).await.expect("the graph can be created");
    library
}

/// Stores an author, two books, and an edge to each.
async fn fill(library: &Database) {
    library.collection("authors").insert(&json!({})).key("herbert").await.expect("an author is stored");
    for key in ["dune", "whipping-star"] {
        library.collection("books").insert(&json!({})).key(key).await.expect("a book is stored");
        let edge = json!({ "_from": "authors/herbert", "_to": format!("books/{key}") });
        library.collection("wrote").insert(&edge).await.expect("an edge is stored");
    }
}

/// Returns how many requests of this method below `/_api/gharial` changed something.
fn executed(cluster: &TestCluster, method: &Method) -> usize {
    cluster.journal().executions_matching(|entry| {
        let is_success = entry.status.is_some_and(|status| status < 300);
        is_success && entry.method == *method && entry.path.starts_with("/_api/gharial")
    })
}

#[tokio::test(start_paused = true)]
async fn a_graph_is_created_listed_and_dropped() {
    let cluster = cluster().await;
    let library = client(&cluster).db("_system");
    let graph = library.graph("library");
    assert_eq!(graph.info().await.unwrap(), None);
    let create = || library.create_graph("library").edges(wrote()).orphan("shelves").shards(3);
    let created = create().replication_factor(2).write_concern(2).await.unwrap();
    assert_eq!(
        (&created.edge_definitions, &created.orphan_collections),
        (&vec![wrote()], &vec!["shelves".to_owned()])
    );
    assert_eq!((created.number_of_shards, created.write_concern), (Some(3), Some(2)));
    assert_eq!(create().await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(graph.info().await.unwrap().as_ref(), Some(&created));
    assert_eq!(library.graphs().await.unwrap(), [created]);
    let authors = library.collection("authors").properties().await.unwrap();
    assert_eq!((authors.number_of_shards, authors.write_concern), (Some(3), Some(2)));

    assert_eq!(graph.drop_graph().await.unwrap(), DropStatus::Dropped);
    assert_eq!(graph.drop_graph().await.unwrap(), DropStatus::NotFound);
    assert_eq!(library.collection("authors").count().await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_ensured_graph_is_compared_and_not_changed() {
    let cluster = cluster().await;
    let library = client(&cluster).db("_system");
    let first = library.create_graph("library").edges(wrote()).ensure().await.unwrap();
    assert!(!first.existed && first.matches());
    let same = library.create_graph("library").edges(wrote()).ensure().await.unwrap();
    assert!(same.existed && same.matches());
    let other = library.create_graph("library").edges(wrote()).orphan("shelves").ensure().await.unwrap();
    let text = "graph library exists and differs: orphanCollections.shelves is null, expected true";
    assert_eq!((other.existed, other.to_string().as_str()), (true, text));
    assert_eq!(other.actual, first.actual);
}

#[tokio::test(start_paused = true)]
async fn definitions_and_orphans_are_added_replaced_and_removed() {
    let cluster = cluster().await;
    let graph = library(&cluster).await.graph("library");
    let read = |to: &[&str]| EdgeDefinition::new("read", ["people"], to.to_vec());
    let changed = graph.add_edges(read(&["books"])).await.unwrap();
    assert_eq!(changed.edge_definitions.len(), 2);
    let error = graph.add_edges(read(&["books"])).await.unwrap_err();
    assert_eq!(error.error_number().map(|number| number.0), Some(1920), "{error}");
    let changed = graph.replace_edges(read(&["books", "articles"])).await.unwrap();
    assert!(changed.edge_definitions.contains(&read(&["articles", "books"])), "{changed:?}");
    let changed = graph.remove_edges("read").await.unwrap();
    assert_eq!(changed.edge_definitions, [wrote()]);
    assert_eq!(changed.orphan_collections, ["articles", "people"]);

    assert_eq!(graph.remove_orphan("people").await.unwrap().orphan_collections, ["articles"]);
    assert_eq!(graph.add_orphan("shelves").await.unwrap().orphan_collections, ["articles", "shelves"]);
    let error = graph.remove_orphan("people").await.unwrap_err();
    assert_eq!(error.error_number().map(|number| number.0), Some(1928), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_definition_is_replaced_once_and_looked_at_if_the_response_is_lost() {
    for phase in [Phase::AfterRead, Phase::AfterExecution] {
        let cluster = cluster().await;
        let graph = library(&cluster).await.graph("library");
        let _lost = cluster.inject(&Fault::close(phase).on(Match::put("/_api/gharial*")).times(1));
        let other = EdgeDefinition::new("wrote", ["people"], ["books"]);
        let replaced = graph.replace_edges(other.clone()).await;
        match phase {
            Phase::AfterRead => assert_eq!(replaced.unwrap_err().outcome(), Outcome::Unknown),
            _ => assert_eq!(replaced.unwrap().edge_definitions, [other]),
        }
        let expected = usize::from(!matches!(phase, Phase::AfterRead));
        assert_eq!(executed(&cluster, &Method::PUT), expected, "{phase:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn edges_go_with_the_vertex_where_they_begin_or_end() {
    let cluster = cluster().await;
    let library = library(&cluster).await;
    fill(&library).await;
    let graph = library.graph("library");
    assert_eq!(graph.remove_vertex("books", "dune").await.unwrap(), DropStatus::Dropped);
    assert_eq!(library.collection("wrote").count().await.unwrap(), 1);
    assert_eq!(graph.remove_vertex("authors", "herbert").await.unwrap(), DropStatus::Dropped);
    assert_eq!(library.collection("wrote").count().await.unwrap(), 0);
    assert_eq!(library.collection("books").count().await.unwrap(), 1);
    assert_eq!(graph.remove_vertex("authors", "herbert").await.unwrap(), DropStatus::NotFound);
    let foreign = graph.remove_vertex("people", "ada").await.unwrap_err();
    assert_eq!(foreign.kind(), ErrorKind::NotFound, "{foreign}");
    let invalid = graph.remove_vertex("authors", "a/b").await.unwrap_err();
    assert_eq!((invalid.kind(), invalid.attempts().len()), (ErrorKind::Request, 0), "{invalid}");
}

#[tokio::test(start_paused = true)]
async fn collections_of_a_new_graph_are_written_at_coordinators_that_do_not_know_them_yet() {
    let cluster = cluster().await;
    cluster.set_propagation(Duration::from_secs(30));
    let library = library(&cluster).await;
    fill(&library).await;
    library.graph("library").add_edges(EdgeDefinition::new("read", ["people"], ["books"])).await.unwrap();
    library.graph("library").add_orphan("shelves").await.unwrap();
    for collection in ["people", "shelves", "read"] {
        assert_eq!(library.collection(collection).count().await.unwrap(), 0, "{collection}");
        assert_eq!(library.collection(collection).count().await.unwrap(), 0, "{collection}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_graph_whose_response_is_lost_is_created_and_changed_once() {
    for phase in [Phase::AfterRead, Phase::AfterExecution, Phase::InBody] {
        let cluster = cluster().await;
        let library = client(&cluster).db("_system");
        let lost = Fault::close(phase).on(Match::post("/_api/gharial*")).times(1);
        let faults = cluster.inject(&lost);
        library.create_graph("library").edges(wrote()).ensure().await.unwrap().into_result().unwrap();
        drop(faults);
        let _faults = cluster.inject(&lost);
        let graph = library.graph("library");
        let changed = graph.add_edges(EdgeDefinition::new("read", ["people"], ["books"])).await;
        match phase {
            // It is not known whether the server has it, and it is not there: it may still come.
            Phase::AfterRead => assert_eq!(changed.unwrap_err().outcome(), Outcome::Unknown),
            _ => assert_eq!(changed.unwrap().edge_definitions.len(), 2),
        }
        let expected = if matches!(phase, Phase::AfterRead) { 1 } else { 2 };
        assert_eq!(executed(&cluster, &Method::POST), expected, "{phase:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_vertex_whose_response_is_lost_is_removed_once() {
    for phase in [Phase::AfterExecution, Phase::InHead, Phase::InBody] {
        let cluster = cluster().await;
        let library = library(&cluster).await;
        fill(&library).await;
        let _lost = cluster.inject(&Fault::close(phase).on(Match::method(Method::DELETE, "/_api/gharial/*")));
        let removed = library.graph("library").remove_vertex("authors", "herbert").await;
        assert_eq!(removed.unwrap(), DropStatus::Dropped, "{phase:?}");
        assert_eq!(executed(&cluster, &Method::DELETE), 1, "{phase:?}");
        assert_eq!(library.collection("wrote").count().await.unwrap(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_removal_of_a_vertex_that_may_still_come_is_sent_once_and_unknown() {
    let cluster = cluster().await;
    let library = library(&cluster).await;
    fill(&library).await;
    let removal = Match::method(Method::DELETE, "/_api/gharial/*");
    let lost = cluster.inject(&Fault::close(Phase::AfterRead).on(removal));
    let error = library.graph("library").remove_vertex("authors", "herbert").await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
    assert_eq!(
        (lost.iter().map(FaultGuard::hits).sum::<usize>(), executed(&cluster, &Method::DELETE)),
        (1, 0)
    );
    assert_eq!(library.collection("wrote").count().await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_removed_vertex_changes_itself_and_its_edges_on_the_server() {
    let cluster = cluster().await;
    let library = library(&cluster).await;
    fill(&library).await;
    library.graph("library").remove_vertex("authors", "herbert").await.unwrap();
    let entries = cluster.journal().entries();
    let changes = entries.iter().filter(|entry| entry.method == Method::DELETE).map(|entry| entry.changes);
    assert_eq!(changes.sum::<usize>(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_graph_is_dropped_with_its_collections() {
    let cluster = cluster().await;
    let library = library(&cluster).await;
    let lost = Fault::close(Phase::AfterExecution).on(Match::method(Method::DELETE, "/_api/gharial/*"));
    let faults = cluster.inject(&lost);
    assert_eq!(library.graph("library").drop_graph().await.unwrap(), DropStatus::Dropped);
    drop(faults);
    library.create_graph("library").edges(wrote()).await.unwrap();
    let faults = cluster.inject(&lost);
    let error = library.graph("library").drop_with_collections().await.unwrap_err();
    assert_eq!((error.outcome(), error.attempts().len()), (Outcome::Unknown, 1), "{error}");
    drop(faults);
    assert_eq!(executed(&cluster, &Method::DELETE), 2);
    let error = library.collection("authors").count().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CollectionNotFound, "{error}");
}
