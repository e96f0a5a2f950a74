//! Commits whose response is lost.

use std::time::Duration;

use arango::protocol::Resolution;
use arango::{Limits, Outcome};
use arango_test_cluster::{Fault, Match, Phase, TestCluster};
use http::Method;
use tokio::time::{Instant, sleep};

use super::{bank, ends, owner_of, sums, transfer};
use crate::support::{builder, client, wait_for_hit};

fn on_commit(fault: Fault) -> Fault {
    fault.on(Match::put("/_api/transaction/*"))
}

/// Returns the methods of the requests that ended transactions or asked for them, in order.
fn ending(cluster: &TestCluster) -> Vec<Method> {
    let entries = cluster.journal().entries();
    let is_end = |path: &str| path.starts_with("/_api/transaction/") && path != "/_api/transaction/begin";
    entries.into_iter().filter(|entry| is_end(&entry.path)).map(|entry| entry.method).collect()
}

#[tokio::test(start_paused = true)]
async fn w15_a_lost_commit_that_was_executed_is_a_success_after_two_equal_states() {
    let (cluster, bank) = bank().await;
    let _lost = cluster.inject(&on_commit(Fault::close(Phase::AfterExecution).times(1)));
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    transfer(&mut transaction).await.unwrap();
    let start = Instant::now();
    transaction.commit().await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(5), "the states are 5 s apart");
    assert_eq!(ending(&cluster), [Method::PUT, Method::GET, Method::GET]);
    assert_eq!(sums(&cluster).await, (90, 110));
}

#[tokio::test(start_paused = true)]
async fn w15_a_lost_commit_that_was_not_executed_is_sent_again_after_the_state_was_read() {
    let (cluster, bank) = bank().await;
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    transfer(&mut transaction).await.unwrap();
    let _lost = cluster.inject(&on_commit(Fault::close(Phase::AfterRead).times(1)));
    transaction.commit().await.unwrap();
    let expected = [Method::PUT, Method::GET, Method::PUT, Method::GET];
    assert_eq!(ending(&cluster), expected, "the second commit is confirmed");
    assert_eq!(sums(&cluster).await, (90, 110));
}

#[tokio::test(start_paused = true)]
async fn w15_a_commit_that_is_reported_before_it_fails_is_not_believed() {
    let (cluster, _) = bank().await;
    let limits = Limits::default().attempt(Duration::from_secs(1));
    let bank = builder(&cluster).limits(limits).build().unwrap().db("_system");
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    transfer(&mut transaction).await.unwrap();
    let _slow = cluster.inject(&on_commit(Fault::slow_commit(Duration::from_secs(4))));
    let _failed = cluster.inject(&on_commit(Fault::failed_commit()));
    let start = Instant::now();
    let error = transaction.commit().await.unwrap_err();
    assert_eq!(error.elapsed(), start.elapsed(), "the questions are a part of the commit");
    assert_eq!(
        (error.outcome(), error.resolution()),
        (Outcome::Unknown, Some(Resolution::CannotTell)),
        "of several leaders some might have committed: {}",
        error.report()
    );
    assert_eq!(ending(&cluster), [Method::PUT, Method::GET, Method::GET], "first committed, then aborted");
    assert_eq!(sums(&cluster).await, (100, 100));
}

#[tokio::test(start_paused = true)]
async fn w15_a_restarted_owner_knows_nothing_and_is_not_asked_to_commit_or_abort() {
    for is_executed in [false, true] {
        let (cluster, _) = bank().await;
        let client = client(&cluster);
        let mut transaction = client.db("_system").transaction(["accounts"]).begin().await.unwrap();
        transfer(&mut transaction).await.unwrap();
        let owner = cluster.coordinator(owner_of(&client, &transaction));
        let phase = if is_executed { Phase::AfterExecution } else { Phase::AfterRead };
        let lost = owner.inject(on_commit(Fault::close(phase).times(1)));
        let _no_answer =
            owner.inject(Fault::latency(Duration::from_secs(1)).on(Match::get("/_api/transaction/*")));
        let restart = async {
            wait_for_hit(&lost).await;
            owner.kill();
            owner.restart().await.unwrap();
        };
        let (result, ()) = tokio::join!(transaction.commit(), restart);
        let error = result.unwrap_err();
        assert_eq!((error.outcome(), error.ticket()), (Outcome::Unknown, None), "{}", error.report());
        assert_eq!(error.resolution(), Some(Resolution::CannotTell));
        sleep(Duration::from_secs(1)).await;
        assert_eq!((ends(&cluster, &Method::PUT), ends(&cluster, &Method::DELETE)), (1, 0));
        assert_eq!(sums(&cluster).await, if is_executed { (90, 110) } else { (100, 100) });
    }
}

#[tokio::test(start_paused = true)]
async fn w15_a_commit_that_is_refused_was_not_executed_and_nothing_is_asked() {
    let (cluster, bank) = bank().await;
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    transfer(&mut transaction).await.unwrap();
    let _refused = cluster.inject(&on_commit(Fault::response(410, 1654, "transaction aborted").times(1)));
    let error = transaction.commit().await.unwrap_err();
    assert_eq!((error.outcome(), error.resolution()), (Outcome::NotExecuted, None));
    assert_eq!(ending(&cluster), [Method::PUT]);
}

#[tokio::test(start_paused = true)]
async fn a_commit_without_an_answer_is_found_out_about_until_the_time_is_up() {
    let (cluster, bank) = bank().await;
    let mut transaction = bank.transaction(["accounts"]).begin().await.unwrap();
    transfer(&mut transaction).await.unwrap();
    let _lost = cluster.inject(&on_commit(Fault::close(Phase::AfterExecution)));
    let _silent = cluster.inject(&Fault::close(Phase::AfterRead).on(Match::get("/_api/transaction/*")));
    let start = Instant::now();
    let error = transaction.commit().await.unwrap_err();
    assert!(start.elapsed() <= Duration::from_secs(60), "{:?}", start.elapsed());
    assert_eq!((error.outcome(), error.resolution()), (Outcome::Unknown, Some(Resolution::Failed)));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(ends(&cluster, &Method::DELETE), 0, "it is not aborted");
    assert_eq!(sums(&cluster).await, (90, 110));
}

#[tokio::test(start_paused = true)]
async fn w15_a_commit_that_was_executed_but_answered_with_an_error_is_never_not_executed() {
    let (cluster, bank) = bank().await;
    let error = Fault::response(400, 600, "scripted").after_execution().times(1);
    let _answered = cluster.inject(&on_commit(error));
    // Too short to confirm the state.
    let result = bank
        .timeout(Duration::from_millis(900))
        .transaction(["accounts"])
        .run(async |mut transaction| transfer(&mut transaction).await)
        .await;
    assert_eq!(result.unwrap_err().outcome(), Outcome::Unknown);
    assert_eq!(sums(&cluster).await, (90, 110));
}
