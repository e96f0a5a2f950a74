//! Edges, and vertices of graphs, within a transaction.

use std::time::Duration;

use arango::data::{DropStatus, EdgeDefinition, Transaction};
use arango::{Database, ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match, Phase, TestCluster};
use http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::{client, cluster};

/// A graph with an author, a book, and an edge between them.
async fn library() -> (TestCluster, Database) {
    let cluster = cluster().await;
    let library = client(&cluster).db("_system");
    let wrote = EdgeDefinition::new("wrote", ["authors"], ["books"]);
    library.create_graph("library").edges(wrote).await.unwrap();
    sleep(Duration::from_secs(2)).await;
    library.collection("authors").insert(&json!({})).key("herbert").await.unwrap();
    library.collection("books").insert(&json!({})).key("dune").await.unwrap();
    library.edges("wrote").link_once("authors/herbert", "books/dune", &json!({})).await.unwrap();
    cluster.journal().clear();
    (cluster, library)
}

async fn begin(library: &Database) -> Transaction {
    library.transaction(["authors", "books", "wrote"]).begin().await.unwrap()
}

async fn count(library: &Database, collection: &str) -> u64 {
    library.collection(collection).count().await.unwrap()
}

/// Returns how often a vertex was removed by a coordinator.
fn removals(cluster: &TestCluster) -> usize {
    let is_removal = |path: &str| path.starts_with("/_api/gharial/library/vertex/");
    let entries = cluster.journal().entries();
    entries.iter().filter(|entry| entry.method == Method::DELETE && is_removal(&entry.path)).count()
}

#[tokio::test(start_paused = true)]
async fn edges_are_linked_and_vertices_removed_in_a_transaction() {
    let (cluster, library) = library().await;
    let mut transaction = begin(&library).await;
    transaction.collection("books").insert(&json!({})).key("emma").await.unwrap();
    transaction.edges("wrote").link("authors/austen", "books/emma", &json!({})).await.unwrap();
    for _ in 0..2 {
        transaction.edges("wrote").link_once("authors/austen", "books/emma", &json!({})).await.unwrap();
    }
    assert_eq!(transaction.collection("wrote").count().await.unwrap(), 3, "once under the key of both ends");
    assert_eq!(
        transaction.graph("library").remove_vertex("books", "dune").await.unwrap(),
        DropStatus::Dropped
    );
    assert_eq!(
        transaction.graph("library").remove_vertex("books", "dune").await.unwrap(),
        DropStatus::NotFound
    );
    assert_eq!(transaction.collection("wrote").count().await.unwrap(), 2, "its edge has gone with it");
    assert_eq!(
        (count(&library, "wrote").await, count(&library, "books").await),
        (1, 1),
        "not seen by others"
    );
    assert!(library.collection("books").exists("dune").await.unwrap());
    transaction.commit().await.unwrap();
    assert_eq!((count(&library, "wrote").await, count(&library, "books").await), (2, 1));
    assert!(library.collection("books").exists("emma").await.unwrap());
    assert_eq!(removals(&cluster), 2);
}

#[tokio::test(start_paused = true)]
async fn a_removed_vertex_and_its_edges_are_there_after_an_abort() {
    let (_cluster, library) = library().await;
    let mut transaction = begin(&library).await;
    transaction.graph("library").remove_vertex("authors", "herbert").await.unwrap();
    transaction.edges("wrote").link("authors/austen", "books/dune", &json!({})).await.unwrap();
    transaction.abort().await.unwrap();
    assert_eq!((count(&library, "authors").await, count(&library, "wrote").await), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_removal_needs_the_collections_of_edges_and_its_refusal_changes_nothing() {
    let (_cluster, library) = library().await;
    let mut transaction = library.transaction(["authors"]).begin().await.unwrap();
    let undeclared = transaction.graph("library").remove_vertex("authors", "herbert").await.unwrap_err();
    assert_eq!(undeclared.error_number().unwrap().0, 1652, "{undeclared}");
    let invalid = transaction.graph("library").remove_vertex("authors", "a b").await.unwrap_err();
    assert_eq!(invalid.kind(), ErrorKind::Request);
    assert!(transaction.collection("authors").exists("herbert").await.unwrap(), "the transaction goes on");
    transaction.commit().await.unwrap();
    assert_eq!((count(&library, "authors").await, count(&library, "wrote").await), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_removal_whose_response_is_lost_poisons_the_transaction_and_is_not_repeated() {
    for phase in [Phase::AfterRead, Phase::AfterExecution, Phase::InBody] {
        let (cluster, library) = library().await;
        let mut transaction = begin(&library).await;
        let lost = Fault::close(phase).on(Match::delete("/_api/gharial/*")).times(1);
        let _lost = cluster.inject(&lost);
        let error = transaction.graph("library").remove_vertex("authors", "herbert").await.unwrap_err();
        assert_ne!(error.outcome(), Outcome::NotExecuted, "{phase:?}");
        let error = transaction.edges("wrote").link("authors/a", "books/b", &json!({})).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TransactionPoisoned, "{phase:?}");
        assert_eq!(removals(&cluster), 1, "{phase:?}");
        transaction.abort().await.unwrap();
        let author = library.collection("authors").get::<Value>("herbert").await.unwrap();
        assert!(author.is_some() && count(&library, "wrote").await == 1, "{phase:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn w14_a_closure_that_removes_a_vertex_takes_effect_once_although_a_response_is_lost() {
    let (cluster, library) = library().await;
    let lost = Fault::close(Phase::AfterExecution).on(Match::delete("/_api/gharial/*")).times(1);
    let _lost = cluster.inject(&lost);
    let closure = async |mut transaction: Transaction| {
        transaction.graph("library").remove_vertex("authors", "herbert").await
    };
    let removed = library.transaction(["authors", "wrote"]).run(closure).await.unwrap();
    assert_eq!(removed, DropStatus::Dropped, "the run whose response was lost has left nothing");
    assert!(removals(&cluster) > 1 && count(&library, "wrote").await == 0);
    assert!(cluster.open_transactions().is_empty());
}
