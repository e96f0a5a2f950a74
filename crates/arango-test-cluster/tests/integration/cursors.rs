//! Cursors: ids of batches, their lifetime, and through which coordinators they are read.

use std::time::Duration;

use arango_test_cluster::{Fault, Match, TestCluster};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::client::{Session, TestResponse, in_memory};

/// Creates a cursor over five numbers, in batches of two.
async fn begin(session: &mut Session, options: Value) -> Value {
    let body = json!({ "query": "FOR i IN 1..5 RETURN i", "batchSize": 2, "options": options });
    let response = session.post("/_api/cursor", &body).await;
    assert_eq!(response.status, 201);
    response.json()
}

fn path(cursor: &Value) -> String {
    format!("/_api/cursor/{}", cursor["id"].as_str().expect("a cursor that has more has an id"))
}

async fn fetch(session: &mut Session, path: &str) -> TestResponse {
    session.request(http::Method::POST, path, "").await.expect("a response")
}

#[tokio::test]
async fn a_cursor_returns_its_batches_in_order_and_ends_with_the_last() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let first = begin(&mut session, json!({})).await;
    assert_eq!((&first["result"], &first["hasMore"]), (&json!([1, 2]), &json!(true)));
    assert_eq!(first["nextBatchId"], "2");
    assert!(first.get("count").is_none());
    let path = path(&first);

    let second = session.put(&path, &json!({})).await;
    assert_eq!((second.status, &second.json()["result"]), (200, &json!([3, 4])));
    assert_eq!((&second.json()["code"], &second.json()["nextBatchId"]), (&json!(200), &json!("3")));
    let last = fetch(&mut session, &path).await.json();
    assert_eq!((&last["result"], &last["hasMore"]), (&json!([5]), &json!(false)));
    assert!(last.get("id").is_none() && last.get("nextBatchId").is_none());
    let over = fetch(&mut session, &path).await;
    assert_eq!((over.status, over.error_num()), (404, 1600));
}

#[tokio::test]
async fn a_cursor_with_retries_returns_its_latest_batch_again_and_lives_until_deleted() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let first = begin(&mut session, json!({ "allowRetry": true })).await;
    let path = path(&first);
    let again = fetch(&mut session, &format!("{path}/1")).await;
    assert_eq!((again.status, again.json()), (200, first), "the body of the first response, with status 200");

    for (batch, result) in [("2", json!([3, 4])), ("2", json!([3, 4])), ("3", json!([5])), ("3", json!([5]))]
    {
        let fetched = fetch(&mut session, &format!("{path}/{batch}")).await;
        assert_eq!((fetched.status, &fetched.json()["result"]), (200, &result));
    }
    for batch in ["1", "2", "4", "x"] {
        let missing = fetch(&mut session, &format!("{path}/{batch}")).await;
        assert_eq!((missing.status, missing.error_num()), (404, 1600), "{batch}");
    }
    let open = cluster.open_cursors();
    let ended = session.delete(&path).await;
    assert_eq!(ended.status, 202);
    assert_eq!(path, format!("/_api/cursor/{}", ended.json()["id"].as_str().unwrap()));
    assert_eq!(open, [ended.json()["id"].as_str().unwrap()]);
    assert!(cluster.open_cursors().is_empty());
    let twice = session.delete(&path).await;
    assert_eq!((twice.status, twice.error_num()), (404, 1600));
}

#[tokio::test]
async fn a_cursor_without_retries_reports_a_lost_batch_instead_of_returning_the_next() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let path = path(&begin(&mut session, json!({})).await);
    assert_eq!(fetch(&mut session, &format!("{path}/2")).await.json()["result"], json!([3, 4]));
    let fetched = fetch(&mut session, &format!("{path}/2")).await;
    assert_eq!((fetched.status, fetched.error_num()), (400, 400));
    assert_eq!(fetch(&mut session, &format!("{path}/3")).await.json()["result"], json!([5]));
}

#[tokio::test]
async fn a_cursor_returns_a_count_on_request() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let body = json!({ "query": "FOR i IN 1..5 RETURN i", "batchSize": 2, "count": true });
    assert_eq!(session.post("/_api/cursor", &body).await.json()["count"], 5);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_database() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/database", &json!({ "name": "shop" })).await;
    let body = json!({ "query": "FOR i IN 1..5 RETURN i", "batchSize": 2 });
    let path = path(&session.post("/_db/shop/_api/cursor", &body).await.json());
    assert_eq!(fetch(&mut session, &path).await.error_num(), 1600);
    let next = fetch(&mut session, &format!("/_db/shop{path}")).await;
    assert_eq!(next.json()["result"], json!([3, 4]));
}

#[tokio::test]
async fn a_cursor_is_fetched_through_any_coordinator() {
    let cluster = in_memory().await;
    let mut owner = Session::connect_in_memory(cluster.coordinator(0)).await;
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    let path = path(&begin(&mut owner, json!({})).await);
    let fetched = fetch(&mut other, &path).await;
    assert_eq!(fetched.json()["result"], json!([3, 4]));
    assert_eq!(fetched.headers["x-arango-request-forwarded-to"], cluster.coordinator(0).id());
    let own = fetch(&mut owner, &path).await;
    assert!(own.json()["result"] == json!([5]) && !own.headers.contains_key("x-arango-request-forwarded-to"));
    let never = fetch(&mut other, &format!("/_api/cursor/{}", 99_u64 << 40)).await;
    assert_eq!((never.status, never.error_num()), (404, 1600));
}

#[tokio::test]
async fn a_cursor_is_lost_with_its_coordinator_even_after_a_restart() {
    let cluster = in_memory().await;
    let mut owner = Session::connect_in_memory(cluster.coordinator(0)).await;
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    let path = path(&begin(&mut owner, json!({ "allowRetry": true })).await);
    cluster.coordinator(0).restart().await.unwrap();
    let fetched = fetch(&mut other, &path).await;
    assert_eq!((fetched.status, fetched.error_num()), (404, 1600));
    assert_eq!(fetched.headers["x-arango-request-forwarded-to"], cluster.coordinator(0).id());
}

#[tokio::test(start_paused = true)]
async fn a_fetch_for_a_killed_coordinator_waits_until_it_is_reported_as_failed() {
    let cluster = in_memory().await;
    let mut owner = Session::connect_in_memory(cluster.coordinator(0)).await;
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    let path = path(&begin(&mut owner, json!({})).await);
    cluster.coordinator(0).kill();
    for seconds in [10, 0] {
        let began = Instant::now();
        let unreachable = fetch(&mut other, &path).await;
        assert_eq!((unreachable.status, unreachable.error_num()), (503, 1478));
        assert_eq!(began.elapsed().as_secs(), seconds);
    }
    let removed = json!({ "server": cluster.coordinator(0).id() });
    assert_eq!(other.post("/_admin/cluster/removeServer", &removed).await.status, 200);
    let not_found = fetch(&mut other, &path).await;
    assert_eq!((not_found.status, not_found.error_num()), (404, 1449));
}

/// Delays every fetch through the first coordinator by a second.
async fn slow() -> (TestCluster, arango_test_cluster::FaultGuard, Session, Session) {
    let cluster = in_memory().await;
    let fault = Fault::latency(Duration::from_secs(1)).on(Match::post("/_api/cursor/*"));
    let fault = cluster.coordinator(0).inject(fault);
    let one = Session::connect_in_memory(cluster.coordinator(0)).await;
    let other = Session::connect_in_memory(cluster.coordinator(1)).await;
    (cluster, fault, one, other)
}

#[tokio::test(start_paused = true)]
async fn a_cursor_is_busy_during_another_fetch_even_if_its_client_has_disconnected() {
    let (cluster, _slow, mut one, mut other) = slow().await;
    let path = path(&begin(&mut one, json!({ "allowRetry": true })).await);
    let next = format!("{path}/2");
    // The first client times out; the server continues.
    let timed_out = tokio::time::timeout(Duration::from_millis(500), fetch(&mut one, &next));
    assert!(timed_out.await.is_err());
    let busy = fetch(&mut other, &next).await;
    assert_eq!((busy.status, busy.error_num()), (409, 1601));
    sleep(Duration::from_millis(600)).await;
    assert_eq!(fetch(&mut other, &next).await.json()["result"], json!([3, 4]), "no batch was skipped");
    drop(cluster);
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_is_closed_during_a_fetch_ends_with_it() {
    let (cluster, _slow, mut one, mut other) = slow().await;
    let path = path(&begin(&mut one, json!({ "allowRetry": true })).await);
    let next = format!("{path}/2");
    let fetch_and_close = async {
        sleep(Duration::from_millis(500)).await;
        for _ in 0..2 {
            assert_eq!(other.delete(&path).await.status, 202);
        }
        let closed = fetch(&mut other, &next).await;
        assert_eq!((closed.status, closed.error_num()), (404, 1600));
    };
    let (fetched, ()) = tokio::join!(fetch(&mut one, &next), fetch_and_close);
    assert_eq!((fetched.status, &fetched.json()["result"]), (200, &json!([3, 4])), "the fetch goes on");
    assert_eq!(other.delete(&path).await.error_num(), 1600);
    assert_eq!(other.get("/_api/query/current").await.json(), json!([]));
    drop(cluster);
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_is_closed_during_a_failed_fetch_ends_with_it() {
    let (cluster, _slow, mut one, mut other) = slow().await;
    let query = "FOR i IN 1..4 RETURN i";
    let options = json!({ "query": query, "batchSize": 1, "options": { "stream": true } });
    let path = path(&one.post("/_api/cursor", &options).await.json());
    assert_eq!(other.get("/_api/query/current").await.json().as_array().unwrap().len(), 1);
    let refuse = Fault::response(503, 503, "starting").on(Match::post("/_api/cursor/*")).times(1);
    let _refuse = cluster.coordinator(0).inject(refuse);
    let close = async {
        sleep(Duration::from_millis(500)).await;
        other.delete(&path).await.status
    };
    let (fetched, closed) = tokio::join!(fetch(&mut one, &path), close);
    assert_eq!((fetched.status, closed), (503, 202));
    assert_eq!(fetch(&mut other, &path).await.error_num(), 1600);
    assert_eq!(other.get("/_api/query/current").await.json(), json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_failed_fetch_unlocks_its_cursor() {
    let (cluster, _slow, mut one, mut other) = slow().await;
    let path = path(&begin(&mut one, json!({})).await);
    let refuse = Fault::response(503, 503, "starting").on(Match::post("/_api/cursor/*")).times(1);
    let _refuse = cluster.coordinator(0).inject(refuse);
    assert_eq!(fetch(&mut one, &path).await.error_num(), 503);
    assert_eq!(fetch(&mut other, &path).await.json()["result"], json!([3, 4]));
}

#[tokio::test(start_paused = true)]
async fn an_unused_cursor_expires_after_its_ttl() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let body = json!({ "query": "FOR i IN 1..5 RETURN i", "batchSize": 1, "ttl": 60 });
    let path = path(&session.post("/_api/cursor", &body).await.json());
    for _ in 0..2 {
        sleep(Duration::from_secs(59)).await;
        assert_eq!(fetch(&mut session, &path).await.status, 200, "each fetch restarts its time to live");
    }
    sleep(Duration::from_secs(60)).await;
    assert_eq!(fetch(&mut session, &path).await.error_num(), 1600);
}

#[tokio::test(start_paused = true)]
async fn a_soft_shutdown_lists_open_cursors_and_refuses_new_ones() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let path = path(&begin(&mut session, json!({})).await);
    session.delete("/_admin/shutdown?soft=true").await;
    let progress = session.get("/_admin/shutdown").await.json();
    assert_eq!((&progress["AQLcursors"], &progress["allClear"]), (&json!(1), &json!(false)));
    let body = json!({ "query": "FOR i IN 1..5 RETURN i", "batchSize": 2 });
    let refused = session.post("/_api/cursor", &body).await;
    assert_eq!((refused.status, refused.error_num()), (503, 30));
    assert_eq!(fetch(&mut session, &path).await.status, 200);
}

#[tokio::test]
async fn cursor_calls_depend_on_the_version() {
    for (version, names, again, put) in
        [("3.10", Value::Null, 400, 200), ("3.11.0", Value::Null, 200, 200), ("4.0", json!("2"), 200, 405)]
    {
        let cluster = TestCluster::builder().in_memory().version(version).start().await.unwrap();
        let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
        assert_eq!(begin(&mut session, json!({})).await["nextBatchId"], names, "{version}");
        let path = path(&begin(&mut session, json!({ "allowRetry": true })).await);
        assert_eq!(fetch(&mut session, &format!("{path}/1")).await.status, again, "{version}");
        assert_eq!(session.put(&path, &json!({})).await.status, put, "{version}");
    }
}
