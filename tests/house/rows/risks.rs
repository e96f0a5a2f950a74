//! T12, R21, R34, R35 and R39: what is sent again only for those who say so, and what a first copy may have done.

use std::time::Duration;

use arango::protocol::RequestClass;
use arango::transport::StoppedBy;
use arango::{CallOptions, Client, Database, ErrorKind, Limits, Outcome, RetryPolicy};
use arango_test_cluster::{Fault, Match, Phase};
use tokio::time::Instant;

use crate::support::{CLASSES, builder, client, cluster, insert};

/// A handle whose calls take these risks.
fn taking(client: &Client, policy: RetryPolicy) -> Database {
    client.db("_system").options(CallOptions::default().retry(policy))
}

fn write() -> Match {
    Match::post("/_api/document/*")
}

#[tokio::test(start_paused = true)]
async fn t12_an_idempotent_request_that_was_not_answered_in_time_is_sent_again_if_the_caller_says_so() {
    for (class, goes_on) in CLASSES.into_iter().zip([true, true, false]) {
        let cluster = cluster().await;
        let client = builder(&cluster)
            .limits(Limits::default().attempt(Duration::from_secs(2)))
            .retry(RetryPolicy::default().on_timeout())
            .build()
            .unwrap();
        let _hung = cluster.coordinator(0).inject(Fault::hang().on(write()).times(1));
        let result = client.db("_system").execute(insert("m", class)).await;
        assert_eq!(result.is_ok(), goes_on, "{class:?}");
        // The first copy was executed, and was never answered.
        assert_eq!(cluster.journal().executions("m"), 1 + usize::from(goes_on), "{class:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn r21_the_word_of_one_that_stops_is_trusted_if_the_caller_says_so() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let _stops = cluster.coordinator(0).inject(Fault::answer(503, 30, "shutting down").on(write()));
        let trusting = taking(&client, RetryPolicy::default().on_shutdown());
        trusting.execute(insert("m", class)).await.unwrap();
        assert_eq!(cluster.journal().executions("m"), 1, "{class:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn r34_a_conflict_is_repeated_as_often_as_the_caller_says() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let conflict = || Fault::answer(409, 1200, "write-write conflict").on(write()).times(8);
        let _faults: Vec<_> = cluster.coordinators().iter().map(|one| one.inject(conflict())).collect();
        let began = Instant::now();
        taking(&client, RetryPolicy::default().on_conflict(8)).execute(insert("m", class)).await.unwrap();
        assert_eq!(cluster.journal().executions("m"), 1, "{class:?}");
        assert_eq!(cluster.journal().requests_per_coordinator(), [9, 0, 0], "{class:?}");
        assert!(began.elapsed() >= Duration::from_millis(40), "there are pauses: {:?}", began.elapsed());

        let cluster = crate::support::cluster().await;
        let client = crate::support::client(&cluster);
        let _faults: Vec<_> = cluster.coordinators().iter().map(|one| one.inject(conflict())).collect();
        let few = taking(&client, RetryPolicy::default().on_conflict(2));
        let error = few.execute(insert("m", class)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotExecuted));
        assert_eq!((error.attempts().len(), error.stopped_by()), (3, StoppedBy::NotRetryable));
    }
}

#[tokio::test(start_paused = true)]
async fn r35_an_answer_after_an_attempt_of_unknown_fate_may_be_of_its_own_making() {
    for (status, number, kind) in [
        (409, 1210, ErrorKind::Conflict),
        (409, 1207, ErrorKind::Conflict),
        (404, 1202, ErrorKind::NotFound),
        (412, 1200, ErrorKind::PreconditionFailed),
    ] {
        for class in CLASSES {
            let cluster = cluster().await;
            let client = client(&cluster);
            let lost = Fault::close(Phase::AfterExecution).on(write()).times(1);
            let _lost = cluster.coordinator(0).inject(lost);
            let answer = || Fault::answer(status, number, "as it is").on(write());
            let _answers: Vec<_> =
                cluster.coordinators()[1..].iter().map(|one| one.inject(answer())).collect();
            let error = client.db("_system").execute(insert("m", class)).await.unwrap_err();
            assert_eq!(cluster.journal().executions("m"), 1, "{class:?}");
            assert_eq!(error.outcome(), Outcome::Unknown.max(error.attempts().last().unwrap().outcome));
            if class == RequestClass::NonIdempotent {
                assert_eq!(error.kind(), ErrorKind::ConnectionLost);
                assert!(!error.has_ambiguous_predecessor());
            } else {
                assert_eq!(error.kind(), kind, "{class:?}");
                assert!(error.has_ambiguous_predecessor(), "{class:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn r39_a_failure_of_the_server_is_repeated_for_what_has_no_effect_if_the_caller_says_so() {
    for (class, goes_on) in CLASSES.into_iter().zip([true, false, false]) {
        let cluster = cluster().await;
        let client = client(&cluster);
        let failed = Fault::answer(500, 4, "internal error").on(write()).times(1);
        let _failed = cluster.coordinator(0).inject(failed);
        let database = taking(&client, RetryPolicy::default().on_server_error());
        let result = database.execute(insert("m", class)).await;
        assert_eq!(result.is_ok(), goes_on, "{class:?}");
        assert_eq!(cluster.journal().executions("m"), usize::from(goes_on), "{class:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_wants_no_further_attempts_has_none() {
    let cluster = cluster().await;
    let client = builder(&cluster).retry(RetryPolicy::never()).build().unwrap();
    cluster.coordinator(0).kill();
    let error = client.db("_system").execute(insert("m", RequestClass::Safe)).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::ConnectRefused, 1));
    assert_eq!(error.stopped_by(), StoppedBy::MaxAttempts);
}
