//! Named graphs, edges and traversals.

use std::collections::BTreeSet;

use arango::data::{Aql, EdgeDefinition};
use serde_json::{Value, json};

use crate::cluster_under_test::{ClusterUnderTest, NewDatabase, new_database, patient};

/// A graph of authors who wrote books: Herbert two, Le Guin one.
async fn library(client: &arango::Client) -> NewDatabase {
    let library = new_database(client, "library").await;
    let wrote = EdgeDefinition::new("wrote", ["authors"], ["books"]);
    library.create_graph("library").edges(wrote).orphan("shelves").shards(3).await.unwrap();
    for collection in ["authors", "books", "shelves", "wrote"] {
        library.wait_for_collection(collection, patient()).await.unwrap();
    }
    for (author, book) in [("herbert", "dune"), ("herbert", "messiah"), ("le_guin", "dispossessed")] {
        let from = library.collection("authors").upsert(author, &json!({})).await.unwrap();
        let to = library.collection("books").upsert(book, &json!({ "title": book })).await.unwrap();
        library.edges("wrote").link_once(&from, &to, &json!({})).await.unwrap();
    }
    library
}

#[tokio::test]
async fn a_graph_has_the_definition_with_which_it_was_created() {
    let client = ClusterUnderTest::from_env().client();
    let library = library(&client).await;
    let graph = library.graph("library");

    let info = graph.info().await.unwrap().unwrap();
    assert_eq!(info.edge_definitions, [EdgeDefinition::new("wrote", ["authors"], ["books"])]);
    assert_eq!(info.orphan_collections, ["shelves"]);
    let changed = graph.add_edges(EdgeDefinition::new("read", ["people"], ["books"])).await.unwrap();
    assert_eq!(changed.edge_definitions.len(), 2);
    let same = EdgeDefinition::new("wrote", ["authors"], ["books"]);
    assert!(library.create_graph("library").edges(same).ensure().await.unwrap().existed);

    client.drop_database(library.name()).await.unwrap();
}

#[tokio::test]
async fn a_traversal_reaches_what_is_connected_and_nothing_else() {
    let client = ClusterUnderTest::from_env().client();
    let library = library(&client).await;

    let wrote = library.traverse(["wrote"], "authors/herbert").declare(["authors", "books"]);
    let books: Vec<Value> = wrote.vertices().all().await.unwrap();
    let query = Aql::new("FOR book IN 1..2 ANY 'books/dune' GRAPH 'library' RETURN book._key");
    let around: Vec<String> = library.query(query).all().await.unwrap();

    let titles: BTreeSet<_> = books.iter().filter_map(|book| book["title"].as_str()).collect();
    assert_eq!(titles, BTreeSet::from(["dune", "messiah"]));
    assert_eq!(
        around.into_iter().collect::<BTreeSet<_>>(),
        BTreeSet::from(["herbert", "messiah"].map(str::to_owned))
    );
    client.drop_database(library.name()).await.unwrap();
}

#[tokio::test]
async fn a_link_is_stored_once_however_often_it_is_made() {
    let client = ClusterUnderTest::from_env().client();
    let library = library(&client).await;
    let (from, to) = ("authors/herbert", "books/dune");

    for _ in 0..3 {
        library.edges("wrote").link_once(from, to, &json!({})).await.unwrap();
    }

    assert_eq!(library.edges("wrote").collection().count().await.unwrap(), 3);
    client.drop_database(library.name()).await.unwrap();
}

#[tokio::test]
async fn a_vertex_is_removed_together_with_its_edges() {
    let client = ClusterUnderTest::from_env().client();
    let library = library(&client).await;

    library.graph("library").remove_vertex("authors", "herbert").await.unwrap();

    assert_eq!(library.collection("authors").get::<Value>("herbert").await.unwrap(), None);
    assert_eq!(library.edges("wrote").collection().count().await.unwrap(), 1);
    assert_eq!(library.collection("books").count().await.unwrap(), 3);
    client.drop_database(library.name()).await.unwrap();
}

#[tokio::test]
async fn a_collection_of_a_graph_cannot_be_dropped_since_3_12() {
    let client = ClusterUnderTest::from_env().client();
    let version = client.db("_system").version().await.unwrap().parsed().unwrap();
    if version < "3.12.0".parse().unwrap() {
        anstream::eprintln!("skipped: servers before 3.12 drop collections that a graph has");
        return;
    }
    let library = library(&client).await;

    assert!(library.collection("wrote").drop_collection().await.is_err());

    assert_eq!(library.edges("wrote").collection().count().await.unwrap(), 3);
    client.drop_database(library.name()).await.unwrap();
}
