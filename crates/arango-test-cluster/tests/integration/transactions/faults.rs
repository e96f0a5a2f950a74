//! Commits that take time, fail, or are lost on one of several leaders.

use std::time::Duration;

use arango_test_cluster::{Fault, Match, TestCluster};
use http::{Method, Request};
use serde_json::{Value, json};

use super::{commit, count, insert, library, outcome, pass, path, status, writing};
use crate::client::{Session, TestResponse, in_memory};

fn commits() -> Match {
    Match::method(Method::PUT, "/_api/transaction/*")
}

/// A cluster whose collection `books` has three shards with three leaders.
async fn three_leaders() -> (TestCluster, Session) {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books", "numberOfShards": 3 })).await;
    (cluster, session)
}

async fn insert_thirty(session: &mut Session, id: &str) {
    let documents: Vec<Value> = (0..30).map(|key| json!({ "_key": format!("k{key}") })).collect();
    assert_eq!(insert(session, id, documents.into()).await.status, 202);
}

/// Returns the number of documents that each DB-Server leads.
async fn count_by_server(cluster: &TestCluster, session: &mut Session) -> Vec<u64> {
    let shards = session.get("/_api/collection/books/shards?details=true").await.json()["shards"].clone();
    let counts = session.get("/_api/collection/books/count?details=true").await.json()["count"].clone();
    let led = |server: &String| {
        let led = shards.as_object().expect("shards").iter().filter(|(_, copies)| copies[0] == **server);
        led.map(|(shard, _)| counts[shard].as_u64().expect("a number")).sum()
    };
    cluster.db_server_ids().iter().map(led).collect()
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_takes_time_is_reported_as_committed_before_its_changes_are_visible() {
    let (cluster, mut session) = library().await;
    let id = writing(&mut session).await;
    insert(&mut session, &id, json!({ "_key": "a" })).await;
    let _slow =
        cluster.coordinator(0).inject(Fault::slow_commit(Duration::from_secs(5)).on(commits()).times(1));
    let mut other = Session::connect_in_memory(cluster.coordinator(0)).await;
    let request = Request::put(path(&id)).header("x-sim-marker", "slow");
    let slow = tokio::spawn(async move { other.send(request, "").await.unwrap().status });
    pass(1).await;
    assert_eq!((status(&mut session, &id).await, count(&mut session).await), (json!("committed"), json!(0)));
    assert_eq!(commit(&mut session, &id).await.status, 200, "a repeat gets the same response");
    assert_eq!(outcome(&session.delete(&path(&id)).await), (400, 1653));
    assert_eq!(outcome(&session.post("/_api/document/books", &json!({ "_key": "a" })).await), (409, 1200));
    assert_eq!(count(&mut session).await, 0);
    pass(5).await;
    assert_eq!((count(&mut session).await, slow.await.unwrap()), (json!(1), 200));
    assert_eq!(cluster.journal().changes("slow"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_fails_is_reported_as_committed_and_later_as_aborted() {
    let (cluster, mut session) = library().await;
    let id = writing(&mut session).await;
    insert(&mut session, &id, json!({ "_key": "a" })).await;
    let _slow =
        cluster.coordinator(0).inject(Fault::slow_commit(Duration::from_secs(5)).on(commits()).times(1));
    let _failed = cluster.coordinator(0).inject(Fault::failed_commit().on(commits()).times(1));
    let (mut other, of) = (Session::connect_in_memory(cluster.coordinator(0)).await, id.clone());
    let slow = tokio::spawn(async move { outcome(&commit(&mut other, &of).await) });
    pass(1).await;
    assert_eq!(status(&mut session, &id).await, "committed");
    assert_eq!(commit(&mut session, &id).await.status, 200);
    pass(5).await;
    assert_eq!(status(&mut session, &id).await, "aborted");
    assert_eq!(outcome(&commit(&mut session, &id).await), (400, 1653));
    assert_eq!((slow.await.unwrap(), count(&mut session).await), ((500, 4), json!(0)));
    assert_eq!(session.post("/_api/document/books", &json!({ "_key": "a" })).await.status, 202, "unlocked");
}

#[tokio::test(start_paused = true)]
async fn a_commit_goes_on_without_its_client_and_ends_with_its_coordinator() {
    for dies in [false, true] {
        let (cluster, mut owner) = library().await;
        let id = writing(&mut owner).await;
        insert(&mut owner, &id, json!({ "_key": "a" })).await;
        let slow = Fault::slow_commit(Duration::from_secs(5)).on(commits());
        let _slow = cluster.coordinator(1).inject(slow);
        let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
        let forwarded = Request::put(path(&id)).header("x-sim-marker", "slow");
        let lost = tokio::spawn(async move { other.send(forwarded, "").await.is_err() });
        pass(1).await;
        cluster.coordinator(usize::from(!dies)).kill();
        pass(10).await;
        let mut third = Session::connect_in_memory(cluster.coordinator(2)).await;
        let committed = usize::from(!dies);
        assert_eq!(count(&mut third).await, committed, "the coordinator that forwarded it does not matter");
        assert_eq!(cluster.journal().changes("slow"), committed);
        lost.abort();
    }
}

#[tokio::test]
async fn a_commit_over_several_leaders_may_be_lost_on_one_of_them() {
    let (cluster, mut session) = three_leaders().await;
    let id = writing(&mut session).await;
    insert_thirty(&mut session, &id).await;
    let _lost = cluster.coordinator(0).inject(Fault::lost_write(1).on(commits()).times(1));
    let request = Request::put(path(&id)).header("x-sim-marker", "commit");
    assert_eq!(outcome(&session.send(request, "").await.unwrap()), (503, 1478));
    let counts = count_by_server(&cluster, &mut session).await;
    assert!(counts[0] > 0 && counts[1] == 0 && counts[2] > 0, "{counts:?}");
    assert_eq!(cluster.journal().changes("commit") as u64, counts.iter().sum::<u64>());
    assert_eq!(status(&mut session, &id).await, "aborted", "as a server reports it");
}

#[tokio::test(start_paused = true)]
async fn a_commit_is_lost_on_a_leader_that_has_stopped_or_restarted_since_the_begin() {
    for restarts in [false, true] {
        let (cluster, mut session) = three_leaders().await;
        let id = writing(&mut session).await;
        insert_thirty(&mut session, &id).await;
        cluster.stop_db_server(1);
        if restarts {
            cluster.start_db_server(1);
        }
        assert_eq!(outcome(&commit(&mut session, &id).await), (503, 1478));
        cluster.start_db_server(1);
        let counts = count_by_server(&cluster, &mut session).await;
        assert!(counts[0] > 0 && counts[1] == 0 && counts[2] > 0, "{counts:?}");
    }
}

#[tokio::test]
async fn a_paused_leader_still_knows_a_transaction() {
    let (cluster, mut session) = three_leaders().await;
    let id = writing(&mut session).await;
    insert_thirty(&mut session, &id).await;
    cluster.pause_db_server(1);
    let query = json!({ "query": "FOR b IN books RETURN b" });
    assert_eq!(outcome(&session.within(&id, Method::POST, "/_api/cursor", &query).await), (503, 1478));
    cluster.resume_db_server(1);
    assert_eq!(commit(&mut session, &id).await.status, 200);
    assert_eq!(count(&mut session).await, 30);
}

#[tokio::test]
async fn a_write_within_a_transaction_that_a_leader_loses_does_not_reach_its_shards() {
    let (cluster, mut session) = three_leaders().await;
    let id = writing(&mut session).await;
    let _lost =
        cluster.coordinator(0).inject(Fault::lost_write(1).on(Match::post("/_api/document/*")).times(1));
    let documents: Vec<Value> = (0..30).map(|key| json!({ "_key": format!("k{key}") })).collect();
    assert!(lost_elements(&insert(&mut session, &id, documents.into()).await) > 0);
    assert_eq!(commit(&mut session, &id).await.status, 200);
    let counts = count_by_server(&cluster, &mut session).await;
    assert!(counts[0] > 0 && counts[1] == 0 && counts[2] > 0, "{counts:?}");
}

#[tokio::test]
async fn a_write_without_a_transaction_can_be_lost_on_one_leader_too() {
    let (cluster, mut session) = three_leaders().await;
    let _lost = cluster.coordinator(0).inject(Fault::lost_write(1).times(2));
    let documents: Vec<Value> = (0..30).map(|key| json!({ "_key": format!("k{key}") })).collect();
    assert!(lost_elements(&session.post("/_api/document/books", &documents.into()).await) > 0);
    let counts = count_by_server_after(&cluster, &mut session).await;
    assert!(counts[0] > 0 && counts[1] == 0 && counts[2] > 0, "{counts:?}");
    let query = json!({ "query": "FOR i IN 100..130 INSERT { _key: TO_STRING(i) } INTO books" });
    let _lost = cluster.coordinator(0).inject(Fault::lost_write(0).on(Match::post("/_api/cursor")).times(1));
    assert_eq!(outcome(&session.post("/_api/cursor", &query).await), (503, 1478));
    let then = count_by_server(&cluster, &mut session).await;
    assert!(then[0] == counts[0] && then[1] > 0 && then[2] > counts[2], "{then:?}");
}

/// Counts the elements of an array whose leader has lost them. The request succeeds, as with any failed element.
fn lost_elements(response: &TestResponse) -> usize {
    assert_eq!(response.status, 202);
    let elements = response.json();
    elements.as_array().into_iter().flatten().filter(|element| element["errorNum"] == 1478).count()
}

/// Counts again; the first request uses up what is left of the fault.
async fn count_by_server_after(cluster: &TestCluster, session: &mut Session) -> Vec<u64> {
    count(session).await;
    count_by_server(cluster, session).await
}

#[tokio::test(start_paused = true)]
async fn a_commit_whose_database_is_dropped_fails() {
    let (cluster, mut session) = library().await;
    session.post("/_api/database", &json!({ "name": "shop" })).await;
    session.post("/_db/shop/_api/collection", &json!({ "name": "books" })).await;
    let body = json!({ "collections": { "write": "books" } });
    let begun = session.post("/_db/shop/_api/transaction/begin", &body).await.json();
    let path = format!("/_db/shop/_api/transaction/{}", begun["result"]["id"].as_str().unwrap());
    let _slow = cluster.coordinator(0).inject(Fault::slow_commit(Duration::from_secs(5)));
    let mut other = Session::connect_in_memory(cluster.coordinator(0)).await;
    let committing = tokio::spawn(async move { other.request(Method::PUT, &path, "").await.unwrap() });
    pass(1).await;
    assert_eq!(session.delete("/_api/database/shop").await.status, 200);
    assert_eq!(outcome(&committing.await.unwrap()), (404, 1228));
}
