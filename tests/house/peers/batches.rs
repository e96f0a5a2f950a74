//! Results that are read in batches: each element once, in order, or an error.

use std::time::Duration;

use arango::protocol::RequestClass;
use arango::transport::StoppedBy;
use arango::{Client, CoordinatorHandle, Error, ErrorKind, Limits, Outcome};
use arango_test_cluster::{Fault, FaultGuard, Match, Phase, TestCluster};
use tokio::time::Instant;

use super::cursors::{Batch, EndCursor, FetchBatch, FetchNext, Query, query};
use super::{HOW, hits};
use crate::support::{builder, client, cluster};

const PHASES: [Phase; 5] =
    [Phase::BeforeRead, Phase::AfterRead, Phase::AfterExecution, Phase::InHead, Phase::InBody];

/// Forty numbers, four at a time.
fn numbers() -> Query {
    query("FOR i IN 1..40 RETURN i").batches_of(4)
}

fn all() -> Vec<u64> {
    (1..=40).collect()
}

/// The handle on the coordinator that is to have the cursor.
fn owner(client: &Client) -> CoordinatorHandle {
    client.coordinator(&client.coordinators()[0].address)
}

/// Breaks the connections of so many fetches, at each of the first coordinators.
fn break_fetches(cluster: &TestCluster, coordinators: usize, fault: &Fault, times: usize) -> Vec<FaultGuard> {
    let fault = fault.clone().on(Match::post("/_api/cursor/*")).times(times);
    cluster.coordinators()[..coordinators].iter().map(|one| one.inject(fault.clone())).collect()
}

/// The name of the batch that follows.
fn next(cursor: &str, batch: &Batch, class: RequestClass) -> FetchBatch {
    let batch = batch.next_batch_id.clone().expect("a batch that is not the last names the next");
    FetchBatch { cursor: cursor.to_owned(), batch, class }
}

/// python-arango and others lose the batch that was executed and not received.
#[tokio::test(start_paused = true)]
async fn a_result_read_by_batch_ids_is_whole_and_in_order_whatever_connection_breaks() {
    for (phase, how) in PHASES.iter().flat_map(|phase| HOW.map(|how| (*phase, how))) {
        let cluster = cluster().await;
        let database = client(&cluster).db("_system");
        // Two of three coordinators, so that the third is reached within one call; any of them hands on to the owner.
        let broken = break_fetches(&cluster, 2, &Fault::close(phase).how(how), 2);
        let mut batch: Batch = database.execute(numbers().allow_retry()).await.unwrap().json().unwrap();
        let cursor = batch.id.clone().unwrap();
        let mut read = batch.result.clone();
        while batch.has_more {
            batch = database.execute(next(&cursor, &batch, RequestClass::Idempotent)).await.unwrap();
            read.extend(&batch.result);
        }
        assert_eq!(read, all(), "{phase:?} {how:?}");
        assert_eq!(hits(&broken), 4, "{phase:?} {how:?}");
        let end = EndCursor { cursor };
        assert_eq!(database.execute(end.clone()).await.unwrap(), 202);
        assert_eq!(database.execute(end).await.unwrap(), 404);
    }
}

/// A handle on the owner asks nobody else, and so leaves it to the caller to ask again: the same batch, not the next.
#[tokio::test(start_paused = true)]
async fn a_result_read_from_its_owner_alone_goes_on_with_the_batch_that_broke() {
    for (phase, how) in PHASES.iter().flat_map(|phase| HOW.map(|how| (*phase, how))) {
        let cluster = cluster().await;
        let owner = owner(&client(&cluster));
        let broken = break_fetches(&cluster, 3, &Fault::close(phase).how(how), 7);
        let mut batch: Batch = owner.execute(numbers().allow_retry()).await.unwrap().json().unwrap();
        let cursor = batch.id.clone().unwrap();
        let (mut read, mut errors) = (batch.result.clone(), 0);
        while batch.has_more {
            match owner.execute(next(&cursor, &batch, RequestClass::Idempotent)).await {
                Ok(fetched) => {
                    read.extend(&fetched.result);
                    batch = fetched;
                }
                Err(error) => {
                    let known = if phase == Phase::InBody { Outcome::Executed } else { Outcome::Unknown };
                    assert_eq!(error.outcome(), known, "{}", error.report());
                    errors += 1;
                }
            }
        }
        assert_eq!(read, all(), "{phase:?} {how:?}");
        assert!(errors > 0 && hits(&broken) == 7, "{phase:?} {how:?}");
        assert!(
            cluster.journal().entries().iter().all(|entry| entry.coordinator == 0),
            "nobody else was asked"
        );
    }
}

/// Reads the first batch without a right to retries; the next fetch at each coordinator will break.
async fn about_to_break(phase: Phase) -> (TestCluster, Client, String, Vec<FaultGuard>) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let first: Batch = client.db("_system").execute(numbers()).await.unwrap().json().unwrap();
    assert_eq!(first.result, [1, 2, 3, 4]);
    let broken = break_fetches(&cluster, 3, &Fault::close(phase), 1);
    (cluster, client, first.id.unwrap(), broken)
}

/// Whether a request gets so far that the cursor moves.
fn moves(phase: Phase) -> bool {
    !matches!(phase, Phase::BeforeRead | Phase::AfterRead)
}

/// Says of a lost batch what can be known, after one attempt.
fn is_lost(cluster: &TestCluster, phase: Phase, error: &Error) {
    let known = if phase == Phase::InBody { Outcome::Executed } else { Outcome::Unknown };
    assert_eq!((error.outcome(), error.stopped_by()), (known, StoppedBy::NotRetryable), "{}", error.report());
    assert_eq!(error.attempts().len(), 1);
    let read = usize::from(phase != Phase::BeforeRead);
    assert_eq!(cluster.journal().received("fetch"), read, "{phase:?}");
}

/// python-arango fetches again, and gets the batch after the one that was lost.
#[tokio::test(start_paused = true)]
async fn a_batch_without_a_name_that_is_lost_is_an_error_and_never_skipped() {
    for phase in PHASES {
        let (cluster, client, cursor, _broken) = about_to_break(phase).await;
        let error = client.db("_system").execute(FetchNext { cursor }).await.unwrap_err();
        is_lost(&cluster, phase, &error);
        assert_eq!(cluster.journal().executions("fetch"), usize::from(moves(phase)), "{phase:?}");
    }
}

/// Whoever names the batch learns afterwards whether it is lost for good.
#[tokio::test(start_paused = true)]
async fn a_batch_that_is_lost_for_good_is_told_by_its_name_from_one_that_was_never_fetched() {
    for phase in PHASES {
        let (cluster, client, cursor, broken) = about_to_break(phase).await;
        let second = FetchBatch { cursor, batch: "2".to_owned(), class: RequestClass::NonIdempotent };
        let database = client.db("_system");
        is_lost(&cluster, phase, &database.execute(second.clone()).await.unwrap_err());
        drop(broken);
        match database.execute(second).await {
            Ok(batch) => assert!(!moves(phase) && batch.result == [5, 6, 7, 8], "{phase:?}"),
            Err(error) => assert!(moves(phase) && error.status().unwrap() == 400, "{}", error.report()),
        }
    }
}

/// The fetch that was given up runs on; whoever asks again meets it, and not the batch after it.
#[tokio::test(start_paused = true)]
async fn a_fetch_that_took_too_long_is_asked_for_again_when_the_first_has_ended() {
    let cluster = cluster().await;
    let limits = Limits::default().attempt(Duration::from_millis(995));
    let owner = owner(&builder(&cluster).limits(limits).build().unwrap());
    let slow = Fault::latency(Duration::from_secs(1));
    let slow = break_fetches(&cluster, 1, &slow, 1);
    let first: Batch = owner.execute(numbers().allow_retry()).await.unwrap().json().unwrap();
    let second = next(first.id.as_ref().unwrap(), &first, RequestClass::Idempotent);
    let began = Instant::now();
    let error = owner.execute(second.clone()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::AttemptTimeout, Outcome::Unknown));
    assert_eq!(owner.execute(second).await.unwrap().result, [5, 6, 7, 8]);
    assert!((1000..1100).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
    let statuses = cluster.journal().entries();
    assert!(hits(&slow) == 1 && statuses.iter().any(|entry| entry.status == Some(409)), "it was busy");
}

/// What was lost with its coordinator is an error, not the beginning of another result.
#[tokio::test(start_paused = true)]
async fn a_result_that_was_lost_with_its_coordinator_is_said_to_be_gone() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let first: Batch = owner(&client).execute(numbers().allow_retry()).await.unwrap().json().unwrap();
    let second = next(first.id.as_ref().unwrap(), &first, RequestClass::Idempotent);
    cluster.coordinator(0).kill();
    let error = client.db("_system").execute(second.clone()).await.unwrap_err();
    assert_eq!((error.kind(), error.error_number().unwrap().0), (ErrorKind::BackendUnavailable, 1478));
    cluster.coordinator(0).restart().await.unwrap();
    let error = client.db("_system").execute(second).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::OwnerGone, Outcome::NotExecuted));
}
