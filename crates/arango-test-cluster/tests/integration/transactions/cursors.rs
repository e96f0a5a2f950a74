//! Queries and cursors of transactions.

use arango_test_cluster::TestCluster;
use http::Method;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use super::{commit, count, insert, library, library_of, outcome, pass, path, status, writing};
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

/// Opens a cursor with three batches of two rows.
async fn open(session: &mut Session, id: &str, stream: bool) -> Value {
    let cursor = run(session, id, "FOR i IN 1..6 RETURN i", stream).await;
    assert_eq!((&cursor["result"], &cursor["hasMore"]), (&json!([1, 2]), &json!(true)));
    cursor
}

async fn close(session: &mut Session, cursor: &Value) {
    let path = format!("/_api/cursor/{}", cursor["id"].as_str().expect("an open cursor"));
    assert_eq!(session.delete(&path).await.status, 202);
}

#[tokio::test(start_paused = true)]
async fn nothing_else_uses_a_transaction_while_a_cursor_of_it_is_open() {
    for (version, stream) in [("3.10", true), ("3.11", false), ("3.12", true), ("3.12", false), ("4.0", true)]
    {
        let (cluster, mut session) = library_of(TestCluster::builder().version(version)).await;
        let id = writing(&mut session).await;
        let cursor = open(&mut session, &id, stream).await;
        let query = json!({ "query": "RETURN 1" });
        for (path, body) in [("/_api/document/books", json!({})), ("/_api/cursor", query)] {
            let start = Instant::now();
            let refused = session.within(&id, Method::POST, path, &body).await;
            assert_eq!(outcome(&refused), (500, 28), "{version} {path}");
            assert!((Duration::from_secs(8)..Duration::from_secs(9)).contains(&start.elapsed()));
        }
        for method in [Method::PUT, Method::DELETE] {
            let start = Instant::now();
            let refused = session.request(method.clone(), &path(&id), "").await.unwrap();
            assert_eq!(outcome(&refused), (500, 28), "{version} {method}");
            assert!((Duration::from_secs(3)..Duration::from_secs(4)).contains(&start.elapsed()));
        }
        assert_eq!(status(&mut session, &id).await, "running");
        for more in [true, false] {
            assert_eq!(fetch(&mut session, &cursor).await.json()["hasMore"], more);
        }
        assert!(cluster.open_cursors().is_empty());
        assert_eq!(insert(&mut session, &id, json!({})).await.status, 202);
        assert_eq!(commit(&mut session, &id).await.status, 200);
        assert_eq!(count(&mut session).await, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_closed_cursor_and_one_that_has_expired_leave_their_transaction_to_others() {
    for stream in [true, false] {
        let (_cluster, mut session) = library().await;
        let id = writing(&mut session).await;
        let cursor = open(&mut session, &id, stream).await;
        close(&mut session, &cursor).await;
        let start = Instant::now();
        assert_eq!(insert(&mut session, &id, json!({})).await.status, 202);

        let body = json!({ "query": "FOR i IN 1..6 RETURN i", "batchSize": 2, "ttl": 7, "stream": stream });
        assert_eq!(session.within(&id, Method::POST, "/_api/cursor", &body).await.status, 201);
        assert_eq!(insert(&mut session, &id, json!({})).await.status, 202, "it waits for the expiry");
        assert!((Duration::from_secs(7)..Duration::from_secs(8)).contains(&start.elapsed()));
        assert_eq!(commit(&mut session, &id).await.status, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_waits_for_a_cursor_is_executed_when_that_is_read_to_its_end() {
    let (cluster, mut session) = library().await;
    let id = writing(&mut session).await;
    insert(&mut session, &id, json!({})).await;
    let cursor = open(&mut session, &id, true).await;
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    let within = id.clone();
    let waiting = tokio::spawn(async move { commit(&mut other, &within).await.status });
    pass(1).await;
    fetch(&mut session, &cursor).await;
    pass(1).await;
    assert!(!waiting.is_finished());
    fetch(&mut session, &cursor).await;
    assert_eq!(waiting.await.unwrap(), 200);
    assert_eq!(count(&mut session).await, 1);
}

#[tokio::test]
async fn a_result_of_one_batch_leaves_its_transaction_to_others_unless_a_stream_keeps_it_readable() {
    for (stream, keeps) in [(false, false), (true, true)] {
        let (cluster, mut session) = library().await;
        let id = writing(&mut session).await;
        let options = json!({ "allowRetry": true });
        let body = json!({ "query": "RETURN 1", "stream": stream, "options": options });
        assert_eq!(session.within(&id, Method::POST, "/_api/cursor", &body).await.status, 201);
        let cursors = cluster.open_cursors();
        assert_eq!(cursors.len(), usize::from(keeps));
        for cursor in cursors {
            assert_eq!(session.delete(&format!("/_api/cursor/{cursor}")).await.status, 202);
        }
        assert_eq!(insert(&mut session, &id, json!({})).await.status, 202);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_may_be_read_again_keeps_its_transaction_after_its_last_batch() {
    for stream in [true, false] {
        let (_cluster, mut session) = library().await;
        let id = writing(&mut session).await;
        let options = json!({ "allowRetry": true });
        let query = json!({ "query": "FOR i IN 1..3 RETURN i", "batchSize": 2, "stream": stream, "options": options });
        let cursor = session.within(&id, Method::POST, "/_api/cursor", &query).await.json();
        assert_eq!(fetch(&mut session, &cursor).await.json()["hasMore"], false);
        assert_eq!(outcome(&commit(&mut session, &id).await), (500, 28));
        close(&mut session, &cursor).await;
        assert_eq!(commit(&mut session, &id).await.status, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn the_idle_time_restarts_with_the_end_of_a_cursor_and_not_while_it_is_read() {
    let (cluster, mut session) = library().await;
    let id = writing(&mut session).await;
    let cursor = open(&mut session, &id, true).await;
    pass(50).await;
    fetch(&mut session, &cursor).await;
    pass(50).await;
    assert_eq!(status(&mut session, &id).await, "aborted", "a server says so, although it is not");
    assert_eq!(outcome(&insert(&mut session, &id, json!({})).await), (404, 1655));
    assert_eq!(outcome(&commit(&mut session, &id).await), (500, 28));
    assert_eq!(cluster.open_transactions(), [&*id]);
    fetch(&mut session, &cursor).await;
    assert_eq!(status(&mut session, &id).await, "running");
    pass(59).await;
    assert_eq!(insert(&mut session, &id, json!({})).await.status, 202);
    assert_eq!(commit(&mut session, &id).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_cursor_keeps_its_transaction_for_its_time_to_live_and_the_idle_time() {
    let (cluster, mut session) = library().await;
    let id = writing(&mut session).await;
    open(&mut session, &id, true).await;
    pass(599).await;
    assert_eq!(cluster.open_transactions(), [&*id]);
    pass(60).await;
    assert_eq!(cluster.open_transactions(), [id]);
    pass(3).await;
    assert!(cluster.open_transactions().is_empty());
}

#[tokio::test]
async fn a_killed_stream_leaves_its_transaction_to_others_when_it_is_next_read() {
    let (_cluster, mut session) = library().await;
    let id = writing(&mut session).await;
    let cursor = open(&mut session, &id, true).await;
    let queries = session.get("/_api/query/current").await.json();
    let query = queries[0]["id"].as_str().expect("a query is listed");
    assert_eq!(session.delete(&format!("/_api/query/{query}")).await.status, 200);
    assert_eq!(outcome(&fetch(&mut session, &cursor).await), (410, 1500));
    assert_eq!(commit(&mut session, &id).await.status, 200);
}

#[tokio::test]
async fn nothing_of_a_dropped_database_is_found_in_a_new_one_of_its_name() {
    let (cluster, mut session) = library().await;
    let name = json!({ "name": "shop" });
    session.post("/_api/database", &name).await;
    session.post("/_db/shop/_api/collection", &json!({ "name": "books" })).await;
    let query = json!({ "query": "FOR i IN 1..6 RETURN i", "batchSize": 2, "stream": true });
    let cursor = session.post("/_db/shop/_api/cursor", &query).await.json();
    let exclusive = json!({ "collections": { "exclusive": "books" } });
    let begun = session.post("/_db/shop/_api/transaction/begin", &exclusive).await.json();
    let within = begun["result"]["id"].as_str().unwrap();
    session.within(within, Method::POST, "/_db/shop/_api/cursor", &query).await;
    let properties = json!({ "slowQueryThreshold": 1 });
    session.put("/_db/shop/_api/query/properties", &properties).await;

    assert_eq!(session.delete("/_api/database/shop").await.status, 200);
    assert!(cluster.open_cursors().is_empty() && cluster.open_transactions().is_empty());
    session.post("/_api/database", &name).await;
    session.post("/_db/shop/_api/collection", &json!({ "name": "books" })).await;
    let path = format!("/_db/shop/_api/cursor/{}", cursor["id"].as_str().unwrap());
    assert_eq!(outcome(&session.request(Method::POST, &path, "").await.unwrap()), (404, 1600));
    assert_eq!(session.post("/_db/shop/_api/document/books", &json!({})).await.status, 202, "unlocked");
    let ended = session.get(&format!("/_db/shop/_api/transaction/{within}")).await;
    assert_eq!(ended.json()["result"]["status"], "aborted");
    assert_eq!(session.get("/_db/shop/_api/query/current").await.json(), json!([]));
    let tracking = session.get("/_db/shop/_api/query/properties").await.json();
    assert_eq!(tracking["slowQueryThreshold"], 10);
}

#[tokio::test]
async fn to_abort_all_that_write_leaves_a_transaction_whose_cursor_is_open() {
    let (cluster, mut session) = library().await;
    let (used, unused) = (writing(&mut session).await, writing(&mut session).await);
    let cursor = open(&mut session, &used, false).await;
    assert_eq!(session.delete("/_api/transaction/write").await.status, 200);
    assert_eq!(cluster.open_transactions(), [used]);
    assert_eq!(status(&mut session, &unused).await, "aborted");
    assert_eq!(fetch(&mut session, &cursor).await.json()["result"], json!([3, 4]));
}

#[tokio::test]
async fn a_stream_sees_what_its_transaction_has_written_before() {
    let (_cluster, mut session) = library().await;
    let id = writing(&mut session).await;
    insert(&mut session, &id, json!([{ "_key": "a" }, { "_key": "b" }, { "_key": "c" }])).await;
    let stream = run(&mut session, &id, "FOR b IN books RETURN b._key", true).await;
    let rest = fetch(&mut session, &stream).await.json();
    assert_eq!(
        (stream["result"].as_array().unwrap().len(), rest["result"].as_array().unwrap().len()),
        (2, 1)
    );
}

#[tokio::test]
async fn a_stream_that_writes_has_written_within_its_transaction_when_it_has_ended() {
    let (_cluster, mut session) = library().await;
    let id = writing(&mut session).await;
    let text = "FOR i IN 1..3 INSERT { _key: TO_STRING(i) } INTO books RETURN NEW._key";
    let stream = run(&mut session, &id, text, true).await;
    assert_eq!((&stream["result"], &stream["hasMore"]), (&json!(["1", "2"]), &json!(true)));
    assert_eq!(fetch(&mut session, &stream).await.json()["result"], json!(["3"]));
    let within = session.within(&id, Method::GET, "/_api/collection/books/count", &Value::Null).await;
    assert_eq!((&within.json()["count"], count(&mut session).await), (&json!(3), json!(0)));
    assert_eq!(commit(&mut session, &id).await.status, 200);
    assert_eq!(count(&mut session).await, 3);
}
