//! Reading and writing single documents.

use std::collections::BTreeMap;
use std::time::Duration;

use arango::data::{ChangedDocument, Document, Key, OverwriteMode};
use arango::{ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match};
use http::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Book, book, books, requests, stored};
use crate::support::{client, cluster};

#[tokio::test(start_paused = true)]
async fn a_write_that_returns_another_type_was_executed_and_is_not_looked_into() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    let key = &books.new_key();
    let failures = [
        books.insert(&book("Dune")).key(key).return_new::<u8>().await.unwrap_err(),
        books.update(key, &json!({ "year": 1966 })).return_old::<u8>().await.unwrap_err(),
        books.remove(key).return_old::<u8>().await.unwrap_err(),
    ];
    for error in &failures {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Decode, Outcome::Executed), "{error}");
        assert!(error.resolution().is_none() && error.ticket().is_none());
    }
    assert_eq!(requests(&cluster, "GET"), 0, "the responses said it");
    assert_eq!(stored(&cluster).await, 0, "each of them was executed");
}

#[tokio::test(start_paused = true)]
async fn a_document_is_inserted_read_replaced_updated_and_removed() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    let written = books.insert(&book("Dune")).await.unwrap();
    assert!(written.key.as_str().len() == 26 && written.evidence.is_none());
    assert_eq!(books.get::<Book>(&written.key).await.unwrap(), Some(book("Dune")));

    let replaced = books.replace(&written.key, &book("Emma")).await.unwrap();
    assert_eq!(replaced.old_revision.as_ref(), Some(&written.revision));
    let updated = books.update(&written.key, &json!({ "year": 1815 })).return_new::<Book>().await.unwrap();
    assert_eq!(updated.new, Some(Book { title: "Emma".to_owned(), year: 1815 }));

    let read = books.get::<Document<Book>>(&written.key).await.unwrap().unwrap();
    assert_eq!((&read.key, &read.revision, read.data.year), (&written.key, &updated.revision, 1815));
    assert_eq!(read.id, format!("books/{}", written.key).as_str());

    let removed = books.remove(&written.key).return_old::<Book>().await.unwrap();
    assert_eq!((removed.old.map(|book| book.year), removed.revision), (Some(1815), Some(updated.revision)));
    assert_eq!(books.get::<Book>(&written.key).await.unwrap(), None);
    assert_eq!(stored(&cluster).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_missing_document_is_none_and_a_missing_collection_is_an_error() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    let (books, other) = (database.collection("books"), database.collection("movies"));
    assert_eq!(books.get::<Value>("dune").await.unwrap(), None);
    assert!(!books.exists("dune").await.unwrap());
    books.insert(&book("Dune")).key("dune").await.unwrap();
    assert!(books.exists("dune").await.unwrap());
    for error in [other.get::<Value>("dune").await.unwrap_err(), other.exists("dune").await.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::CollectionNotFound, "{error}");
    }
    for error in [
        books.update("emma", &json!({})).await.unwrap_err(),
        books.replace("emma", &book("Emma")).await.unwrap_err(),
        books.remove("emma").must_exist().await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::DocumentNotFound, Outcome::NotExecuted));
    }
    assert_eq!(books.remove("emma").await.unwrap().revision, None);
}

#[tokio::test(start_paused = true)]
async fn an_invalid_name_is_refused_before_anything_is_sent() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let (books, invalid) = (books(&client), client.db("_system").collection("a/b"));
    for error in [
        books.get::<Value>("a b").await.unwrap_err(),
        books.insert(&book("Dune")).key("").await.unwrap_err(),
        invalid.get::<Value>("dune").await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Request, Outcome::NotExecuted), "{error}");
    }
    assert_eq!(requests(&cluster, "POST") + requests(&cluster, "GET"), 0);
}

#[tokio::test(start_paused = true)]
async fn not_a_number_is_refused_by_name() {
    #[derive(serde::Serialize)]
    struct Price {
        net: Vec<f64>,
    }
    let cluster = cluster().await;
    let error = books(&client(&cluster)).insert(&Price { net: vec![1.0, f64::NAN] }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(error.to_string().contains("net[1]"), "{error}");
    assert_eq!(requests(&cluster, "POST"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_write_under_another_revision_changes_nothing() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    let first = books.insert(&book("Dune")).key("dune").await.unwrap();
    let second = books.update("dune", &json!({ "year": 1966 })).if_revision(&first.revision).await.unwrap();
    for error in [
        books.update("dune", &json!({ "year": 1 })).if_revision(&first.revision).await.unwrap_err(),
        books.replace("dune", &book("Emma")).if_revision(&first.revision).await.unwrap_err(),
        books.remove("dune").if_revision(&first.revision).await.unwrap_err(),
        books.get::<Book>("dune").if_revision(&first.revision).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::PreconditionFailed, Outcome::NotExecuted));
    }
    let unchanged = books.get::<Book>("dune").unless_revision(&second.revision).await.unwrap();
    assert!(matches!(unchanged, ChangedDocument::Unchanged), "{unchanged:?}");
    let changed = books.get::<Book>("dune").unless_revision(&first.revision).await.unwrap();
    assert!(matches!(changed, ChangedDocument::Found(book) if book.year == 1966));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_taken_is_kept_merged_or_replaced_as_asked() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    books.insert(&json!({ "title": "Dune", "year": 1965 })).key("dune").await.unwrap();
    let error = books.insert(&json!({})).key("dune").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UniqueViolation);
    let kept =
        books.insert(&json!({ "year": 1 })).key("dune").overwrite(OverwriteMode::Ignore).await.unwrap();
    assert_eq!(books.get::<Book>("dune").await.unwrap().unwrap().year, 1965);
    assert_eq!(kept.key, "dune");
    books.upsert("dune", &json!({ "year": 1966 })).await.unwrap();
    assert_eq!(books.get::<Book>("dune").await.unwrap().unwrap().year, 1966);
    books.upsert("dune", &json!({ "only": true })).overwrite(OverwriteMode::Replace).await.unwrap();
    assert_eq!(books.get::<Value>("dune").await.unwrap().unwrap().get("title"), None);
}

#[tokio::test(start_paused = true)]
async fn a_document_is_modified_without_touching_what_the_type_does_not_name() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    books.insert(&json!({ "title": "Dune", "year": 1965, "other": [1] })).key("dune").await.unwrap();
    books.modify("dune", |book: &mut Book| book.year += 1).await.unwrap();
    let stored = books.get::<Value>("dune").await.unwrap().unwrap();
    assert_eq!((&stored["year"], &stored["other"]), (&json!(1966), &json!([1])));
    let missing = books.modify("emma", |_: &mut Book| unreachable!()).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::DocumentNotFound);
}

#[tokio::test(start_paused = true)]
async fn a_modification_to_not_a_number_is_refused_instead_of_removing_the_attribute() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    books.insert(&json!({ "price": 9.5 })).key("dune").await.unwrap();
    let modify = books.modify("dune", |book: &mut BTreeMap<String, f64>| {
        book.insert("price".to_owned(), f64::NAN);
    });
    let error = modify.await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Request, Outcome::NotExecuted), "{error}");
    assert_eq!(requests(&cluster, "PATCH"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_document_that_looks_like_an_error_can_be_modified() {
    let cluster = cluster().await;
    let logs = books(&client(&cluster));
    logs.insert(&json!({ "error": true, "code": 404, "errorNum": 1202, "seen": 0 })).key("l").await.unwrap();
    logs.modify("l", |log: &mut Value| log["seen"] = json!(1)).await.unwrap();
    assert_eq!(logs.get::<Value>("l").await.unwrap().unwrap()["seen"], 1);
    assert_eq!(requests(&cluster, "PATCH"), 1);
}

#[tokio::test(start_paused = true)]
async fn modifications_at_the_same_time_are_all_applied() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    books.insert(&json!({ "title": "Dune", "year": 0 })).key("dune").await.unwrap();
    let one = || books.modify("dune", |book: &mut Book| book.year += 1);
    let (a, b, c) = tokio::join!(one(), one(), one());
    for result in [a, b, c] {
        result.unwrap();
    }
    assert_eq!(books.get::<Book>("dune").await.unwrap().unwrap().year, 3);
}

#[tokio::test(start_paused = true)]
async fn a_modification_gives_up_after_eight_conflicts() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    books.insert(&json!({ "title": "Dune", "year": 0 })).key("dune").await.unwrap();
    let conflict =
        Fault::response(412, 1200, "conflict").on(Match::method(Method::PATCH, "/_api/document/books/dune"));
    let _conflict = cluster.inject(&conflict);
    let began = Instant::now();
    let error = books.modify("dune", |book: &mut Book| book.year += 1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PreconditionFailed);
    // Seven pauses, from 5 ms on and each twice as long, of which each is at least the half. Timers round up.
    let longest = Duration::from_millis(5 + 10 + 20 + 40 + 80 + 160 + 320);
    let took = began.elapsed();
    assert!(took >= longest / 2 && took <= longest + Duration::from_millis(7), "{took:?}");
    assert_eq!(requests(&cluster, "PATCH"), 8);
}

#[tokio::test(start_paused = true)]
async fn a_key_in_the_document_is_used_and_an_empty_one_counts_as_none() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    assert_eq!(books.insert(&json!({ "_key": "dune" })).await.unwrap().key, "dune");
    for none in [json!({ "_key": null }), json!({ "_key": "" })] {
        assert_eq!(books.insert(&none).await.unwrap().key.as_str().len(), 26);
    }
    let error = books.insert(&json!({ "_key": "dune" })).key("emma").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request, "{error}");
    let by_server = books.clone().server_keys().insert(&json!({})).await.unwrap();
    assert_ne!(by_server.key.as_str().len(), 26);
    let parsed = Key::new("dune").unwrap();
    assert!(books.exists(&parsed).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn several_documents_are_read_in_the_order_of_their_keys() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    for title in ["Dune", "Emma"] {
        books.insert(&book(title)).key(title).await.unwrap();
    }
    let read = books.get_many::<Document<Book>>(["Emma", "missing", "Dune"]).await.unwrap();
    let titles: Vec<_> = read.iter().map(|book| book.as_ref().map(|book| book.data.title.as_str())).collect();
    assert_eq!(titles, [Some("Emma"), None, Some("Dune")]);
    let (sent, none) = (requests(&cluster, "PUT"), [""; 0]);
    assert!(books.get_many::<Book>(none).await.unwrap().is_empty());
    assert_eq!(requests(&cluster, "PUT"), sent, "nothing is sent without keys");
    assert_eq!(books.get_many::<Book>(["a b"]).await.unwrap_err().kind(), ErrorKind::Request);
    let movies = client(&cluster).db("_system").collection("movies");
    assert_eq!(movies.get_many::<Book>(["Dune"]).await.unwrap_err().kind(), ErrorKind::CollectionNotFound);
    assert_eq!(stored(&cluster).await, 2);
}

#[tokio::test(start_paused = true)]
async fn an_option_that_an_insert_would_ignore_is_refused_before_anything_is_sent() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    let insert = |mode| books.insert(&json!({ "v": 1 })).key("dune").overwrite(mode);
    let many = |mode| books.insert_many([json!({ "_key": "dune", "v": 1 })]).overwrite(mode);
    for mode in [OverwriteMode::Conflict, OverwriteMode::Ignore] {
        refuse(insert(mode).version("v").await, "version");
        refuse(many(mode).version("v").await, "version");
        refuse(books.import([json!({})]).overwrite(mode).version("v").await, "version");
    }
    for mode in [OverwriteMode::Conflict, OverwriteMode::Ignore, OverwriteMode::Replace] {
        refuse(insert(mode).remove_nulls().await, "remove_nulls");
        refuse(insert(mode).replace_objects().await, "replace_objects");
        refuse(many(mode).remove_nulls().await, "remove_nulls");
        refuse(many(mode).replace_objects().await, "replace_objects");
    }
    assert_eq!(requests(&cluster, "POST"), 0);
    insert(OverwriteMode::Update).version("v").remove_nulls().replace_objects().await.unwrap();
    insert(OverwriteMode::Replace).version("v").await.unwrap();
}

/// The call has failed before anything was sent, and the error names the option.
fn refuse<T: std::fmt::Debug>(result: Result<T, arango::Error>, option: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Request, Outcome::NotExecuted), "{error}");
    assert!(error.to_string().contains(option), "{error}");
}
