//! Several documents whose response is lost, or whose shard: the row W09 of the failure semantics.

use arango::data::{DocumentTicket, Evidence, OverwriteMode};
use arango::protocol::{Conclusion, Resolution};
use arango::{Collection, ErrorKind, Outcome};
use arango_test_cluster::{Fault, FaultGuard, Match, Phase, TestCluster};
use http::Method;
use serde_json::{Value, json};

use super::{books, on_post, requests, stored};
use crate::support::{client, cluster};

const ITEMS: u32 = 30;

/// Returns a collection of three shards, each with one copy.
async fn sharded(cluster: &TestCluster) -> Collection {
    let database = client(cluster).db("_system");
    database.create_collection("sharded").shards(3).await.unwrap();
    database.collection("sharded")
}

fn numbered() -> impl Iterator<Item = Value> {
    (0..ITEMS).map(|number| json!({ "n": number }))
}

fn with_keys() -> impl Iterator<Item = Value> {
    (0..ITEMS).map(|number| json!({ "_key": format!("k{number}"), "n": number }))
}

/// Returns how many requests have read several documents.
fn bulk_reads(cluster: &TestCluster) -> usize {
    cluster.journal().entries().iter().filter(|entry| entry.query.contains("onlyget")).count()
}

#[tokio::test(start_paused = true)]
async fn w09_a_lost_shard_fails_its_items_and_those_of_the_others_are_executed_once() {
    let cluster = cluster().await;
    let books = sharded(&cluster).await;
    // The keys are made by the client: the items may be sent again.
    cluster.stop_db_server(0);
    let report = books.insert_many(numbered()).await.unwrap();
    let lost: Vec<usize> = report.failed().map(|(place, _)| place).collect();
    assert!(!lost.is_empty() && lost.len() < ITEMS as usize, "{lost:?}");
    for (_, error) in report.failed() {
        let found = (error.kind(), error.outcome(), error.resolution());
        let expected = (ErrorKind::BackendUnavailable, Outcome::Unknown, Some(Resolution::Failed));
        assert_eq!(found, expected, "{error}");
        assert!(error.ticket().is_some());
    }
    cluster.start_db_server(0);
    let keys: Vec<_> = report.items().iter().flatten().map(|written| &written.key).collect();
    assert!(books.get_many::<Value>(keys.iter().copied()).await.unwrap().iter().all(Option::is_some));
    assert_eq!(books.count().await.unwrap(), keys.len() as u64);
    let entries = cluster.journal().entries();
    let changes: usize = entries.iter().map(|entry| entry.changes).sum();
    assert_eq!(changes, keys.len(), "each was written once");
}

#[tokio::test(start_paused = true)]
async fn w09_a_shard_that_is_lost_for_a_moment_costs_no_item() {
    let cluster = cluster().await;
    let books = sharded(&cluster).await;
    let warm_up = books.insert_many([json!({})]).await.unwrap();
    assert!(warm_up.failed().next().is_none());
    cluster.stop_db_server(1);
    let insert = tokio::spawn(books.insert_many(numbered()).into_future());
    while bulk_posts(&cluster) < 2 {
        tokio::task::yield_now().await;
    }
    cluster.start_db_server(1);
    let report = insert.await.unwrap().unwrap();
    assert_eq!(report.failed().count(), 0, "{:?}", report.by_number());
    assert_eq!(books.count().await.unwrap(), u64::from(ITEMS) + 1);
}

fn bulk_posts(cluster: &TestCluster) -> usize {
    let entries = cluster.journal().entries();
    entries
        .iter()
        .filter(|entry| entry.method == Method::POST && entry.path == "/_api/document/sharded")
        .count()
}

#[tokio::test(start_paused = true)]
async fn w09a_a_request_that_fails_as_a_whole_after_it_was_executed_is_found_by_one_read() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    let lost = Fault::response(503, 1478, "required backend was not available").after_execution();
    let _lost = cluster.inject(&on_post(lost));
    let written = books.insert_many(numbered()).await.unwrap().into_result().unwrap();
    assert!(written.iter().all(|written| written.evidence == Some(Evidence::Key)));
    assert_eq!((bulk_reads(&cluster), stored(&cluster).await), (1, u64::from(ITEMS)));
}

#[tokio::test(start_paused = true)]
async fn w09b_a_lost_response_stores_each_document_once() {
    for phase in [Phase::AfterRead, Phase::AfterExecution, Phase::InHead, Phase::InBody] {
        let cluster = cluster().await;
        let books = books(&client(&cluster));
        let _lost = cluster.inject(&on_post(Fault::close(phase).times(1)));
        let written = books.insert_many(numbered()).await.unwrap().into_result().unwrap();
        let expected = (phase != Phase::AfterRead).then_some(Evidence::Key);
        assert!(written.iter().all(|written| written.evidence == expected), "{phase:?}");
        assert_eq!(stored(&cluster).await, u64::from(ITEMS), "{phase:?}");
        assert_eq!(bulk_reads(&cluster), usize::from(expected.is_some()), "{phase:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn w09c_a_coordinator_that_repeats_the_only_request_causes_no_error() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    let _repeated = cluster.inject(&on_post(Fault::repeated_write()));
    let written = books.insert_many(numbered()).await.unwrap().into_result().unwrap();
    assert!(written.iter().all(|written| written.evidence == Some(Evidence::Key)));
    assert_eq!((requests(&cluster, "POST"), stored(&cluster).await), (1, u64::from(ITEMS)));
}

#[tokio::test(start_paused = true)]
async fn w09d_keys_of_the_program_are_not_sent_again_and_each_item_is_looked_for() {
    for (phase, is_executed) in [(Phase::AfterRead, false), (Phase::AfterExecution, true)] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let books = books(&client);
        books.insert(&json!({ "n": "other" })).key("k7").await.unwrap();
        let _lost = cluster.inject(&on_post(Fault::close(phase)));
        let report = books.insert_many(with_keys()).await.unwrap();
        assert_eq!(requests(&cluster, "POST"), 2, "the first one was the single insert");
        for (place, item) in report.items().iter().enumerate() {
            match item {
                Ok(written) => assert_eq!(written.evidence, Some(Evidence::Content)),
                Err(error) => {
                    let expected = if place == 7 { Resolution::Superseded } else { Resolution::NotSeen };
                    assert_eq!((error.outcome(), error.resolution()), (Outcome::Unknown, Some(expected)));
                }
            }
        }
        let expected = if is_executed { 1 } else { ITEMS as usize };
        assert_eq!(report.failed().count(), expected, "{phase:?}");
        let (_, error) = report.failed().next().unwrap();
        let ticket: DocumentTicket = error.ticket().unwrap().parse().unwrap();
        let conclusion = client.db("other").resolve(&ticket).await.unwrap();
        assert_eq!(conclusion, if is_executed { Conclusion::CannotTell } else { Conclusion::NotSeen });
    }
}

#[tokio::test(start_paused = true)]
async fn w09e_items_with_keys_of_the_server_stay_unknown_and_are_not_sent_again() {
    let cluster = cluster().await;
    let books = books(&client(&cluster)).server_keys();
    let _lost = cluster.inject(&on_post(Fault::close(Phase::AfterExecution)));
    let error = books.insert_many(numbered()).await.unwrap_err();
    assert_eq!((error.outcome(), error.resolution()), (Outcome::Unknown, None), "{error}");
    assert_eq!((requests(&cluster, "POST"), stored(&cluster).await), (1, u64::from(ITEMS)));
}

/// Of the item that was not sent, something is known.
#[tokio::test(start_paused = true)]
async fn an_invalid_document_is_a_failed_item_also_if_the_request_with_the_others_is_lost() {
    let cluster = cluster().await;
    let books = books(&client(&cluster)).server_keys();
    let lost = cluster.inject(&on_post(Fault::close(Phase::AfterExecution)));
    let report = books.insert_many([json!({ "n": 1 }), json!({ "_key": "a b" })]).await.unwrap();
    drop(lost);
    let outcomes: Vec<_> = report.failed().map(|(place, error)| (place, error.outcome())).collect();
    assert_eq!(outcomes, [(0, Outcome::Unknown), (1, Outcome::NotExecuted)]);
    // Nothing distinguishes them if none was executed.
    let _refused = cluster.inject(&on_post(Fault::response(403, 11, "forbidden")));
    let error = books.insert_many([json!({ "n": 1 }), json!({ "_key": "a b" })]).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Forbidden, Outcome::NotExecuted));
}

#[tokio::test(start_paused = true)]
async fn w09f_updates_under_a_revision_are_applied_once_and_found() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    let written = books.insert_many(with_keys()).await.unwrap().into_result().unwrap();
    let lost = Fault::close(Phase::AfterExecution).on(Match::method(Method::PATCH, "/_api/document/books"));
    let _lost = cluster.inject(&lost.times(1));
    let patches = written.iter().map(|old| (&old.key, json!({ "_rev": old.revision, "n": "new" })));
    let updated = books.update_many(patches).if_body_revision().await.unwrap().into_result().unwrap();
    assert!(updated.iter().all(|updated| updated.evidence == Some(Evidence::Content)));
    let changes: usize = cluster.journal().entries().iter().map(|entry| entry.changes).sum();
    assert_eq!(changes, 2 * ITEMS as usize, "each was inserted and updated once");
}

#[tokio::test(start_paused = true)]
async fn w09g_removals_are_seen_by_the_absence_of_the_documents() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    books.insert_many(with_keys()).await.unwrap().into_result().unwrap();
    let on_removals = Match::method(Method::DELETE, "/_api/document/books");
    let _lost = cluster.inject(&Fault::close(Phase::AfterExecution).on(on_removals));
    let keys = (0..ITEMS).map(|number| format!("k{number}"));
    let removed = books.remove_many(keys).await.unwrap().into_result().unwrap();
    assert!(removed.iter().all(|removed| removed.evidence == Some(Evidence::Absence)));
    assert_eq!((requests(&cluster, "DELETE"), stored(&cluster).await), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn w22_items_whose_generated_key_is_refused_get_one_of_the_server() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    let body = json!([
        { "error": true, "errorNum": 1466, "errorMessage": "must not specify _key" },
        { "error": true, "errorNum": 1222, "errorMessage": "key not allowed" },
    ]);
    let refused = Fault::raw_response(202, "application/json", body.to_string()).header("server", "ArangoDB");
    let _refused = cluster.coordinator(1).inject(on_post(refused).times(1));
    let written = books.insert_many([json!({}), json!({})]).await.unwrap().into_result().unwrap();
    assert!(written.iter().all(|written| written.key.as_str().len() < 26), "the server made them");
    assert_eq!((requests(&cluster, "POST"), stored(&cluster).await), (2, 2));
    let again = books.insert_many([json!({})]).await.unwrap().into_result().unwrap();
    assert!(again[0].key.as_str().len() < 26);
    assert_eq!(requests(&cluster, "POST"), 3, "it is remembered");
}

#[tokio::test(start_paused = true)]
async fn a_header_that_contradicts_the_body_is_not_taken_for_a_success() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    let body = json!([{ "_key": "a", "_id": "books/a", "_rev": "_a" }]).to_string();
    let odd = Fault::raw_response(202, "application/json", body)
        .header("server", "ArangoDB")
        .header("x-arango-error-codes", r#"{"1210":1}"#);
    let _odd = cluster.inject(&on_post(odd));
    let insert = books.insert_many([json!({ "_key": "a" })]).overwrite(OverwriteMode::Ignore);
    let report = insert.await.unwrap();
    let error = report.items()[0].as_ref().unwrap_err();
    assert_eq!((error.kind(), error.resolution()), (ErrorKind::Decode, Some(Resolution::NotSeen)), "{error}");
}

/// Numbers with which a DB-Server refuses its part of a request after others have written theirs.
const REFUSALS_DURING_EXECUTION: [(u16, u32); 7] =
    [(503, 1429), (403, 1004), (503, 1495), (503, 1496), (409, 1200), (409, 1210), (500, 18)];

/// Loses what requests write to the shards of one DB-Server, and refuses the requests as a whole.
fn refused_in_part(cluster: &TestCluster, (status, number): (u16, u32), times: usize) -> Vec<FaultGuard> {
    let refused = Fault::response(status, number, "refused by a DB-Server").after_execution();
    let faults = [Fault::lost_write(1), refused];
    faults.into_iter().flat_map(|fault| cluster.inject(&on_post(fault.times(times)))).collect()
}

#[tokio::test(start_paused = true)]
async fn w09h_keys_of_the_server_are_not_sent_again_after_a_refusal_of_one_shard() {
    for refusal in REFUSALS_DURING_EXECUTION {
        let cluster = cluster().await;
        let books = sharded(&cluster).await.server_keys();
        let refused = refused_in_part(&cluster, refusal, usize::MAX);
        let error = books.insert_many(numbered()).await.unwrap_err();
        drop(refused);
        assert_eq!((error.outcome(), error.resolution()), (Outcome::Unknown, None), "{refusal:?}: {error}");
        let stored = books.count().await.unwrap();
        assert!(0 < stored && stored < u64::from(ITEMS), "{refusal:?}: {stored}");
        assert_eq!(bulk_posts(&cluster), 1, "{refusal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn w09h_keys_of_the_program_are_looked_for_after_a_refusal_of_one_shard() {
    for refusal in REFUSALS_DURING_EXECUTION {
        let cluster = cluster().await;
        let books = sharded(&cluster).await;
        let refused = refused_in_part(&cluster, refusal, usize::MAX);
        let report = books.insert_many(with_keys()).await.unwrap();
        drop(refused);
        let stored = usize::try_from(books.count().await.unwrap()).unwrap();
        assert!(0 < stored && stored < ITEMS as usize, "{refusal:?}: {stored}");
        assert_eq!(report.items().iter().flatten().count(), stored, "{refusal:?}");
        assert!(report.items().iter().flatten().all(|written| written.evidence == Some(Evidence::Content)));
        for (_, error) in report.failed() {
            let found = (error.outcome(), error.resolution());
            assert_eq!(found, (Outcome::Unknown, Some(Resolution::NotSeen)), "{refusal:?}: {error}");
        }
        assert_eq!(bulk_posts(&cluster), 1, "{refusal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn w09h_generated_keys_are_sent_again_after_a_refusal_of_one_shard_and_stored_once() {
    for refusal in [(503, 1429), (503, 1495), (503, 1496)] {
        let cluster = cluster().await;
        let books = sharded(&cluster).await;
        let _refused = refused_in_part(&cluster, refusal, 1);
        let report = books.insert_many(numbered()).await.unwrap();
        let found_out = report.items().iter().flatten().filter(|written| written.evidence.is_some()).count();
        let written = report.into_result().unwrap();
        assert!(0 < found_out && found_out < written.len(), "{refusal:?}: {found_out}");
        assert_eq!(books.count().await.unwrap(), u64::from(ITEMS), "{refusal:?}");
        let changes: usize = cluster.journal().entries().iter().map(|entry| entry.changes).sum();
        assert_eq!(changes, ITEMS as usize, "{refusal:?}: each was written once");
    }
}

#[tokio::test(start_paused = true)]
async fn w09i_a_refusal_before_the_execution_proves_that_no_item_was_executed() {
    for (status, number) in [(403, 11), (404, 1203), (503, 21003), (412, 21004), (503, 38)] {
        let cluster = cluster().await;
        let books = sharded(&cluster).await.server_keys();
        let _refused = cluster.inject(&on_post(Fault::response(status, number, "refused")));
        let error = books.insert_many(numbered()).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::NotExecuted, "{number}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn w09i_a_single_item_that_a_shard_refuses_is_not_executed_and_is_sent_again() {
    let cluster = cluster().await;
    let books = books(&client(&cluster)).server_keys();
    let _refused = cluster.inject(&on_post(Fault::response(503, 1429, "too few copies").times(1)));
    books.insert_many([json!({})]).await.unwrap().into_result().unwrap();
    assert_eq!(stored(&cluster).await, 1);
}

#[tokio::test(start_paused = true)]
async fn w09j_a_truncation_that_one_shard_refuses_is_not_sent_again() {
    let truncations = || Match::method(Method::PUT, "/_api/collection/sharded/truncate");
    for (status, number) in [(503, 1429), (503, 1496), (409, 1200)] {
        let cluster = cluster().await;
        let books = sharded(&cluster).await;
        books.insert_many(numbered()).await.unwrap().into_result().unwrap();
        let refused = Fault::response(status, number, "refused by a DB-Server");
        let refused: Vec<_> = cluster.inject(&refused.on(truncations()));
        let error = books.truncate().await.unwrap_err();
        let found = (error.outcome(), error.resolution());
        assert_eq!(found, (Outcome::Unknown, Some(Resolution::NotSeen)), "{number}: {error}");
        assert_eq!(refused.iter().map(FaultGuard::hits).sum::<usize>(), 1, "{number}");
    }
}
