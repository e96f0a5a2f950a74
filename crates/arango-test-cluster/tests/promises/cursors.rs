//! Results in batches: what a batch is called, how long it can be had, and from whom.

use std::time::Duration;

use arango_test_cluster::{Fault, Match, TestCluster};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::session::{Answer, Session, in_memory};

/// Begins to read five numbers, two at a time.
async fn begin(session: &mut Session, options: Value) -> Value {
    let body = json!({ "query": "FOR i IN 1..5 RETURN i", "batchSize": 2, "options": options });
    let answer = session.post("/_api/cursor", &body).await;
    assert_eq!(answer.status, 201);
    answer.json()
}

fn path(cursor: &Value) -> String {
    format!("/_api/cursor/{}", cursor["id"].as_str().expect("a cursor that has more has an id"))
}

async fn fetch(session: &mut Session, path: &str) -> Answer {
    session.ask(http::Method::POST, path, "").await.expect("an answer")
}

#[tokio::test]
async fn a_cursor_brings_its_batches_in_order_and_is_gone_with_the_last() {
    let cluster = in_memory().await;
    let mut session = Session::dial(cluster.coordinator(0)).await;
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
async fn a_cursor_that_allows_retries_tells_its_latest_batch_again_and_lives_until_it_is_ended() {
    let cluster = in_memory().await;
    let mut session = Session::dial(cluster.coordinator(0)).await;
    let first = begin(&mut session, json!({ "allowRetry": true })).await;
    let path = path(&first);
    let again = fetch(&mut session, &format!("{path}/1")).await;
    assert_eq!((again.status, again.json()), (200, first), "the body of a 201, and yet a 200");

    for (batch, result) in [("2", json!([3, 4])), ("2", json!([3, 4])), ("3", json!([5])), ("3", json!([5]))]
    {
        let fetched = fetch(&mut session, &format!("{path}/{batch}")).await;
        assert_eq!((fetched.status, &fetched.json()["result"]), (200, &result));
    }
    for batch in ["1", "2", "4", "x"] {
        let missing = fetch(&mut session, &format!("{path}/{batch}")).await;
        assert_eq!((missing.status, missing.error_num()), (404, 1600), "{batch}");
    }
    let ended = session.delete(&path).await;
    assert_eq!(ended.status, 202);
    assert_eq!(path, format!("/_api/cursor/{}", ended.json()["id"].as_str().unwrap()));
    let twice = session.delete(&path).await;
    assert_eq!((twice.status, twice.error_num()), (404, 1600));
}

#[tokio::test]
async fn a_cursor_without_retries_says_that_a_batch_is_lost_instead_of_bringing_the_next() {
    let cluster = in_memory().await;
    let mut session = Session::dial(cluster.coordinator(0)).await;
    let path = path(&begin(&mut session, json!({})).await);
    assert_eq!(fetch(&mut session, &format!("{path}/2")).await.json()["result"], json!([3, 4]));
    let lost = fetch(&mut session, &format!("{path}/2")).await;
    assert_eq!((lost.status, lost.error_num()), (400, 400));
    assert_eq!(fetch(&mut session, &format!("{path}/3")).await.json()["result"], json!([5]));
}

#[tokio::test]
async fn a_cursor_counts_if_it_is_asked_to() {
    let cluster = in_memory().await;
    let mut session = Session::dial(cluster.coordinator(0)).await;
    let body = json!({ "query": "FOR i IN 1..5 RETURN i", "batchSize": 2, "count": true });
    assert_eq!(session.post("/_api/cursor", &body).await.json()["count"], 5);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_database() {
    let cluster = in_memory().await;
    let mut session = Session::dial(cluster.coordinator(0)).await;
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
    let mut owner = Session::dial(cluster.coordinator(0)).await;
    let mut other = Session::dial(cluster.coordinator(1)).await;
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
async fn a_cursor_is_lost_with_its_coordinator_even_if_that_comes_back() {
    let cluster = in_memory().await;
    let mut owner = Session::dial(cluster.coordinator(0)).await;
    let mut other = Session::dial(cluster.coordinator(1)).await;
    let path = path(&begin(&mut owner, json!({ "allowRetry": true })).await);
    cluster.coordinator(0).restart().await.unwrap();
    let lost = fetch(&mut other, &path).await;
    assert_eq!((lost.status, lost.error_num()), (404, 1600));
    assert_eq!(lost.headers["x-arango-request-forwarded-to"], cluster.coordinator(0).id());
}

#[tokio::test(start_paused = true)]
async fn a_cursor_of_a_dead_coordinator_is_waited_for_until_that_is_known_to_have_failed() {
    let cluster = in_memory().await;
    let mut owner = Session::dial(cluster.coordinator(0)).await;
    let mut other = Session::dial(cluster.coordinator(1)).await;
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
    let unknown = fetch(&mut other, &path).await;
    assert_eq!((unknown.status, unknown.error_num()), (404, 1449));
}

/// Lets every fetch through the first coordinator take a second.
async fn slow() -> (TestCluster, arango_test_cluster::FaultGuard, Session, Session) {
    let cluster = in_memory().await;
    let fault = Fault::latency(Duration::from_secs(1)).on(Match::post("/_api/cursor/*"));
    let fault = cluster.coordinator(0).inject(fault);
    let one = Session::dial(cluster.coordinator(0)).await;
    let other = Session::dial(cluster.coordinator(1)).await;
    (cluster, fault, one, other)
}

#[tokio::test(start_paused = true)]
async fn a_cursor_is_busy_while_another_fetch_is_under_way_even_if_nobody_waits_for_that() {
    let (cluster, _slow, mut one, mut other) = slow().await;
    let path = path(&begin(&mut one, json!({ "allowRetry": true })).await);
    let next = format!("{path}/2");
    // The first gives up; the server does not.
    let impatient = tokio::time::timeout(Duration::from_millis(500), fetch(&mut one, &next));
    assert!(impatient.await.is_err());
    let busy = fetch(&mut other, &next).await;
    assert_eq!((busy.status, busy.error_num()), (409, 1601));
    sleep(Duration::from_millis(600)).await;
    assert_eq!(fetch(&mut other, &next).await.json()["result"], json!([3, 4]), "no batch was skipped");
    drop(cluster);
}

#[tokio::test(start_paused = true)]
async fn a_cursor_is_let_go_by_a_fetch_that_came_to_nothing() {
    let (cluster, _slow, mut one, mut other) = slow().await;
    let path = path(&begin(&mut one, json!({})).await);
    let refuse = Fault::answer(503, 503, "starting").on(Match::post("/_api/cursor/*")).times(1);
    let _refuse = cluster.coordinator(0).inject(refuse);
    assert_eq!(fetch(&mut one, &path).await.error_num(), 503);
    assert_eq!(fetch(&mut other, &path).await.json()["result"], json!([3, 4]));
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_nobody_asks_for_ends_after_its_time() {
    let cluster = in_memory().await;
    let mut session = Session::dial(cluster.coordinator(0)).await;
    let body = json!({ "query": "FOR i IN 1..5 RETURN i", "batchSize": 1, "ttl": 60 });
    let path = path(&session.post("/_api/cursor", &body).await.json());
    for _ in 0..2 {
        sleep(Duration::from_secs(59)).await;
        assert_eq!(fetch(&mut session, &path).await.status, 200, "each fetch begins its time anew");
    }
    sleep(Duration::from_secs(60)).await;
    assert_eq!(fetch(&mut session, &path).await.error_num(), 1600);
}

#[tokio::test(start_paused = true)]
async fn a_cursor_is_on_the_list_of_what_a_soft_shutdown_leaves_and_new_ones_are_refused() {
    let cluster = in_memory().await;
    let mut session = Session::dial(cluster.coordinator(0)).await;
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
async fn a_cursor_is_what_it_is_in_its_version() {
    for (version, names, again, put) in
        [("3.10", Value::Null, 400, 200), ("3.11.0", Value::Null, 200, 200), ("4.0", json!("2"), 200, 405)]
    {
        let cluster = TestCluster::builder().in_memory().version(version).start().await.unwrap();
        let mut session = Session::dial(cluster.coordinator(0)).await;
        assert_eq!(begin(&mut session, json!({})).await["nextBatchId"], names, "{version}");
        let path = path(&begin(&mut session, json!({ "allowRetry": true })).await);
        assert_eq!(fetch(&mut session, &format!("{path}/1")).await.status, again, "{version}");
        assert_eq!(session.put(&path, &json!({})).await.status, put, "{version}");
    }
}
