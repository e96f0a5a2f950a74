//! T12, R21, R34, R35 and R39: retries that must be enabled, and ambiguous results after a first copy.

use std::time::Duration;

use arango::StoppedBy;
use arango::protocol::RequestClass;
use arango::{Client, ErrorKind, Limits, Outcome, RetryPolicy};
use arango_test_cluster::{Fault, Phase, TestCluster};

use super::{Expect, OVERLOAD_BACKOFF, call_and_observe, on_writes};
use crate::support::{builder, client, cluster, insert};

for_each_class![
    t12_an_idempotent_timeout_is_retried_if_enabled,
    r21_a_shutdown_error_is_retried_if_enabled,
    r34_a_conflict_is_retried_as_often_as_configured,
    r35_an_error_after_an_unknown_attempt_has_an_ambiguous_predecessor,
    r39_a_server_error_of_a_safe_request_is_retried_if_enabled,
];

/// Returns a client with this retry policy.
fn client_with_policy(cluster: &TestCluster, policy: RetryPolicy) -> Client {
    let limits = Limits::default().attempt(Duration::from_secs(2));
    builder(cluster).limits(limits).retry(policy).build().unwrap()
}

async fn t12_an_idempotent_timeout_is_retried_if_enabled(class: RequestClass) {
    let cluster = cluster().await;
    let client = client_with_policy(&cluster, RetryPolicy::default().on_timeout());
    let _hung = cluster.coordinator(0).inject(on_writes(Fault::hang()).times(1));
    // The first copy was executed, but its response never came.
    let expect = if class == RequestClass::NonIdempotent {
        Expect::failure(ErrorKind::AttemptTimeout, Outcome::Unknown, StoppedBy::NotRetryable)
            .server_counts(1, 1)
    } else {
        Expect::fails_over().server_counts(2, 2)
    };
    call_and_observe(&cluster, &client, class).await.assert_matches(&expect.after(Duration::from_secs(2)));
}

async fn r21_a_shutdown_error_is_retried_if_enabled(class: RequestClass) {
    let cluster = cluster().await;
    let client = client_with_policy(&cluster, RetryPolicy::default().on_shutdown());
    let _stopping = cluster.coordinator(0).inject(on_writes(Fault::response(503, 30, "shutting down")));
    // The coordinator is drained, which this test does not check.
    client.db("_system").execute(insert("m", class)).await.unwrap();
    assert_eq!(cluster.journal().executions("m"), 1);
}

async fn r34_a_conflict_is_retried_as_often_as_configured(class: RequestClass) {
    for (times, succeeds) in [(8, true), (2, false)] {
        let cluster = cluster().await;
        let client = client_with_policy(&cluster, RetryPolicy::default().conflicts(times));
        let conflict = on_writes(Fault::response(409, 1200, "write-write conflict")).times(8);
        let _conflict = cluster.coordinator(0).inject(conflict);
        let expect = if succeeds {
            Expect::fails_over().attempts(9, 0).server_counts(9, 1)
        } else {
            let stopped_by = StoppedBy::NotRetryable;
            Expect::failure(ErrorKind::Conflict, Outcome::NotExecuted, stopped_by)
                .attempts(3, 0)
                .server_counts(3, 0)
        };
        let pauses = Duration::from_millis(10)..=Duration::from_millis(2_600);
        call_and_observe(&cluster, &client, class).await.assert_matches(&expect.within(pauses));
    }
}

async fn r35_an_error_after_an_unknown_attempt_has_an_ambiguous_predecessor(class: RequestClass) {
    for (status, number, kind) in [
        (409, 1210, ErrorKind::UniqueViolation),
        (409, 1207, ErrorKind::Conflict),
        (409, 1702, ErrorKind::Conflict),
        (404, 1202, ErrorKind::DocumentNotFound),
        (412, 1200, ErrorKind::PreconditionFailed),
    ] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let lost = on_writes(Fault::close(Phase::AfterExecution)).times(1);
        let _lost = cluster.coordinator(0).inject(lost);
        let response = || on_writes(Fault::response(status, number, "as it is"));
        let _responses: Vec<_> =
            cluster.coordinators()[1..].iter().map(|one| one.inject(response())).collect();
        let error = client.db("_system").execute(insert("m", class)).await.unwrap_err();
        assert_eq!(cluster.journal().executions("m"), 1);
        assert!(error.outcome() >= Outcome::Unknown);
        if class == RequestClass::NonIdempotent {
            assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::ConnectionLost, 1));
            assert!(!error.has_ambiguous_predecessor());
        } else {
            assert_eq!((error.kind(), error.attempts().len()), (kind, 2));
            assert!(error.has_ambiguous_predecessor());
        }
    }
}

async fn r39_a_server_error_of_a_safe_request_is_retried_if_enabled(class: RequestClass) {
    let cluster = cluster().await;
    let client = client_with_policy(&cluster, RetryPolicy::default().on_server_error());
    let failed = on_writes(Fault::response(500, 4, "internal error")).times(1);
    let _failed = cluster.coordinator(0).inject(failed);
    let expect = if class == RequestClass::Safe {
        Expect::fails_over().server_counts(2, 1).within(OVERLOAD_BACKOFF)
    } else {
        Expect::failure(ErrorKind::Server, Outcome::Unknown, StoppedBy::NotRetryable)
    };
    call_and_observe(&cluster, &client, class).await.assert_matches(&expect);
}

#[tokio::test(start_paused = true)]
async fn disabling_retries_makes_one_attempt() {
    let cluster = cluster().await;
    let client = client_with_policy(&cluster, RetryPolicy::disabled());
    cluster.coordinator(0).kill();
    let expect = Expect::failure(ErrorKind::ConnectRefused, Outcome::NotExecuted, StoppedBy::MaxAttempts);
    call_and_observe(&cluster, &client, RequestClass::Safe).await.assert_matches(&expect.server_counts(0, 0));
}
