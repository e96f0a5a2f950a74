//! Queries whose batches are computed when they are read.

use std::time::Duration;

use arango_test_cluster::TestCluster;
use http::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::client::{Session, TestResponse, in_memory};

async fn books() -> (TestCluster, Session) {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    (cluster, session)
}

async fn stream(session: &mut Session, query: &str, batch_size: u32, options: Value) -> TestResponse {
    let mut options = options;
    options["stream"] = true.into();
    let body =
        json!({ "query": query, "batchSize": batch_size, "options": options, "count": true, "ttl": 60 });
    session.post("/_api/cursor", &body).await
}

async fn next(session: &mut Session, cursor: &Value) -> TestResponse {
    let path = format!("/_api/cursor/{}", cursor["id"].as_str().expect("an id"));
    session.request(Method::POST, &path, "").await.expect("a response")
}

const INSERTS: &str = "FOR i IN 1..5 INSERT { _key: CONCAT('k', i) } INTO books RETURN NEW._key";

#[tokio::test]
async fn writes_are_made_with_the_last_batch() {
    let (_cluster, mut session) = books().await;
    let first = stream(&mut session, INSERTS, 2, json!({ "fullCount": true })).await;
    assert_eq!(first.status, 201);
    let first = first.json();
    assert_eq!((first.get("count"), first.get("extra")), (None, None));
    for rows in [json!(["k3", "k4"]), json!(["k5"])] {
        assert_eq!(session.get("/_api/collection/books/count").await.json()["count"], 0);
        assert_eq!(next(&mut session, &first).await.json()["result"], rows);
    }
    assert_eq!(session.get("/_api/collection/books/count").await.json()["count"], 5);
    assert_eq!(next(&mut session, &first).await.error_num(), 1600);
}

#[tokio::test]
async fn the_last_batch_reports_on_the_whole_query() {
    let (_cluster, mut session) = books().await;
    let only = stream(&mut session, INSERTS, 9, json!({})).await.json();
    assert_eq!((&only["hasMore"], only.get("id")), (&json!(false), None));
    assert_eq!(only["extra"]["stats"]["writesExecuted"], 5);
    assert_eq!(only["extra"]["stats"].get("fullCount"), None);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_not_read_to_its_end_writes_nothing() {
    let (cluster, mut session) = books().await;
    let insert = "FOR i IN 1..3 INSERT {} INTO books RETURN i";
    let dropped = stream(&mut session, insert, 1, json!({})).await.json();
    let path = format!("/_api/cursor/{}", dropped["id"].as_str().unwrap());
    assert_eq!(session.delete(&path).await.status, 202);
    let expired = stream(&mut session, insert, 1, json!({})).await.json();
    sleep(Duration::from_secs(61)).await;
    assert_eq!(next(&mut session, &expired).await.error_num(), 1600);
    stream(&mut session, insert, 1, json!({})).await;
    cluster.coordinator(0).kill();
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    assert_eq!(other.get("/_api/collection/books/count").await.json()["count"], 0);
}

#[tokio::test]
async fn a_stream_reads_documents_as_they_were_when_it_began() {
    let (_cluster, mut session) = books().await;
    session.post("/_api/document/books", &json!([{ "n": 1 }, { "n": 1 }, { "n": 1 }])).await;
    let first = stream(&mut session, "FOR d IN books RETURN d.n", 1, json!({})).await.json();
    assert_eq!(session.put("/_api/collection/books/truncate", &json!({})).await.status, 200);
    assert_eq!(next(&mut session, &first).await.json()["result"], json!([1]));
    assert_eq!(next(&mut session, &first).await.json()["result"], json!([1]));
}

#[tokio::test]
async fn documents_that_an_open_stream_has_written_are_locked() {
    let (_cluster, mut session) = books().await;
    session.post("/_api/document/books", &json!([{ "_key": "a" }, { "_key": "b" }])).await;
    let update = "FOR k IN ['a', 'b'] UPDATE k WITH { x: 1 } IN books RETURN 1";
    let open = stream(&mut session, update, 1, json!({})).await.json();
    let conflict = session.put("/_api/document/books/a", &json!({})).await;
    assert_eq!((conflict.status, conflict.error_num()), (409, 1200));
    let conflict = stream(&mut session, update, 1, json!({})).await;
    assert_eq!((conflict.status, conflict.error_num()), (409, 1200));
    assert_eq!(next(&mut session, &open).await.status, 200);
    assert_eq!(session.put("/_api/document/books/a", &json!({})).await.status, 202);
}

#[tokio::test]
async fn a_stream_with_retries_that_fits_into_one_batch_leaves_a_cursor_without_telling_its_id() {
    let (cluster, mut session) = books().await;
    let only = stream(&mut session, "RETURN 1", 9, json!({ "allowRetry": true })).await.json();
    assert_eq!((&only["hasMore"], only.get("id")), (&json!(false), None));
    let mut admin = Session::connect_in_memory(cluster.coordinator(0)).await;
    admin.request(Method::DELETE, "/_admin/shutdown?soft=1", "").await.unwrap();
    let progress = admin.get("/_admin/shutdown").await.json();
    assert_eq!(progress["AQLcursors"], 1);
}

#[tokio::test]
async fn an_error_of_a_stream_with_retries_is_repeated_with_status_200() {
    let (_cluster, mut session) = books().await;
    let query = "FOR i IN 1..3 RETURN i == 3 ? FAIL('x') : i";
    let first = stream(&mut session, query, 1, json!({ "allowRetry": true })).await.json();
    let path = format!("/_api/cursor/{}/2", first["id"].as_str().unwrap());
    let failed = session.request(Method::POST, &path, "").await.unwrap();
    assert_eq!((failed.status, failed.error_num()), (400, 1569));
    let again = session.request(Method::POST, &path, "").await.unwrap();
    assert_eq!((again.status, again.json()), (200, failed.json()));
}

#[tokio::test(start_paused = true)]
async fn a_fetch_takes_its_time_and_the_cursor_is_busy_meanwhile() {
    let (cluster, mut session) = books().await;
    let query = "FOR i IN 1..4 LET s = i == 3 ? SLEEP(3) : 0 RETURN i";
    let first = stream(&mut session, query, 1, json!({})).await.json();
    let fetch = |index: usize| {
        let (coordinator, cursor) = (cluster.coordinator(index).clone(), first.clone());
        tokio::spawn(async move {
            let begin = Instant::now();
            let mut session = Session::connect_in_memory(&coordinator).await;
            (next(&mut session, &cursor).await, begin.elapsed())
        })
    };
    let slow = fetch(1);
    sleep(Duration::from_secs(1)).await;
    let (busy, _) = fetch(0).await.unwrap();
    assert_eq!((busy.status, busy.error_num()), (409, 1601));
    let (done, time) = slow.await.unwrap();
    assert_eq!((done.status, &done.json()["result"]), (200, &json!([2])));
    assert!(done.headers.contains_key("x-arango-request-forwarded-to"));
    assert!((3.0..3.3).contains(&time.as_secs_f64()), "{time:?}");
    assert_eq!(fetch(2).await.unwrap().0.json()["result"], json!([3]));
}
