//! The handle of a transaction.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use arango::data::{Aql, CollectionName, CountDocuments, OverwriteMode, Transaction};
use arango::{CallOptions, ErrorKind, Outcome, RetryPolicy};
use arango_test_cluster::{Fault, Match, Phase};
use http::Method;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use super::{Account, bank, begins, ends, sums, transfer};

#[tokio::test(start_paused = true)]
async fn what_a_transaction_writes_is_visible_to_others_after_its_commit() {
    let (cluster, bank) = bank().await;
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    assert_eq!(transfer(&mut transaction).await.unwrap(), 90);
    assert_eq!(sums(&cluster).await, (100, 100));
    transaction.commit().await.unwrap();
    assert_eq!(sums(&cluster).await, (90, 110));
    assert!(cluster.open_transactions().is_empty());
}

#[tokio::test(start_paused = true)]
async fn every_call_of_a_document_is_a_part_of_the_transaction() {
    let (cluster, bank) = bank().await;
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    let mut accounts = transaction.collection("accounts");
    let eve = accounts.insert(&Account { sum: 1 }).await.unwrap().key;
    accounts.upsert("fay", &Account { sum: 2 }).await.unwrap();
    accounts.insert(&Account { sum: 3 }).key("fay").overwrite(OverwriteMode::Replace).silent().await.unwrap();
    accounts.update("ada", &json!({ "closed": true })).return_new::<Account>().await.unwrap();
    accounts.replace("bob", &Account { sum: 4 }).await.unwrap();
    accounts.remove("ada").must_exist().await.unwrap();
    assert!(!accounts.exists("ada").await.unwrap() && accounts.exists(&eve).await.unwrap());
    let read = accounts.get_many::<Account>(["bob", "ada", "fay"]).await.unwrap();
    assert_eq!(read, [Some(Account { sum: 4 }), None, Some(Account { sum: 3 })]);
    assert_eq!(accounts.count().await.unwrap(), 3);
    let count = CountDocuments { collection: CollectionName::new("accounts").unwrap() };
    assert_eq!(transaction.execute(count).await.unwrap(), 3);
    assert_eq!(bank.collection("accounts").count().await.unwrap(), 2, "outside nothing has changed");
    transaction.collection("accounts").truncate().await.unwrap();
    assert_eq!(transaction.collection("accounts").count().await.unwrap(), 0);
    transaction.abort().await.unwrap();
    assert_eq!(sums(&cluster).await, (100, 100));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_transaction_is_aborted_in_the_background() {
    let (cluster, bank) = bank().await;
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    transfer(&mut transaction).await.unwrap();
    drop(transaction);
    sleep(Duration::from_secs(1)).await;
    assert!(cluster.open_transactions().is_empty());
    assert_eq!((ends(&cluster, &Method::DELETE), sums(&cluster).await), (1, (100, 100)));
}

#[tokio::test(start_paused = true)]
async fn a_transaction_whose_abort_is_dropped_is_aborted_in_the_background() {
    let (cluster, bank) = bank().await;
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    transfer(&mut transaction).await.unwrap();
    let busy = Fault::response(500, 28, "locked").on(Match::method(Method::DELETE, "/_api/transaction/*"));
    let busy = cluster.inject(&busy);
    timeout(Duration::from_millis(500), transaction.abort()).await.unwrap_err();
    drop(busy);
    sleep(Duration::from_secs(5)).await;
    assert!(cluster.open_transactions().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_transaction_whose_begin_is_dropped_is_aborted_when_it_has_begun() {
    let (cluster, bank) = bank().await;
    let begin = Match::post("/_api/transaction/begin");
    let _slow = cluster.inject(&Fault::latency(Duration::from_secs(2)).on(begin));
    timeout(Duration::from_secs(1), bank.transaction(["accounts"]).begin()).await.unwrap_err();
    sleep(Duration::from_secs(3)).await;
    assert_eq!((begins(&cluster), ends(&cluster, &Method::DELETE)), (1, 1));
    assert!(cluster.open_transactions().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_call_of_unknown_outcome_leaves_only_the_abort() {
    let (cluster, bank) = bank().await;
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    let lost = Fault::close(Phase::AfterExecution).on(Match::patch("/_api/document/*")).times(1);
    let _lost = cluster.inject(&lost);
    let error = transaction.collection("accounts").update("ada", &json!({ "sum": 1 })).await.unwrap_err();
    assert_eq!((error.outcome(), error.ticket()), (Outcome::Unknown, None));
    let received = cluster.journal().entries().len();
    let error = transaction.collection("accounts").get::<Account>("ada").await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::TransactionPoisoned, Outcome::NotExecuted));
    let error = transaction.commit().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::TransactionPoisoned, Outcome::NotExecuted));
    sleep(Duration::from_secs(1)).await;
    let entries = cluster.journal().entries();
    let sent: Vec<_> = entries[received..].iter().map(|entry| &entry.method).collect();
    assert_eq!(sent, [Method::DELETE], "only the abort");
    assert_eq!(sums(&cluster).await, (100, 100));
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_future_is_dropped_poisons_the_transaction() {
    let (cluster, bank) = bank().await;
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    let slow = Fault::latency(Duration::from_secs(2)).on(Match::patch("/_api/document/*")).times(1);
    let _slow = cluster.inject(&slow);
    let mut accounts = transaction.collection("accounts");
    let update = accounts.update("ada", &json!({ "sum": 1 })).into_future();
    timeout(Duration::from_secs(1), update).await.unwrap_err();
    assert_eq!(accounts.exists("ada").await.unwrap_err().kind(), ErrorKind::TransactionPoisoned);
    drop(transaction);
    sleep(Duration::from_secs(10)).await;
    assert!(cluster.open_transactions().is_empty(), "it is aborted when the call has ended");
    assert_eq!(sums(&cluster).await, (100, 100));
}

#[tokio::test(start_paused = true)]
async fn a_conflict_is_not_repeated_inside_whatever_the_retry_policy_says() {
    let (cluster, bank) = bank().await;
    let bank = bank.options(CallOptions::default().retry(RetryPolicy::default().conflicts(10)));
    let mut first = bank.transaction(["accounts"]).begin().await.unwrap();
    let mut second = bank.transaction(["accounts"]).begin().await.unwrap();
    first.collection("accounts").update("ada", &json!({ "sum": 1 })).await.unwrap();
    let error = second.collection("accounts").update("ada", &json!({ "sum": 2 })).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::Conflict, 1), "{}", error.report());
    let error = second.collection("accounts").get::<Account>("bob").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::TransactionGone, 0));
    first.commit().await.unwrap();
    assert_eq!(second.commit().await.unwrap_err().outcome(), Outcome::NotExecuted);
    assert_eq!(sums(&cluster).await, (1, 100));
}

#[tokio::test(start_paused = true)]
async fn a_refused_write_does_not_end_the_transaction() {
    let (cluster, bank) = bank().await;
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    let mut accounts = transaction.collection("accounts");
    let error = accounts.insert(&Account { sum: 0 }).key("ada").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UniqueViolation);
    assert_eq!(accounts.update("eve", &json!({})).await.unwrap_err().kind(), ErrorKind::DocumentNotFound);
    let undeclared = transaction.collection("books").insert(&json!({})).await.unwrap_err();
    assert_eq!(undeclared.error_number().unwrap().0, 1652, "{undeclared}");
    transaction.collection("accounts").update("ada", &json!({ "sum": 1 })).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(sums(&cluster).await, (1, 100));
}

#[tokio::test(start_paused = true)]
async fn cursors_that_cannot_be_closed_delay_a_commit_only_once() {
    let (cluster, bank) = bank().await;
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    for _ in 0..3 {
        let query = Aql::new("FOR a IN accounts RETURN a.sum");
        drop(transaction.query::<i64>(query).batch_size(1).await.unwrap());
    }
    let _silent = cluster.inject(&Fault::hang().on(Match::delete("/_api/cursor/*")));
    let start = Instant::now();
    transaction.commit().await.unwrap();
    assert!(start.elapsed() <= Duration::from_secs(6), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_comes_too_late_is_no_success_although_the_server_says_so() {
    let (cluster, bank) = bank().await;
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    transfer(&mut transaction).await.unwrap();
    // It is sent in time, and executed between the end of the idle time and the next round of the server.
    let _slow = cluster
        .inject(&Fault::latency(Duration::from_millis(5_050)).on(Match::put("/_api/transaction/*")).times(1));
    sleep(Duration::from_millis(54_960)).await;
    let start = Instant::now();
    let error = transaction.commit().await.unwrap_err();
    assert_eq!(error.elapsed(), start.elapsed(), "the questions are a part of the commit");
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::TransactionGone, Outcome::NotExecuted),
        "{error}"
    );
    assert!(error.to_string().contains("the server has aborted it"), "{error}");
    assert_eq!((ends(&cluster, &Method::PUT), ends(&cluster, &Method::GET)), (1, 1));
    assert_eq!(sums(&cluster).await, (100, 100));
}

#[tokio::test(start_paused = true)]
async fn a_late_commit_is_no_success_either_if_only_the_head_of_its_response_arrived() {
    let (cluster, bank) = bank().await;
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    transfer(&mut transaction).await.unwrap();
    let commit = || Match::put("/_api/transaction/*");
    let _slow = cluster.inject(&Fault::latency(Duration::from_millis(5_050)).on(commit()).times(1));
    let _cut = cluster.inject(&Fault::close(Phase::InBody).on(commit()).times(1));
    sleep(Duration::from_millis(54_960)).await;
    let start = Instant::now();
    let error = transaction.commit().await.unwrap_err();
    assert_eq!(error.elapsed(), start.elapsed(), "the questions are a part of the commit");
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::TransactionGone, Outcome::NotExecuted),
        "{error}"
    );
    assert_eq!(sums(&cluster).await, (100, 100));
}

#[tokio::test(start_paused = true)]
async fn a_closure_whose_commit_comes_too_late_is_run_again() {
    let (cluster, bank) = bank().await;
    let bank = bank.timeout(Duration::from_secs(100));
    let runs = AtomicU32::new(0);
    let slow = cluster
        .inject(&Fault::latency(Duration::from_millis(5_050)).on(Match::put("/_api/transaction/*")).times(1));
    let closure = async |mut transaction: Transaction| {
        let left = transfer(&mut transaction).await?;
        if runs.fetch_add(1, Ordering::Relaxed) == 0 {
            sleep(Duration::from_millis(54_960)).await;
        }
        Ok::<_, arango::Error>(left)
    };
    assert_eq!(bank.transaction(["accounts"]).run(closure).await.unwrap(), 90);
    assert_eq!((runs.load(Ordering::Relaxed), sums(&cluster).await), (2, (90, 110)));
    drop(slow);
}

#[tokio::test(start_paused = true)]
async fn a_transaction_that_was_not_used_for_long_is_not_committed() {
    let (cluster, bank) = bank().await;
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    transfer(&mut transaction).await.unwrap();
    sleep(Duration::from_secs(56)).await;
    let error = transaction.commit().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::TransactionGone, Outcome::NotExecuted));
    sleep(Duration::from_secs(1)).await;
    assert_eq!((ends(&cluster, &Method::PUT), ends(&cluster, &Method::DELETE)), (0, 1));
    assert!(cluster.open_transactions().is_empty());
    assert_eq!(sums(&cluster).await, (100, 100));
}

#[tokio::test(start_paused = true)]
async fn queries_read_and_write_in_the_transaction_and_their_batches_are_read_when_needed() {
    let (cluster, bank) = bank().await;
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    let add = Aql::new("FOR i IN 1..10 INSERT { _key: CONCAT('n', i), sum: i } INTO accounts");
    transaction.query::<()>(add).finish().await.unwrap();
    let all = || Aql::new("FOR a IN accounts SORT a.sum RETURN a.sum");
    let mut rows = transaction.query::<i64>(all()).batch_size(4).await.unwrap();
    for expected in 1..=4 {
        assert_eq!(rows.try_next().await.unwrap(), Some(expected));
    }
    let is_batch = |path: &str| path.starts_with("/_api/cursor/");
    let batches = || cluster.journal().entries().iter().filter(|entry| is_batch(&entry.path)).count();
    assert_eq!(batches(), 0, "no batch is read in advance");
    assert_eq!(rows.try_next().await.unwrap(), Some(5));
    assert_eq!(batches(), 1);
    drop(rows);
    assert_eq!(transaction.query::<i64>(all()).all().await.unwrap().len(), 12);
    assert!(cluster.open_cursors().is_empty(), "the dropped cursor was closed before the next call");
    transaction.commit().await.unwrap();
    assert_eq!(bank.collection("accounts").count().await.unwrap(), 12);
}

/// How a transaction ends whose last cursor was dropped before its end.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Drop,
    Abort,
    /// A batch of the cursor was lost, which poisons the transaction.
    DropAfterLostBatch,
}

#[tokio::test(start_paused = true)]
async fn w13a_a_dropped_cursor_is_closed_before_the_transaction_is_aborted() {
    for end in [End::Drop, End::Abort, End::DropAfterLostBatch] {
        let (cluster, bank) = bank().await;
        let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
        let query = transaction.query::<u8>(Aql::new("FOR i IN 1..10 RETURN i")).batch_size(2);
        let mut rows = query.await.unwrap();
        assert_eq!(cluster.open_cursors().len(), 1, "{end:?}");
        if end == End::DropAfterLostBatch {
            let lost = Fault::close(Phase::AfterExecution).on(Match::post("/_api/cursor/*")).times(1);
            let _lost = cluster.inject(&lost);
            while rows.try_next().await.is_ok() {}
        }
        drop(rows);
        match end {
            End::Abort => transaction.abort().await.unwrap(),
            End::Drop | End::DropAfterLostBatch => drop(transaction),
        }
        sleep(Duration::from_secs(1)).await;
        let entries = cluster.journal().entries();
        let ends = entries.iter().filter(|entry| entry.method == Method::DELETE);
        let is_cursor: Vec<_> = ends.map(|entry| entry.path.starts_with("/_api/cursor/")).collect();
        assert_eq!(is_cursor, [true, false], "{end:?}: {entries:?}");
        assert!(cluster.open_cursors().is_empty() && cluster.open_transactions().is_empty(), "{end:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn options_of_a_transaction_are_sent_and_a_lock_is_waited_for_in_time() {
    let (_cluster, bank) = bank().await;
    let holder = bank.transaction::<&str>([]).exclusive(["accounts"]).begin().await.unwrap();
    let begin = bank.transaction(["accounts"]).lock_timeout(Duration::from_secs(2)).wait_for_sync();
    let error = begin.begin().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::LockTimeout, Outcome::NotExecuted));
    // Longer than the deadline: the server is asked to give up before it.
    let impatient = bank.clone().timeout(Duration::from_secs(4));
    let begin = impatient.transaction(["accounts"]).lock_timeout(Duration::from_secs(600));
    assert_eq!(begin.begin().await.unwrap_err().kind(), ErrorKind::LockTimeout);
    holder.abort().await.unwrap();
    let strict = bank.transaction(["accounts"]).read(["books"]).forbid_implicit().skip_fast_lock_round();
    strict.max_bytes(1 << 20).begin().await.unwrap().abort().await.unwrap();
    let invalid = bank.transaction(["a/b"]).begin().await.unwrap_err();
    assert_eq!(invalid.kind(), ErrorKind::Request);
}
