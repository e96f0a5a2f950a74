//! Documents: read, inserted, changed under a revision, removed.

use arango::ErrorKind;
use arango::data::Document;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cluster_under_test::{ClusterUnderTest, new_database, patient};

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Book {
    title: String,
    year: u32,
}

fn dune() -> Book {
    Book { title: "Dune".to_owned(), year: 1965 }
}

#[tokio::test]
async fn a_document_is_read_by_every_coordinator_as_it_was_written() {
    let client = ClusterUnderTest::from_env().client();
    let database = new_database(&client, "read").await;
    database.create_collection("books").shards(3).await.unwrap();
    database.wait_for_collection("books", patient()).await.unwrap();
    let key = database.collection("books").insert(&dune()).await.unwrap().key;

    for state in client.coordinators() {
        let books = client.coordinator(&state.address).db(database.name()).collection("books");
        assert_eq!(books.get::<Book>(&key).await.unwrap(), Some(dune()), "{}", state.address);
    }
    client.drop_database(database.name()).await.unwrap();
}

#[tokio::test]
async fn a_change_under_an_old_revision_is_refused() {
    let client = ClusterUnderTest::from_env().client();
    let database = new_database(&client, "revision").await;
    database.create_collection("books").ensure().await.unwrap().into_result().unwrap();
    let books = database.collection("books");
    let key = books.insert(&dune()).await.unwrap().key;
    let read = books.get::<Document<Book>>(&key).await.unwrap().unwrap();

    books.update(&key, &json!({ "year": 1966 })).if_revision(&read.revision).await.unwrap();
    let refused = books.update(&key, &json!({ "year": 1967 })).if_revision(&read.revision).await.unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::PreconditionFailed, "{refused}");
    assert_eq!(books.get::<Book>(&key).await.unwrap().unwrap().year, 1966);
    client.drop_database(database.name()).await.unwrap();
}

#[tokio::test]
async fn a_key_that_is_in_use_is_refused_and_a_removed_one_is_not() {
    let client = ClusterUnderTest::from_env().client();
    let database = new_database(&client, "keys").await;
    database.create_collection("books").ensure().await.unwrap().into_result().unwrap();
    let books = database.collection("books");
    books.insert(&dune()).key("dune").await.unwrap();

    let refused = books.insert(&dune()).key("dune").await.unwrap_err();
    books.remove("dune").await.unwrap();
    assert_eq!(books.get::<Book>("dune").await.unwrap(), None);
    books.insert(&dune()).key("dune").await.unwrap();

    assert_eq!(refused.kind(), ErrorKind::UniqueViolation, "{refused}");
    assert_eq!(books.count().await.unwrap(), 1);
    client.drop_database(database.name()).await.unwrap();
}
