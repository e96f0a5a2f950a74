//! Query results read in batches: each element arrives once and in order, or the call fails.

use std::time::Duration;

use arango::StoppedBy;
use arango::protocol::RequestClass;
use arango::{Client, CoordinatorHandle, Error, ErrorKind, Limits, Outcome};
use arango_test_cluster::{Fault, FaultGuard, Match, Phase, TestCluster};
use tokio::time::Instant;

use super::cursors::{Batch, EndCursor, FetchBatch, FetchNext, Query, query};
use super::{CLOSE_MODES, hits};
use crate::support::{builder, client, cluster};

const PHASES: [Phase; 5] =
    [Phase::BeforeRead, Phase::AfterRead, Phase::AfterExecution, Phase::InHead, Phase::InBody];

/// Returns a query for forty numbers in batches of four.
fn numbers() -> Query {
    query("FOR i IN 1..40 RETURN i").batches_of(4)
}

fn all() -> Vec<u64> {
    (1..=40).collect()
}

/// Returns a handle for the coordinator that will own the cursor.
fn cursor_owner(client: &Client) -> CoordinatorHandle {
    client.coordinator(&client.coordinators()[0].address)
}

/// Breaks the connections of `times` fetches at each of the first `coordinators` coordinators.
fn break_fetches(cluster: &TestCluster, coordinators: usize, fault: &Fault, times: usize) -> Vec<FaultGuard> {
    let fault = fault.clone().on(Match::post("/_api/cursor/*")).times(times);
    cluster.coordinators()[..coordinators].iter().map(|one| one.inject(fault.clone())).collect()
}

/// Returns the fetch of the next batch.
fn next_batch(cursor: &str, batch: &Batch, class: RequestClass) -> FetchBatch {
    let batch = batch.next_batch_id.clone().expect("a batch before the last has the id of the next");
    FetchBatch { cursor: cursor.to_owned(), batch, class }
}

/// python-arango and other drivers lose a batch that was executed but not received.
#[tokio::test(start_paused = true)]
async fn batch_ids_keep_a_result_complete_and_ordered() {
    for (phase, close_mode) in
        PHASES.iter().flat_map(|phase| CLOSE_MODES.map(|close_mode| (*phase, close_mode)))
    {
        let cluster = cluster().await;
        let database = client(&cluster).db("_system");
        // Two of three coordinators, so that one call reaches the third. Each of them forwards to the owner.
        let broken = break_fetches(&cluster, 2, &Fault::close(phase).close_mode(close_mode), 2);
        let mut batch: Batch = database.execute(numbers().allow_retry()).await.unwrap().json().unwrap();
        let cursor = batch.id.clone().unwrap();
        let mut read = batch.result.clone();
        while batch.has_more {
            batch = database.execute(next_batch(&cursor, &batch, RequestClass::Idempotent)).await.unwrap();
            read.extend(&batch.result);
        }
        assert_eq!(read, all(), "{phase:?} {close_mode:?}");
        assert_eq!(hits(&broken), 4, "{phase:?} {close_mode:?}");
        let end = EndCursor { cursor };
        assert_eq!(database.execute(end.clone()).await.unwrap(), 202);
        assert_eq!(database.execute(end).await.unwrap(), 404);
    }
}

/// A handle for the owner does not fail over. The caller repeats the fetch and gets the same batch, not the next.
#[tokio::test(start_paused = true)]
async fn a_pinned_cursor_refetches_the_failed_batch() {
    for (phase, close_mode) in
        PHASES.iter().flat_map(|phase| CLOSE_MODES.map(|close_mode| (*phase, close_mode)))
    {
        let cluster = cluster().await;
        let owner = cursor_owner(&client(&cluster));
        let broken = break_fetches(&cluster, 3, &Fault::close(phase).close_mode(close_mode), 7);
        let mut batch: Batch = owner.execute(numbers().allow_retry()).await.unwrap().json().unwrap();
        let cursor = batch.id.clone().unwrap();
        let (mut read, mut errors) = (batch.result.clone(), 0);
        while batch.has_more {
            match owner.execute(next_batch(&cursor, &batch, RequestClass::Idempotent)).await {
                Ok(fetched) => {
                    read.extend(&fetched.result);
                    batch = fetched;
                }
                Err(error) => {
                    let expected_outcome =
                        if phase == Phase::InBody { Outcome::Executed } else { Outcome::Unknown };
                    assert_eq!(error.outcome(), expected_outcome, "{}", error.report());
                    errors += 1;
                }
            }
        }
        assert_eq!(read, all(), "{phase:?} {close_mode:?}");
        assert!(errors > 0 && hits(&broken) == 7, "{phase:?} {close_mode:?}");
        assert!(
            cluster.journal().entries().iter().all(|entry| entry.coordinator == 0),
            "no other coordinator got a request"
        );
    }
}

/// Reads the first batch without `allow_retry`. The next fetch at each coordinator breaks.
async fn with_failing_fetch(phase: Phase) -> (TestCluster, Client, String, Vec<FaultGuard>) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let first: Batch = client.db("_system").execute(numbers()).await.unwrap().json().unwrap();
    assert_eq!(first.result, [1, 2, 3, 4]);
    let broken = break_fetches(&cluster, 3, &Fault::close(phase), 1);
    (cluster, client, first.id.unwrap(), broken)
}

/// Returns whether a request that fails in this phase advances the cursor.
fn advances_cursor(phase: Phase) -> bool {
    !matches!(phase, Phase::BeforeRead | Phase::AfterRead)
}

/// Asserts outcome and stop reason of a lost batch after one attempt.
fn assert_lost(cluster: &TestCluster, phase: Phase, error: &Error) {
    let expected_outcome = if phase == Phase::InBody { Outcome::Executed } else { Outcome::Unknown };
    assert_eq!(
        (error.outcome(), error.stopped_by()),
        (expected_outcome, StoppedBy::NotRetryable),
        "{}",
        error.report()
    );
    assert_eq!(error.attempts().len(), 1);
    let read = usize::from(phase != Phase::BeforeRead);
    assert_eq!(cluster.journal().received("fetch"), read, "{phase:?}");
}

/// python-arango fetches again, and gets the batch after the one that was lost.
#[tokio::test(start_paused = true)]
async fn a_lost_batch_without_id_is_an_error_and_not_skipped() {
    for phase in PHASES {
        let (cluster, client, cursor, _broken) = with_failing_fetch(phase).await;
        let error = client.db("_system").execute(FetchNext { cursor }).await.unwrap_err();
        assert_lost(&cluster, phase, &error);
        assert_eq!(cluster.journal().executions("fetch"), usize::from(advances_cursor(phase)), "{phase:?}");
    }
}

/// With the batch id the caller can find out whether the batch is lost.
#[tokio::test(start_paused = true)]
async fn a_batch_id_distinguishes_a_lost_batch_from_an_unfetched_one() {
    for phase in PHASES {
        let (cluster, client, cursor, broken) = with_failing_fetch(phase).await;
        let second = FetchBatch { cursor, batch: "2".to_owned(), class: RequestClass::NonIdempotent };
        let database = client.db("_system");
        assert_lost(&cluster, phase, &database.execute(second.clone()).await.unwrap_err());
        drop(broken);
        match database.execute(second).await {
            Ok(batch) => assert!(!advances_cursor(phase) && batch.result == [5, 6, 7, 8], "{phase:?}"),
            Err(error) => {
                assert!(advances_cursor(phase) && error.status().unwrap() == 400, "{}", error.report());
            }
        }
    }
}

/// The abandoned fetch continues on the server. A repeated fetch waits for it and returns the same batch.
#[tokio::test(start_paused = true)]
async fn a_timed_out_fetch_can_be_repeated() {
    let cluster = cluster().await;
    let limits = Limits::default().attempt(Duration::from_millis(995));
    let owner = cursor_owner(&builder(&cluster).limits(limits).build().unwrap());
    let slow = Fault::latency(Duration::from_secs(1));
    let slow = break_fetches(&cluster, 1, &slow, 1);
    let first: Batch = owner.execute(numbers().allow_retry()).await.unwrap().json().unwrap();
    let second = next_batch(first.id.as_ref().unwrap(), &first, RequestClass::Idempotent);
    let start = Instant::now();
    let error = owner.execute(second.clone()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::AttemptTimeout, Outcome::Unknown));
    assert_eq!(owner.execute(second).await.unwrap().result, [5, 6, 7, 8]);
    assert!((1000..1100).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    let statuses = cluster.journal().entries();
    assert!(
        hits(&slow) == 1 && statuses.iter().any(|entry| entry.status == Some(409)),
        "the cursor was busy"
    );
}

/// A cursor lost with its coordinator leads to an error, not to another result.
#[tokio::test(start_paused = true)]
async fn a_cursor_lost_with_its_coordinator_is_an_error() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let first: Batch = cursor_owner(&client).execute(numbers().allow_retry()).await.unwrap().json().unwrap();
    let second = next_batch(first.id.as_ref().unwrap(), &first, RequestClass::Idempotent);
    cluster.coordinator(0).kill();
    let error = client.db("_system").execute(second.clone()).await.unwrap_err();
    assert_eq!((error.kind(), error.error_number().unwrap().0), (ErrorKind::BackendUnavailable, 1478));
    cluster.coordinator(0).restart().await.unwrap();
    let error = client.db("_system").execute(second).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::OwnerGone, Outcome::NotExecuted));
}
