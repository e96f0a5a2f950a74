//! T12, R21, R34, R35 and R39: what is sent again only for those who say so, and what a first copy may have done.

use std::time::Duration;

use arango::protocol::RequestClass;
use arango::transport::StoppedBy;
use arango::{Client, ErrorKind, Limits, Outcome, RetryPolicy};
use arango_test_cluster::{Fault, Phase, TestCluster};

use super::{B2, Expect, meet, on_writes};
use crate::support::{builder, client, cluster, insert};

for_each_class![
    t12_an_idempotent_request_that_was_not_answered_in_time_is_sent_again_if_the_caller_says_so,
    r21_the_word_of_one_that_stops_is_trusted_if_the_caller_says_so,
    r34_a_conflict_is_repeated_as_often_as_the_caller_says,
    r35_an_answer_after_an_attempt_of_unknown_fate_may_be_of_its_own_making,
    r39_a_failure_of_the_server_is_repeated_for_what_has_no_effect_if_the_caller_says_so,
];

/// A client whose calls take these risks.
fn taking(cluster: &TestCluster, policy: RetryPolicy) -> Client {
    let limits = Limits::default().attempt(Duration::from_secs(2));
    builder(cluster).limits(limits).retry(policy).build().unwrap()
}

async fn t12_an_idempotent_request_that_was_not_answered_in_time_is_sent_again_if_the_caller_says_so(
    class: RequestClass,
) {
    let cluster = cluster().await;
    let client = taking(&cluster, RetryPolicy::default().on_timeout());
    let _hung = cluster.coordinator(0).inject(on_writes(Fault::hang()).times(1));
    // The first copy was executed, and was never answered.
    let expect = if class == RequestClass::NonIdempotent {
        Expect::failure(ErrorKind::AttemptTimeout, Outcome::Unknown, StoppedBy::NotRetryable).at_servers(1, 1)
    } else {
        Expect::elsewhere().at_servers(2, 2)
    };
    meet(&cluster, &client, class).await.is(&expect.after(Duration::from_secs(2)));
}

async fn r21_the_word_of_one_that_stops_is_trusted_if_the_caller_says_so(class: RequestClass) {
    let cluster = cluster().await;
    let client = taking(&cluster, RetryPolicy::default().on_shutdown());
    let _stops = cluster.coordinator(0).inject(on_writes(Fault::answer(503, 30, "shutting down")));
    // It leaves the rotation, which is not looked at here.
    client.db("_system").execute(insert("m", class)).await.unwrap();
    assert_eq!(cluster.journal().executions("m"), 1);
}

async fn r34_a_conflict_is_repeated_as_often_as_the_caller_says(class: RequestClass) {
    for (times, succeeds) in [(8, true), (2, false)] {
        let cluster = cluster().await;
        let client = taking(&cluster, RetryPolicy::default().on_conflict(times));
        let conflict = on_writes(Fault::answer(409, 1200, "write-write conflict")).times(8);
        let _conflict = cluster.coordinator(0).inject(conflict);
        let expect = if succeeds {
            Expect::elsewhere().tried(9, 0).at_servers(9, 1)
        } else {
            let stopped_by = StoppedBy::NotRetryable;
            Expect::failure(ErrorKind::Conflict, Outcome::NotExecuted, stopped_by)
                .tried(3, 0)
                .at_servers(3, 0)
        };
        let pauses = Duration::from_millis(10)..=Duration::from_millis(2_600);
        meet(&cluster, &client, class).await.is(&expect.within(pauses));
    }
}

async fn r35_an_answer_after_an_attempt_of_unknown_fate_may_be_of_its_own_making(class: RequestClass) {
    for (status, number, kind) in [
        (409, 1210, ErrorKind::Conflict),
        (409, 1207, ErrorKind::Conflict),
        (409, 1702, ErrorKind::Conflict),
        (404, 1202, ErrorKind::NotFound),
        (412, 1200, ErrorKind::PreconditionFailed),
    ] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let lost = on_writes(Fault::close(Phase::AfterExecution)).times(1);
        let _lost = cluster.coordinator(0).inject(lost);
        let answer = || on_writes(Fault::answer(status, number, "as it is"));
        let _answers: Vec<_> = cluster.coordinators()[1..].iter().map(|one| one.inject(answer())).collect();
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

async fn r39_a_failure_of_the_server_is_repeated_for_what_has_no_effect_if_the_caller_says_so(
    class: RequestClass,
) {
    let cluster = cluster().await;
    let client = taking(&cluster, RetryPolicy::default().on_server_error());
    let failed = on_writes(Fault::answer(500, 4, "internal error")).times(1);
    let _failed = cluster.coordinator(0).inject(failed);
    let expect = if class == RequestClass::Safe {
        Expect::elsewhere().at_servers(2, 1).within(B2)
    } else {
        Expect::failure(ErrorKind::Server, Outcome::Unknown, StoppedBy::NotRetryable)
    };
    meet(&cluster, &client, class).await.is(&expect);
}

#[tokio::test(start_paused = true)]
async fn who_wants_no_further_attempts_has_none() {
    let cluster = cluster().await;
    let client = taking(&cluster, RetryPolicy::never());
    cluster.coordinator(0).kill();
    let expect = Expect::failure(ErrorKind::ConnectRefused, Outcome::NotExecuted, StoppedBy::MaxAttempts);
    meet(&cluster, &client, RequestClass::Safe).await.is(&expect.at_servers(0, 0));
}
