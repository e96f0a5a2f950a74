//! Many documents with few requests, and imports.

use arango::data::OverwriteMode;
use arango::{Collection, ErrorKind};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::cluster_under_test::{ClusterUnderTest, NewDatabase, new_database, patient};

/// How many documents an import has.
const DOCUMENTS: u64 = 4_000;

/// A collection of three shards in a new database.
async fn books(client: &arango::Client) -> (NewDatabase, Collection) {
    let database = new_database(client, "bulk").await;
    database.create_collection("books").shards(3).await.unwrap();
    database.wait_for_collection("books", patient()).await.unwrap();
    let books = database.collection("books");
    (database, books)
}

fn rows() -> impl Iterator<Item = Value> + Send {
    (0..DOCUMENTS).map(|number| json!({ "_key": number.to_string(), "number": number }))
}

#[tokio::test]
async fn each_item_of_many_has_its_result_in_the_order_of_the_items() {
    let client = ClusterUnderTest::from_env().client();
    let (database, books) = books(&client).await;
    books.insert(&json!({ "_key": "taken" })).await.unwrap();
    let keys = ["a", "taken", "b"];

    let inserted = books.insert_many(keys.map(|key| json!({ "_key": key }))).await.unwrap();
    let removed = books.remove_many(["a", "none", "taken"]).must_exist().await.unwrap();
    let read = books.get_many::<Value>(keys).await.unwrap();

    let failed: Vec<_> = inserted.failed().map(|(place, error)| (place, error.kind())).collect();
    assert_eq!(failed, [(1, ErrorKind::UniqueViolation)]);
    let failed: Vec<_> = removed.failed().map(|(place, error)| (place, error.kind())).collect();
    assert_eq!(failed, [(1, ErrorKind::DocumentNotFound)]);
    assert_eq!(read.iter().map(Option::is_some).collect::<Vec<_>>(), [false, false, true]);
    client.drop_database(database.name()).await.unwrap();
}

#[tokio::test]
async fn an_import_stores_each_document_once() {
    let client = ClusterUnderTest::from_env().client();
    let (database, books) = books(&client).await;

    let report = books.import(rows()).chunk_items(250).await.unwrap();

    assert_eq!((report.stored, report.failed, report.unknown), (DOCUMENTS, 0, 0), "{report:?}");
    assert_eq!(books.count().await.unwrap(), DOCUMENTS);
    client.drop_database(database.name()).await.unwrap();
}

#[tokio::test]
async fn a_second_import_of_the_same_documents_changes_nothing() {
    let client = ClusterUnderTest::from_env().client();
    let (database, books) = books(&client).await;
    assert_eq!(books.import(rows()).await.unwrap().stored, DOCUMENTS);
    books.update("7", &json!({ "read": true })).await.unwrap();

    let ignored = books.import(rows()).overwrite(OverwriteMode::Ignore).await.unwrap();
    let refused = books.import(rows()).await.unwrap();

    assert_eq!((ignored.stored, ignored.failed), (DOCUMENTS, 0), "{ignored:?}");
    assert_eq!((refused.stored, refused.failed), (0, DOCUMENTS), "{refused:?}");
    assert_eq!(books.get::<Value>("7").await.unwrap().unwrap()["read"], true);
    client.drop_database(database.name()).await.unwrap();
}

#[tokio::test]
async fn an_import_goes_on_while_a_coordinator_is_killed_and_restarted() {
    let under_test = ClusterUnderTest::from_env();
    let Some((control, victim)) = under_test.victim_or_skip() else { return };
    let client = under_test.client();
    let (database, books) = books(&client).await;

    // The coordinator is down for the requests with the second and the third quarter of the documents.
    let documents = stream::iter(rows().zip(1..)).then(async |(row, count)| {
        if count == DOCUMENTS / 4 {
            control.kill(victim).await;
        } else if count == DOCUMENTS * 3 / 4 {
            control.restart(victim).await;
        }
        row
    });
    let import = books.import_stream(documents).overwrite(OverwriteMode::Ignore).chunk_items(50);

    let report = import.await.unwrap();
    assert_eq!((report.stored, report.failed), (DOCUMENTS, 0), "{report:?}");
    assert_eq!(books.count().await.unwrap(), DOCUMENTS);
    client.drop_database(database.name()).await.unwrap();
}
