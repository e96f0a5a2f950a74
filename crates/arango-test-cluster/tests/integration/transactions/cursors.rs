//! Queries and cursors of transactions.

use http::Method;
use serde_json::{Value, json};

use super::{begin, commit, count, insert, library, outcome, pass, path, writing};
use crate::client::Session;

/// Runs a query within a transaction, in batches of two.
async fn run(session: &mut Session, id: &str, text: &str, stream: bool) -> Value {
    let body = json!({ "query": text, "batchSize": 2, "stream": stream });
    let response = session.within(id, Method::POST, "/_api/cursor", &body).await;
    assert_eq!(response.status, 201, "{}", response.json());
    response.json()
}

async fn fetch(session: &mut Session, cursor: &Value) -> crate::client::TestResponse {
    let path = format!("/_api/cursor/{}", cursor["id"].as_str().expect("an open cursor"));
    session.request(Method::POST, &path, "").await.expect("a response")
}

#[tokio::test]
async fn a_stream_ends_with_its_transaction_and_a_complete_result_does_not() {
    for ends_by_commit in [true, false] {
        let (cluster, mut session) = library().await;
        let id = begin(&mut session, json!({ "collections": {} })).await;
        let stream = run(&mut session, &id, "FOR i IN 1..5 RETURN i", true).await;
        let complete = run(&mut session, &id, "FOR i IN 1..5 RETURN i", false).await;
        assert_eq!(fetch(&mut session, &stream).await.json()["result"], json!([3, 4]));
        let method = if ends_by_commit { Method::PUT } else { Method::DELETE };
        assert_eq!(session.request(method, &path(&id), "").await.unwrap().status, 200);
        assert_eq!(outcome(&fetch(&mut session, &stream).await), (404, 1600));
        assert_eq!(fetch(&mut session, &complete).await.json()["result"], json!([3, 4]));
        assert_eq!(cluster.open_cursors().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn reading_a_stream_keeps_its_transaction() {
    let (_cluster, mut session) = library().await;
    let id = begin(&mut session, json!({ "collections": {} })).await;
    let stream = run(&mut session, &id, "FOR i IN 1..8 RETURN i", true).await;
    for expected in [json!([3, 4]), json!([5, 6]), json!([7, 8])] {
        pass(50).await;
        assert_eq!(fetch(&mut session, &stream).await.json()["result"], expected);
    }
    assert_eq!(commit(&mut session, &id).await.status, 200);
}

#[tokio::test]
async fn a_stream_sees_what_its_transaction_has_written_before() {
    let (_cluster, mut session) = library().await;
    let id = writing(&mut session).await;
    insert(&mut session, &id, json!([{ "_key": "a" }, { "_key": "b" }, { "_key": "c" }])).await;
    let stream = run(&mut session, &id, "FOR b IN books RETURN b._key", true).await;
    insert(&mut session, &id, json!({ "_key": "d" })).await;
    let rest = fetch(&mut session, &stream).await.json();
    assert_eq!(
        (stream["result"].as_array().unwrap().len(), rest["result"].as_array().unwrap().len()),
        (2, 1)
    );
}

#[tokio::test]
async fn a_stream_that_writes_has_written_within_its_transaction_when_it_begins() {
    let (_cluster, mut session) = library().await;
    let id = writing(&mut session).await;
    let text = "FOR i IN 1..3 INSERT { _key: TO_STRING(i) } INTO books RETURN NEW._key";
    let stream = run(&mut session, &id, text, true).await;
    assert_eq!((&stream["result"], &stream["hasMore"]), (&json!(["1", "2"]), &json!(true)));
    let within = session.within(&id, Method::GET, "/_api/collection/books/count", &Value::Null).await;
    assert_eq!((&within.json()["count"], count(&mut session).await), (&json!(3), json!(0)));
    assert_eq!(commit(&mut session, &id).await.status, 200);
    assert_eq!(count(&mut session).await, 3);
}
