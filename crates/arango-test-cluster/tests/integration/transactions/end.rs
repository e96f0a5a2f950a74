//! What is said about a transaction that has ended, or that has not been used.

use std::time::Duration;

use arango_test_cluster::TestCluster;
use http::Method;
use serde_json::{Value, json};

use super::{commit, count, insert, library, library_of, outcome, pass, path, status, writing};

#[tokio::test]
async fn an_end_can_be_repeated_and_not_be_changed() {
    let (_cluster, mut session) = library().await;
    let (one, other) = (writing(&mut session).await, writing(&mut session).await);
    for _ in 0..2 {
        assert_eq!(commit(&mut session, &one).await.json()["result"]["status"], "committed");
        assert_eq!(session.delete(&path(&other)).await.json()["result"]["status"], "aborted");
    }
    assert_eq!(outcome(&session.delete(&path(&one)).await), (400, 1653));
    assert_eq!(outcome(&commit(&mut session, &other).await), (400, 1653));
}

#[tokio::test]
async fn a_request_of_an_ended_transaction_is_refused() {
    let (_cluster, mut session) = library().await;
    let (one, other) = (writing(&mut session).await, writing(&mut session).await);
    commit(&mut session, &one).await;
    session.delete(&path(&other)).await;
    assert_eq!(outcome(&insert(&mut session, &one, json!({})).await), (400, 1653));
    assert_eq!(outcome(&insert(&mut session, &other, json!({})).await), (410, 1654));
    assert_eq!(count(&mut session).await, 0);
}

#[tokio::test(start_paused = true)]
async fn an_end_is_remembered_for_ten_minutes_after_it_was_last_asked_for() {
    let builder = TestCluster::builder().keep_alive(Duration::from_secs(3600));
    let (_cluster, mut session) = library_of(builder).await;
    let id = writing(&mut session).await;
    commit(&mut session, &id).await;
    pass(590).await;
    assert_eq!(commit(&mut session, &id).await.status, 200);
    pass(590).await;
    assert_eq!(status(&mut session, &id).await, "committed", "a status does not renew it");
    pass(20).await;
    assert_eq!(outcome(&session.get(&path(&id)).await), (404, 1655));
    assert_eq!(outcome(&insert(&mut session, &id, json!({})).await), (404, 1655));
}

#[tokio::test]
async fn to_end_an_unknown_transaction_records_it_as_aborted_since_3_12() {
    for (version, records) in [("3.11", false), ("3.12", true), ("4.0", true)] {
        for method in [Method::PUT, Method::DELETE] {
            let (_cluster, mut session) = library_of(TestCluster::builder().version(version)).await;
            let unknown = path(&((1_u64 << 40) + 400).to_string());
            assert_eq!(outcome(&session.get(&unknown).await), (404, 1655));
            let first = session.request(method.clone(), &unknown, "").await.unwrap();
            assert_eq!(outcome(&first), (404, 1655));

            let then = session.get(&unknown).await;
            if records {
                assert_eq!(then.json()["result"]["status"], "aborted", "{version}");
                assert_eq!(outcome(&session.request(Method::PUT, &unknown, "").await.unwrap()), (400, 1653));
                assert_eq!(session.delete(&unknown).await.status, 200);
            } else {
                assert_eq!(outcome(&then), (404, 1655), "{version}");
            }
        }
    }
}

#[tokio::test]
async fn a_transaction_never_gets_an_id_that_is_recorded_as_aborted() {
    let (_cluster, mut session) = library().await;
    let next = ((1_u64 << 40) + 4).to_string();
    assert_eq!(outcome(&session.delete(&path(&next)).await), (404, 1655));
    let id = writing(&mut session).await;
    assert_ne!(id, next);
    assert_eq!(insert(&mut session, &id, json!({})).await.status, 202);
}

#[tokio::test]
async fn an_id_that_cannot_be_one_is_refused() {
    let (_cluster, mut session) = library().await;
    for id in ["x", "0", "-1"] {
        assert_eq!(outcome(&session.get(&path(id)).await), (400, 10), "{id}");
        assert_eq!(outcome(&insert(&mut session, id, json!({})).await), (400, 10), "{id}");
    }
    for id in ["4", "109951162777600"] {
        assert_eq!(outcome(&session.get(&path(id)).await), (404, 1655), "no coordinator has it");
        assert_eq!(outcome(&insert(&mut session, id, json!({})).await), (404, 1655));
    }
}

#[tokio::test(start_paused = true)]
async fn a_transaction_that_is_not_used_is_aborted_and_every_use_renews_its_time() {
    let (cluster, mut session) = library().await;
    let id = writing(&mut session).await;
    for _ in 0..3 {
        pass(59).await;
        assert_eq!(insert(&mut session, &id, json!({})).await.status, 202);
    }
    pass(62).await;
    assert!(cluster.open_transactions().is_empty());
    assert_eq!(status(&mut session, &id).await, "aborted");
    assert_eq!(outcome(&insert(&mut session, &id, json!({})).await), (410, 1654));
    assert_eq!(outcome(&commit(&mut session, &id).await), (400, 1653));
    assert_eq!(count(&mut session).await, 0);
}

#[tokio::test(start_paused = true)]
async fn the_time_of_an_unused_transaction_is_a_setting_of_at_most_two_minutes() {
    for (setting, alive, ended) in [(5, 4, 7), (500, 119, 122)] {
        let builder = TestCluster::builder().transaction_idle_timeout(Duration::from_secs(setting));
        let (cluster, mut session) = library_of(builder).await;
        writing(&mut session).await;
        pass(alive).await;
        assert_eq!(cluster.open_transactions().len(), 1);
        pass(ended - alive).await;
        assert!(cluster.open_transactions().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_commit_just_after_the_time_has_passed_says_committed_since_3_12_although_nothing_was() {
    for (version, lies) in [("3.11", false), ("3.12", true), ("4.0", true)] {
        let builder = TestCluster::builder().version(version);
        let (_cluster, mut session) =
            library_of(builder.transaction_idle_timeout(Duration::from_millis(59_500))).await;
        let id = writing(&mut session).await;
        insert(&mut session, &id, json!({ "_key": "a" })).await;
        tokio::time::sleep(Duration::from_millis(59_700)).await;

        assert_eq!(status(&mut session, &id).await, "aborted");
        assert_eq!(outcome(&insert(&mut session, &id, json!({})).await), (404, 1655));
        let committed = commit(&mut session, &id).await;
        if lies {
            assert_eq!((committed.status, &committed.json()["result"]["status"]), (200, &json!("committed")));
        } else {
            assert_eq!(outcome(&committed), (410, 1654));
        }
        assert_eq!(count(&mut session).await, 0);
        assert_eq!(status(&mut session, &id).await, "aborted");
    }
}

#[tokio::test]
async fn a_transaction_writes_no_more_than_its_limit() {
    let (_cluster, mut session) = library_of(TestCluster::builder().max_transaction_size(300)).await;
    let id = writing(&mut session).await;
    let text = "x".repeat(150);
    assert_eq!(insert(&mut session, &id, json!({ "_key": "a", "text": text })).await.status, 202);
    assert_eq!(outcome(&insert(&mut session, &id, json!({ "text": text })).await), (500, 32));
    let query = json!({ "query": "INSERT { text: @text } INTO books", "bindVars": { "text": text } });
    let refused = session.within(&id, Method::POST, "/_api/cursor", &query).await;
    assert_eq!(outcome(&refused), (500, 32));
    let read = session.within(&id, Method::GET, "/_api/document/books/a", &Value::Null).await;
    assert_eq!(read.status, 200);
    assert_eq!(commit(&mut session, &id).await.status, 200);
    assert_eq!(count(&mut session).await, 1);

    let body = json!({ "collections": { "write": "books" }, "maxTransactionSize": 10 });
    let small = super::begin(&mut session, body).await;
    assert_eq!(outcome(&insert(&mut session, &small, json!({})).await), (500, 32));
}
