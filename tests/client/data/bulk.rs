//! Writing several documents with one request.

use std::collections::BTreeMap;

use arango::data::{ItemError, Key, OverwriteMode};
use arango::protocol::ErrorNumber;
use arango::{ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match};
use serde_json::{Value, json};

use super::{Book, book, books, requests, stored};
use crate::support::{client, cluster};

/// Returns the number of each failed item, with its place.
pub(super) fn failures<'a>(failed: impl Iterator<Item = (usize, &'a ItemError)>) -> Vec<(usize, u32)> {
    failed.map(|(place, error)| (place, error.number().map_or(0, |number| number.0))).collect()
}

#[tokio::test(start_paused = true)]
async fn documents_are_inserted_updated_replaced_and_removed_in_their_order() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    let titles = ["Dune", "Emma", "Ulysses"];
    let written = books.insert_many(titles.map(book)).await.unwrap().into_result().unwrap();
    let keys: Vec<Key> = written.iter().map(|written| written.key.clone()).collect();
    assert_eq!(requests(&cluster, "POST"), 1);
    let read = books.get_many::<Book>(&keys).await.unwrap();
    assert_eq!(read, titles.map(|title| Some(book(title))));

    let patches = keys.iter().zip(1..).map(|(key, year)| (key, json!({ "year": year })));
    let updated = books.update_many(patches).return_new::<Book>().await.unwrap().into_result().unwrap();
    let years: Vec<u16> = updated.iter().map(|updated| updated.new.as_ref().unwrap().year).collect();
    assert_eq!(years, [1, 2, 3]);

    let replaced = books.replace_many(keys.iter().map(|key| (key, json!({ "n": 7 })))).await.unwrap();
    let old: Vec<_> =
        replaced.into_result().unwrap().into_iter().map(|one| one.old_revision.unwrap()).collect();
    assert_eq!(old, updated.into_iter().map(|updated| updated.revision).collect::<Vec<_>>());

    let removed = books.remove_many(&keys[..2]).return_old::<Value>().await.unwrap().into_result().unwrap();
    assert!(removed.iter().all(|removed| removed.old.as_ref().unwrap()["n"] == 7));
    assert_eq!(stored(&cluster).await, 1);
}

#[tokio::test(start_paused = true)]
async fn an_item_that_fails_does_not_fail_the_others() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    books.insert(&book("Dune")).key("dune").await.unwrap();
    let documents = [
        json!({ "_key": "emma" }),
        json!({ "_key": "dune" }),
        json!({ "_key": "a/b" }),
        json!(7),
        json!({ "title": "Ulysses" }),
    ];
    let report = books.insert_many(&documents).await.unwrap();
    assert_eq!(failures(report.failed()), [(1, 1210), (2, 0), (3, 0)]);
    let expected = BTreeMap::from([(None, 2), (Some(ErrorNumber(1210)), 1)]);
    assert_eq!(report.by_number(), expected);
    assert!(report.failed().all(|(_, error)| error.outcome() == Outcome::NotExecuted));
    let error = report.into_result().unwrap_err();
    assert!(error.to_string().starts_with("3 of 5 items failed, such as item 1: "), "{error}");
    let kept = error.into_report();
    assert_eq!(kept.items()[0].as_ref().unwrap().key, "emma");
    assert_eq!(stored(&cluster).await, 3);
}

#[tokio::test(start_paused = true)]
async fn what_the_single_calls_can_do_can_be_done_for_many() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    let first = books.insert(&json!({ "v": 5, "kept": 1 })).key("dune").await.unwrap();
    let documents = [json!({ "_key": "dune", "v": 4 }), json!({ "_key": "emma", "v": 1 })];
    let versioned =
        books.insert_many(&documents).overwrite(OverwriteMode::Update).version("v").await.unwrap();
    let versioned = versioned.into_result().unwrap();
    assert!(versioned[0].is_unchanged() && !versioned[1].is_unchanged());

    let stale = json!({ "_rev": "_stale", "v": 9 });
    let fresh = json!({ "_rev": first.revision, "v": 9 });
    let report = books.update_many([("emma", &stale), ("dune", &fresh)]).if_body_revision().await.unwrap();
    assert_eq!(report.items()[0].as_ref().unwrap_err().kind(), ErrorKind::PreconditionFailed);
    let current = report.items()[1].as_ref().unwrap().revision.clone();

    let report = books.remove_many([("dune", &first.revision), ("emma", &first.revision)]).await.unwrap();
    assert_eq!(failures(report.failed()), [(0, 1200), (1, 1200)]);
    let removed = books.remove_many([("dune", &current)]).await.unwrap().into_result().unwrap();
    assert_eq!(removed[0].revision, Some(current));
    let report = books.remove_many(["dune", "emma"]).must_exist().await.unwrap();
    assert_eq!(failures(report.failed()), [(0, 1202)]);
    assert_eq!(stored(&cluster).await, 0);
}

#[tokio::test(start_paused = true)]
async fn more_than_ten_thousand_items_are_sent_in_several_requests_and_keep_their_order() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    let documents = (0..20_001).map(|number| json!({ "_key": number.to_string() }));
    let written = books.insert_many(documents).await.unwrap().into_result().unwrap();
    assert!(written.iter().zip(0..).all(|(written, number)| written.key == *number.to_string()));
    assert_eq!((written.len(), requests(&cluster, "POST"), stored(&cluster).await), (20_001, 3, 20_001));
}

#[tokio::test(start_paused = true)]
async fn no_items_need_no_request() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    assert!(books.insert_many([(); 0]).await.unwrap().items().is_empty());
    assert!(books.remove_many([""; 0]).await.unwrap().items().is_empty());
    assert_eq!(requests(&cluster, "POST") + requests(&cluster, "DELETE"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_fails_as_a_whole_is_the_error_of_the_call() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    let movies = database.collection("movies");
    let error = movies.update_many([("dune", json!({}))]).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::CollectionNotFound, Outcome::NotExecuted));
    let error = movies.insert_many([json!({})]).await.unwrap_err();
    assert_eq!((error.operation(), error.outcome()), ("document.insert_many", Outcome::NotExecuted));
    let error = database.collection("a/b").remove_many(["dune"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
}

#[tokio::test(start_paused = true)]
async fn after_a_refusal_that_is_not_transient_no_further_request_is_sent() {
    let cluster = cluster().await;
    let books = books(&client(&cluster)).server_keys();
    let forbidden = Fault::response(403, 11, "forbidden").on(Match::post("/_api/document/*")).times(1);
    let _second = cluster.coordinator(1).inject(forbidden);
    let report = books.insert_many((0..30_000).map(|_| json!({}))).await.unwrap();
    let failed: Vec<_> = report.failed().collect();
    assert_eq!((failed.len(), failed[0].0, requests(&cluster, "POST")), (20_000, 10_000, 2));
    assert!(failed.iter().all(|(_, error)| error.kind() == ErrorKind::Forbidden
        && error.outcome() == Outcome::NotExecuted));
    assert_eq!(stored(&cluster).await, 10_000);
}
