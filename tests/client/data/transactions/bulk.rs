//! Several documents with one request, within a transaction.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use arango::data::{BulkReport, ItemError, KeyGenerator, KeyOptions, Transaction, TransactionError, Written};
use arango::{Database, ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match, Phase, TestCluster};
use http::Method;
use serde_json::json;
use tokio::time::sleep;

use super::{Account, bank, begins, ends, sums};
use crate::support::client;

/// Returns the requests for several documents that coordinators have received, by their methods.
fn bulk_requests(cluster: &TestCluster) -> Vec<Method> {
    let entries = cluster.journal().entries();
    let of_several =
        |path: &str| path.strip_prefix("/_api/document/").is_some_and(|rest| !rest.contains('/'));
    entries.into_iter().filter(|entry| of_several(&entry.path)).map(|entry| entry.method).collect()
}

fn numbers<T>(report: &BulkReport<T>) -> Vec<Option<u64>> {
    report.items().iter().map(|item| Some(u64::from(item.as_ref().err()?.number()?.0))).collect()
}

/// The balances of both accounts after a transfer of 10.
fn transferred() -> [(&'static str, Account); 2] {
    [("ada", Account { sum: 90 }), ("bob", Account { sum: 110 })]
}

#[tokio::test(start_paused = true)]
async fn several_documents_are_written_with_one_request_and_seen_by_others_from_the_commit_on() {
    let (cluster, bank) = bank().await;
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    let mut accounts = transaction.collection("accounts");
    let inserted = accounts.insert_many([Account { sum: 1 }, Account { sum: 2 }]).await.unwrap();
    let keys: Vec<_> = inserted.into_result().unwrap().into_iter().map(|written| written.key).collect();
    accounts.update_many([("ada", json!({ "closed": true }))]).silent().await.unwrap().into_result().unwrap();
    let replaced = accounts.replace_many(transferred()).return_old::<Account>().await.unwrap();
    let old: Vec<_> = replaced.into_result().unwrap().into_iter().filter_map(|written| written.old).collect();
    assert_eq!(old, [Account { sum: 100 }, Account { sum: 100 }]);
    accounts.remove_many([&keys[0]]).await.unwrap().into_result().unwrap();
    let read = accounts.get_many::<Account>(&keys).await.unwrap();
    assert_eq!(read, [None, Some(Account { sum: 2 })]);

    let methods = [Method::POST, Method::PATCH, Method::PUT, Method::DELETE, Method::PUT];
    assert_eq!(bulk_requests(&cluster), methods);
    assert_eq!(sums(&cluster).await, (100, 100), "others do not see it yet");
    assert_eq!(bank.collection("accounts").count().await.unwrap(), 2);
    transaction.commit().await.unwrap();
    assert_eq!(sums(&cluster).await, (90, 110));
    assert_eq!(bank.collection("accounts").count().await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn nothing_of_several_documents_stays_after_an_abort() {
    let (cluster, bank) = bank().await;
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    let mut accounts = transaction.collection("accounts");
    accounts.insert_many([Account { sum: 1 }]).await.unwrap().into_result().unwrap();
    accounts.replace_many(transferred()).await.unwrap().into_result().unwrap();
    accounts.remove_many(["bob"]).await.unwrap().into_result().unwrap();
    transaction.abort().await.unwrap();
    assert_eq!((sums(&cluster).await, bank.collection("accounts").count().await.unwrap()), ((100, 100), 2));
}

#[tokio::test(start_paused = true)]
async fn an_item_that_is_refused_leaves_the_transaction_and_the_other_items_as_they_are() {
    let (cluster, bank) = bank().await;
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    let mut accounts = transaction.collection("accounts");
    let documents = [json!({ "_key": "ada" }), json!({ "_key": "eve", "sum": 1 }), json!({ "_key": "a b" })];
    let report = accounts.insert_many(documents).await.unwrap();
    assert_eq!(numbers(&report), [Some(1210), None, None]);
    assert_eq!(report.failed().count(), 2, "an invalid key is not sent");
    let report = accounts.update_many([("fay", json!({})), ("ada", json!({ "sum": 7 }))]).await.unwrap();
    assert_eq!(numbers(&report), [Some(1202), None]);
    transaction.commit().await.unwrap();
    assert_eq!((sums(&cluster).await, bank.collection("accounts").count().await.unwrap()), ((7, 100), 3));
}

#[tokio::test(start_paused = true)]
async fn a_lost_response_to_several_documents_poisons_the_transaction_and_nothing_is_repeated_or_read() {
    for phase in [Phase::AfterRead, Phase::AfterExecution, Phase::InBody] {
        let (cluster, bank) = bank().await;
        let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
        let lost = Fault::close(phase).on(Match::post("/_api/document/accounts")).times(1);
        let _lost = cluster.inject(&lost);
        // The keys are made by the client: without a transaction the items would be sent again.
        let mut accounts = transaction.collection("accounts");
        let error = accounts.insert_many([Account { sum: 1 }, Account { sum: 2 }]).await.unwrap_err();
        assert_ne!(error.outcome(), Outcome::NotExecuted, "{phase:?}: {error}");
        assert_eq!(error.ticket(), None, "{phase:?}: the transaction decides about the items");
        let error = accounts.remove_many(["ada"]).await.unwrap_err();
        let refused = (ErrorKind::TransactionPoisoned, Outcome::NotExecuted);
        assert_eq!((error.kind(), error.outcome()), refused, "{phase:?}");
        assert_eq!(bulk_requests(&cluster), [Method::POST], "{phase:?}: sent once, and nothing after it");
        assert_eq!(transaction.commit().await.unwrap_err().kind(), ErrorKind::TransactionPoisoned);
        assert_eq!(ends(&cluster, &Method::PUT), 0, "{phase:?}");
        assert_eq!(bank.collection("accounts").count().await.unwrap(), 2, "{phase:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn w14_a_closure_whose_several_documents_are_lost_is_run_again_and_takes_effect_once() {
    for phase in [Phase::AfterRead, Phase::AfterExecution, Phase::InBody] {
        let (cluster, bank) = bank().await;
        let lost = Fault::close(phase).on(Match::put("/_api/document/accounts")).times(1);
        let _lost = [0, 1, 2].map(|index| cluster.coordinator(index).inject(lost.clone()));
        let runs = AtomicU32::new(0);
        let closure = async |mut transaction: Transaction| {
            runs.fetch_add(1, Ordering::Relaxed);
            let mut accounts = transaction.collection("accounts");
            let inserted = accounts.insert_many([Account { sum: 0 }]).await?;
            assert_eq!(inserted.failed().count(), 0);
            // What the closure makes of the report does not decide whether it is run again.
            accounts.replace_many(transferred()).await.ok();
            Ok::<_, arango::Error>(())
        };
        bank.transaction(["accounts"]).run(closure).await.unwrap();
        assert!(runs.load(Ordering::Relaxed) > 1, "{phase:?}");
        assert_eq!(ends(&cluster, &Method::PUT), 1, "{phase:?}: only the last run is committed");
        assert_eq!(sums(&cluster).await, (90, 110), "{phase:?}");
        assert_eq!(bank.collection("accounts").count().await.unwrap(), 3, "{phase:?}: once");
        assert!(cluster.open_transactions().is_empty(), "{phase:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_closure_of_which_one_item_meets_a_conflict_is_run_again() {
    let (cluster, bank) = bank().await;
    let mut other = bank.transaction(["accounts"]).begin().await.unwrap();
    other.collection("accounts").update("bob", &json!({ "sum": 1 })).await.unwrap();
    let mut other = Some(other);
    let runs = AtomicU32::new(0);
    let closure = |mut transaction: Transaction| {
        runs.fetch_add(1, Ordering::Relaxed);
        let other = other.take();
        async move {
            let report = transaction.collection("accounts").replace_many(transferred()).await?;
            if let Some(other) = other {
                assert_eq!(numbers(&report), [None, Some(1200)]);
                // Only an abort is left: the state that it reads stays the same.
                let next = transaction.collection("accounts").exists("ada").await.unwrap_err();
                assert_eq!(next.kind(), ErrorKind::TransactionGone);
                other.abort().await?;
            }
            Ok::<_, arango::Error>(())
        }
    };
    let done: Result<(), TransactionError<arango::Error>> = bank.transaction(["accounts"]).run(closure).await;
    done.unwrap();
    assert_eq!((runs.load(Ordering::Relaxed), begins(&cluster)), (2, 3));
    assert_eq!(sums(&cluster).await, (90, 110));
}

#[tokio::test(start_paused = true)]
async fn an_item_whose_shard_is_lost_poisons_the_transaction_and_is_not_repeated() {
    let (cluster, bank) = bank().await;
    bank.create_collection("sharded").shards(3).ensure().await.unwrap().into_result().unwrap();
    sleep(Duration::from_secs(2)).await;
    cluster.journal().clear();
    let mut transaction = bank.transaction(["sharded"]).begin().await.unwrap();
    cluster.stop_db_server(0);
    let mut sharded = transaction.collection("sharded");
    let report = sharded.insert_many((0..30).map(|number| json!({ "n": number }))).await.unwrap();
    let lost = report.failed().count();
    assert!(lost > 0 && lost < 30, "{lost}");
    for (_, error) in report.failed() {
        let found = (error.outcome(), error.resolution(), error.ticket());
        assert_eq!(found, (Outcome::Unknown, None, None), "{error}");
    }
    assert_eq!(sharded.count().await.unwrap_err().kind(), ErrorKind::TransactionPoisoned);
    cluster.start_db_server(0);
    assert_eq!(bulk_requests(&cluster), [Method::POST]);
    transaction.abort().await.unwrap();
    assert_eq!(bank.collection("sharded").count().await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn keys_that_the_collection_refuses_are_left_to_the_server_within_the_transaction() {
    let (cluster, bank) = bank().await;
    recreate_with_server_keys(&cluster, &bank).await;
    let mut transaction = bank.transaction(["numbered"]).begin().await.unwrap();
    let report = transaction.collection("numbered").insert_many([json!({}), json!({})]).await.unwrap();
    assert_eq!(bulk_requests(&cluster), [Method::POST, Method::POST], "with keys, and without them");
    let written: Vec<Written> = report.into_result().unwrap();
    assert!(written.iter().all(|one| one.key.as_str().parse::<u64>().is_ok()), "{written:?}");
    assert_eq!(bank.collection("numbered").count().await.unwrap(), 0);
    transaction.commit().await.unwrap();
    assert_eq!(bank.collection("numbered").count().await.unwrap(), 2);
}

/// Makes a client know that a collection accepts keys, and then replaces the collection by one that accepts none.
async fn recreate_with_server_keys(cluster: &TestCluster, bank: &Database) {
    bank.create_collection("numbered").await.unwrap();
    sleep(Duration::from_secs(2)).await;
    bank.collection("numbered").insert(&json!({})).await.unwrap();
    let other = client(cluster).db("_system");
    other.collection("numbered").drop_collection().await.unwrap();
    let options = KeyOptions::new(KeyGenerator::Autoincrement).server_keys_only();
    other.create_collection("numbered").key_options(options).await.unwrap();
    sleep(Duration::from_secs(2)).await;
    cluster.journal().clear();
}

#[tokio::test(start_paused = true)]
async fn no_further_request_follows_if_the_items_with_refused_keys_are_refused_again_as_a_whole() {
    for (is_transaction, has_own_key) in [(true, false), (true, true), (false, false), (false, true)] {
        let (cluster, bank) = bank().await;
        recreate_with_server_keys(&cluster, &bank).await;
        let mut items = vec![json!({}); 10_001];
        if has_own_key {
            items[0] = json!({ "_key": "7" });
        }
        let on_insert = |fault: Fault| fault.on(Match::post("/_api/document/numbered"));
        let slow = cluster.inject(&on_insert(Fault::latency(Duration::from_millis(50))));
        let refuse_the_second = async {
            while slow.iter().all(|fault| fault.hits() == 0) {
                sleep(Duration::from_millis(1)).await;
            }
            cluster.inject(&on_insert(Fault::response(403, 11, "forbidden")))
        };
        let insert = async {
            if is_transaction {
                let mut transaction = bank.transaction(["numbered"]).begin().await.unwrap();
                let result = transaction.collection("numbered").insert_many(&items).await;
                transaction.abort().await.unwrap();
                result
            } else {
                bank.collection("numbered").insert_many(&items).await
            }
        };
        let (result, refused) = tokio::join!(insert, refuse_the_second);
        let case = format!("transaction: {is_transaction}, one with its own key: {has_own_key}");
        drop((slow, refused));
        assert_eq!(bulk_requests(&cluster), [Method::POST, Method::POST], "{case}: none with the last item");
        match result {
            Ok(report) => {
                let kinds = report.failed().map(|(_, error)| error.kind());
                assert_eq!(kinds.filter(|kind| *kind == ErrorKind::Forbidden).count(), 10_000, "{case}");
                let number = report.items()[0].as_ref().err().and_then(ItemError::number);
                assert_eq!((has_own_key, number.map(|number| number.0)), (true, Some(1222)), "{case}");
            }
            Err(error) => assert_eq!((error.kind(), has_own_key), (ErrorKind::Forbidden, false), "{case}"),
        }
    }
}
