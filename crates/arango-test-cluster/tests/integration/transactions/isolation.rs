//! What a transaction sees, what others see of it, and what becomes of conflicts.

use http::{Method, Request};
use serde_json::{Value, json};

use super::{commit, count, insert, library, outcome, path, status, writing};
use crate::client::{Session, TestResponse};

async fn read(session: &mut Session, id: &str, key: &str) -> TestResponse {
    session.within(id, Method::GET, &format!("/_api/document/books/{key}"), &Value::Null).await
}

async fn update(session: &mut Session, id: &str, key: &str, patch: Value) -> TestResponse {
    session.within(id, Method::PATCH, &format!("/_api/document/books/{key}"), &patch).await
}

async fn count_within(session: &mut Session, id: &str) -> Value {
    session.within(id, Method::GET, "/_api/collection/books/count", &Value::Null).await.json()["count"]
        .clone()
}

#[tokio::test]
async fn a_transaction_sees_its_own_writes_and_others_see_them_from_the_commit_on() {
    let (cluster, mut session) = library().await;
    let id = writing(&mut session).await;
    let inserted = insert(&mut session, &id, json!({ "_key": "a", "n": 1 })).await;
    assert_eq!((inserted.status, &inserted.json()["_key"]), (202, &json!("a")));
    assert_eq!(update(&mut session, &id, "a", json!({ "n": 2 })).await.status, 202);
    let many = json!([{ "_key": "b" }, { "_key": "a" }, { "_key": "c" }]);
    let many = insert(&mut session, &id, many).await;
    assert_eq!((many.status, &many.json()[1]["errorNum"]), (202, &json!(1210)));

    assert_eq!(read(&mut session, &id, "a").await.json()["n"], 2);
    assert_eq!(count_within(&mut session, &id).await, 3);
    let query = json!({ "query": "FOR b IN books SORT b._key RETURN b._key" });
    let found = session.within(&id, Method::POST, "/_api/cursor", &query).await;
    assert_eq!(found.json()["result"], json!(["a", "b", "c"]));
    assert_eq!(
        (count(&mut session).await, session.get("/_api/document/books/a").await.status),
        (json!(0), 404)
    );
    assert_eq!(cluster.journal().executions_matching(|entry| entry.changes > 0), 0);

    let request = Request::put(path(&id)).header("x-sim-marker", "commit");
    assert_eq!(session.send(request, "").await.unwrap().status, 200);
    assert_eq!(count(&mut session).await, 3);
    assert_eq!(session.get("/_api/document/books/a").await.json()["n"], 2);
    assert_eq!(cluster.journal().changes("commit"), 3, "three documents, however often they were written");
}

#[tokio::test]
async fn an_aborted_transaction_leaves_nothing() {
    let (_cluster, mut session) = library().await;
    session.post("/_api/document/books", &json!({ "_key": "a" })).await;
    let id = writing(&mut session).await;
    insert(&mut session, &id, json!({ "_key": "b" })).await;
    let removed = session.within(&id, Method::DELETE, "/_api/document/books/a", &Value::Null).await;
    assert_eq!(removed.status, 202);
    assert_eq!(session.delete(&path(&id)).await.status, 200);
    assert_eq!(session.get("/_api/document/books/a").await.status, 200);
    assert_eq!(count(&mut session).await, 1);
    assert_eq!(session.post("/_api/document/books", &json!({ "_key": "b" })).await.status, 202, "unlocked");
}

#[tokio::test]
async fn a_transaction_reads_from_its_begin_and_meets_later_writes_as_conflicts() {
    let (_cluster, mut session) = library().await;
    session.post("/_api/document/books", &json!({ "_key": "a", "n": 1 })).await;
    let id = writing(&mut session).await;
    session.request(Method::PATCH, "/_api/document/books/a", r#"{"n":2}"#).await.unwrap();
    session.post("/_api/document/books", &json!({ "_key": "b" })).await;

    assert_eq!(read(&mut session, &id, "a").await.json()["n"], 1);
    assert_eq!(outcome(&read(&mut session, &id, "b").await), (404, 1202));
    assert_eq!(count_within(&mut session, &id).await, 1);
    assert_eq!(outcome(&update(&mut session, &id, "a", json!({ "n": 3 })).await), (409, 1200));
    assert_eq!(outcome(&insert(&mut session, &id, json!({ "_key": "b" })).await), (409, 1200));
    let query = json!({ "query": "UPDATE 'a' WITH { n: 4 } IN books" });
    let refused = session.within(&id, Method::POST, "/_api/cursor", &query).await;
    assert_eq!(outcome(&refused), (409, 1200));
    let elements = json!([{ "_key": "a", "n": 5 }]);
    let refused = session.within(&id, Method::PATCH, "/_api/document/books", &elements).await;
    assert_eq!((refused.status, &refused.json()[0]["errorNum"]), (202, &json!(1200)));

    assert_eq!(status(&mut session, &id).await, "running", "a conflict does not end it");
    assert_eq!(insert(&mut session, &id, json!({ "_key": "c" })).await.status, 202);
    assert_eq!(commit(&mut session, &id).await.status, 200);
    assert_eq!(session.get("/_api/document/books/a").await.json()["n"], 2);
    assert_eq!(count(&mut session).await, 3);
}

#[tokio::test]
async fn a_written_document_is_locked_for_all_others_until_the_transaction_ends() {
    let (_cluster, mut session) = library().await;
    session.post("/_api/document/books", &json!({ "_key": "a" })).await;
    let (one, other) = (writing(&mut session).await, writing(&mut session).await);
    assert_eq!(update(&mut session, &one, "a", json!({ "n": 1 })).await.status, 202);
    assert_eq!(insert(&mut session, &one, json!({ "_key": "b" })).await.status, 202);

    assert_eq!(outcome(&update(&mut session, &other, "a", json!({ "n": 2 })).await), (409, 1200));
    assert_eq!(outcome(&insert(&mut session, &other, json!({ "_key": "b" })).await), (409, 1200));
    let single = session.request(Method::PATCH, "/_api/document/books/a", r#"{"n":3}"#).await.unwrap();
    assert_eq!(outcome(&single), (409, 1200));
    assert_eq!(outcome(&session.post("/_api/document/books", &json!({ "_key": "b" })).await), (409, 1200));
    let query = json!({ "query": "REMOVE 'a' IN books" });
    assert_eq!(outcome(&session.post("/_api/cursor", &query).await), (409, 1200));
    assert_eq!(session.post("/_api/document/books", &json!({ "_key": "c" })).await.status, 202);

    assert_eq!(session.delete(&path(&one)).await.status, 200);
    assert_eq!(update(&mut session, &other, "a", json!({ "n": 2 })).await.status, 202);
    assert_eq!(commit(&mut session, &other).await.status, 200);
    assert_eq!(session.get("/_api/document/books/a").await.json()["n"], 2);
}

#[tokio::test(start_paused = true)]
async fn a_document_that_a_running_query_has_written_is_locked_for_transactions() {
    let (cluster, mut session) = library().await;
    let id = writing(&mut session).await;
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    let query = json!({ "query": "INSERT { _key: 'a', s: SLEEP(5) } INTO books" });
    let running = tokio::spawn(async move { other.post("/_api/cursor", &query).await.status });
    super::pass(1).await;
    assert_eq!(outcome(&insert(&mut session, &id, json!({ "_key": "a" })).await), (409, 1200));
    assert_eq!(insert(&mut session, &id, json!({ "_key": "b" })).await.status, 202);
    assert_eq!(running.await.unwrap(), 201);
    assert_eq!(commit(&mut session, &id).await.status, 200);
    assert_eq!(count(&mut session).await, 2);
}

#[tokio::test]
async fn a_unique_value_is_locked_as_a_document_is() {
    let (_cluster, mut session) = library().await;
    let index = json!({ "type": "persistent", "fields": ["isbn"], "unique": true, "sparse": true });
    assert_eq!(session.post("/_api/index?collection=books", &index).await.status, 201);
    let (one, other) = (writing(&mut session).await, writing(&mut session).await);
    assert_eq!(insert(&mut session, &one, json!({ "isbn": 1 })).await.status, 202);
    assert_eq!(outcome(&insert(&mut session, &one, json!({ "isbn": 1 })).await), (409, 1210));
    assert_eq!(outcome(&insert(&mut session, &other, json!({ "isbn": 1 })).await), (409, 1200));
    assert_eq!(outcome(&session.post("/_api/document/books", &json!({ "isbn": 1 })).await), (409, 1200));
    let query = json!({ "query": "INSERT { isbn: 1 } INTO books" });
    assert_eq!(outcome(&session.post("/_api/cursor", &query).await), (409, 1200));

    assert_eq!(commit(&mut session, &one).await.status, 200);
    assert_eq!(outcome(&session.post("/_api/document/books", &json!({ "isbn": 1 })).await), (409, 1210));
    assert_eq!(
        outcome(&insert(&mut session, &other, json!({ "isbn": 1 })).await),
        (409, 1200),
        "an old snapshot"
    );
    let later = writing(&mut session).await;
    assert_eq!(outcome(&insert(&mut session, &later, json!({ "isbn": 1 })).await), (409, 1210));
}

#[tokio::test]
async fn revisions_are_preconditions_within_a_transaction_too() {
    let (_cluster, mut session) = library().await;
    let first = session.post("/_api/document/books", &json!({ "_key": "a" })).await.json()["_rev"].clone();
    let id = writing(&mut session).await;
    let second = update(&mut session, &id, "a", json!({ "n": 1 })).await.json();
    assert_eq!((&second["_oldRev"], second["_rev"] == first), (&first, false));
    let request = |revision: &Value| {
        Request::patch("/_api/document/books/a")
            .header("x-arango-trx-id", &id)
            .header("if-match", revision.as_str().unwrap())
    };
    let stale = session.send(request(&first), r#"{"n":2}"#).await.unwrap();
    assert_eq!((outcome(&stale), &stale.json()["_rev"]), ((412, 1200), &second["_rev"]));
    assert_eq!(session.send(request(&second["_rev"]), r#"{"n":2}"#).await.unwrap().status, 202);
}

#[tokio::test]
async fn a_truncation_is_part_of_its_transaction() {
    let (_cluster, mut session) = library().await;
    session.post("/_api/document/books", &json!([{ "_key": "a" }, { "_key": "b" }])).await;
    let id = writing(&mut session).await;
    insert(&mut session, &id, json!({ "_key": "c" })).await;
    let truncated = session.within(&id, Method::PUT, "/_api/collection/books/truncate", &Value::Null).await;
    assert_eq!(truncated.status, 200);
    assert_eq!((count_within(&mut session, &id).await, count(&mut session).await), (json!(0), json!(2)));
    let details = "/_api/collection/books/count?details=true";
    let details = session.within(&id, Method::GET, details, &Value::Null).await.json()["count"].clone();
    assert!(details.as_object().unwrap().values().all(|count| *count == 0), "{details}");
    assert_eq!(commit(&mut session, &id).await.status, 200);
    assert_eq!(count(&mut session).await, 0);
}

#[tokio::test]
async fn a_query_that_fails_leaves_nothing_in_its_transaction_and_does_not_end_it() {
    let (_cluster, mut session) = library().await;
    let id = writing(&mut session).await;
    insert(&mut session, &id, json!({ "_key": "3" })).await;
    let query = json!({ "query": "FOR i IN 1..3 INSERT { _key: TO_STRING(i) } INTO books" });
    let failed = session.within(&id, Method::POST, "/_api/cursor", &query).await;
    assert_eq!(outcome(&failed), (409, 1210));
    assert_eq!(count_within(&mut session, &id).await, 1);
    let query = json!({ "query": "FOR i IN 4..5 INSERT { _key: TO_STRING(i) } INTO books" });
    assert_eq!(session.within(&id, Method::POST, "/_api/cursor", &query).await.status, 201);
    assert_eq!(commit(&mut session, &id).await.status, 200);
    assert_eq!(count(&mut session).await, 3);
}

#[tokio::test]
async fn nothing_is_written_to_a_new_collection_that_has_the_name_of_a_dropped_one() {
    let (_cluster, mut session) = library().await;
    let id = writing(&mut session).await;
    assert_eq!(insert(&mut session, &id, json!({ "_key": "a" })).await.status, 202);
    assert_eq!(session.delete("/_api/collection/books").await.status, 200);
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    assert_eq!(outcome(&commit(&mut session, &id).await), (404, 1203));
    assert_eq!(count(&mut session).await, 0);
    assert_eq!(status(&mut session, &id).await, "aborted");
}

#[tokio::test]
async fn a_stream_does_not_write_to_a_new_collection_that_has_the_name_of_a_dropped_one() {
    let (_cluster, mut session) = library().await;
    let text = "FOR i IN 1..3 INSERT { _key: TO_STRING(i) } INTO books RETURN NEW._key";
    let body = json!({ "query": text, "batchSize": 2, "stream": true });
    let cursor = session.post("/_api/cursor", &body).await.json();
    assert_eq!(session.delete("/_api/collection/books").await.status, 200);
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let path = format!("/_api/cursor/{}", cursor["id"].as_str().unwrap());
    assert_eq!(outcome(&session.request(Method::POST, &path, "").await.unwrap()), (404, 1203));
    assert_eq!(count(&mut session).await, 0);
}
