//! R17–R24: a coordinator reports its own state: starting, shutting down, overloaded, closed to this user.

use arango::StoppedBy;
use arango::protocol::RequestClass;
use arango::{ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match};

use super::error_response::Reaction::{AfterBackoff, Fails, OtherCoordinator};
use super::error_response::{ErrorCase, if_repeatable, not_executed, unknown};
use super::{Expect, FIRST_OVERLOADED, HealthSignal, OVERLOAD_BACKOFF, call_and_observe};
use crate::support::{builder, client, cluster, insert};

for_each_class![
    r17_a_password_check_during_startup_fails_over,
    r17_a_login_during_startup_fails_over,
    r18_forbidden_is_final,
    r19_read_only_is_final,
    r20_a_starting_coordinator_fails_over_any_request,
    r21_a_stopping_coordinator_may_have_executed_the_request,
    r22_a_full_queue_at_the_coordinator_fails_over_any_request,
    r23_a_full_queue_behind_the_coordinator_may_have_executed_the_request,
    r24_a_queue_that_is_too_slow_has_executed_nothing,
];

async fn r17_a_password_check_during_startup_fails_over(class: RequestClass) {
    // The client sends its password with every request.
    not_executed(503, 503, ErrorKind::StartingUp, HealthSignal::Overloaded)
        .assert_reaction(class, OtherCoordinator)
        .await;
}

async fn r17_a_login_during_startup_fails_over(class: RequestClass) {
    let cluster = cluster().await;
    let client = builder(&cluster).jwt_auth("root", cluster.root_password()).build().unwrap();
    let starting = Fault::response(503, 503, "starting").on(Match::post("/_open/auth"));
    let starting = cluster.coordinator(0).inject(starting);
    // The login goes to the first coordinator of the rotation and the request to the next.
    call_and_observe(&cluster, &client, class)
        .await
        .assert_matches(&Expect::fails_over().attempts(1, 2).member_states(FIRST_OVERLOADED));
    assert_eq!(starting.hits(), 1);
}

async fn r18_forbidden_is_final(class: RequestClass) {
    for number in [11, 1230] {
        not_executed(403, number, ErrorKind::Forbidden, HealthSignal::Success)
            .assert_reaction(class, Fails)
            .await;
    }
}

async fn r19_read_only_is_final(class: RequestClass) {
    not_executed(403, 1004, ErrorKind::ReadOnly, HealthSignal::Success).assert_reaction(class, Fails).await;
}

async fn r20_a_starting_coordinator_fails_over_any_request(class: RequestClass) {
    for number in [503, 38] {
        not_executed(503, number, ErrorKind::StartingUp, HealthSignal::Overloaded)
            .assert_reaction(class, OtherCoordinator)
            .await;
    }
}

async fn r21_a_stopping_coordinator_may_have_executed_the_request(class: RequestClass) {
    for executed in [false, true] {
        let case =
            ErrorCase { executed, ..unknown(503, 30, ErrorKind::ShuttingDown, HealthSignal::Draining) };
        case.assert_reaction(class, if_repeatable(class, OtherCoordinator)).await;
    }
}

async fn r22_a_full_queue_at_the_coordinator_fails_over_any_request(class: RequestClass) {
    not_executed(503, 21003, ErrorKind::QueueFull, HealthSignal::Overloaded)
        .assert_reaction(class, AfterBackoff(OVERLOAD_BACKOFF))
        .await;
}

async fn r23_a_full_queue_behind_the_coordinator_may_have_executed_the_request(class: RequestClass) {
    let case = unknown(500, 21003, ErrorKind::QueueFull, HealthSignal::Neutral);
    case.assert_reaction(class, if_repeatable(class, AfterBackoff(OVERLOAD_BACKOFF))).await;
}

async fn r24_a_queue_that_is_too_slow_has_executed_nothing(class: RequestClass) {
    not_executed(412, 21004, ErrorKind::QueueTimeViolated, HealthSignal::Overloaded)
        .assert_reaction(class, AfterBackoff(OVERLOAD_BACKOFF))
        .await;
}

#[tokio::test(start_paused = true)]
async fn retries_do_not_overload_an_overloaded_cluster() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _faults = cluster.inject(&Fault::response(503, 21003, "queue is full"));
    let calls: Vec<_> = (0..500)
        .map(|call| {
            let database = client.db("_system");
            let insert = insert(&call.to_string(), RequestClass::Safe);
            tokio::spawn(async move { database.execute(insert).await })
        })
        .collect();
    let mut stopped = 0;
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::QueueFull, Outcome::NotExecuted));
        stopped += usize::from(error.stopped_by() == StoppedBy::Budget);
    }
    let attempts: u64 = client.coordinators().iter().map(|state| state.requests).sum();
    // Without the retry budget each call would make four attempts. The budget allows retries for a fifth of the calls
    // plus thirty in ten seconds.
    assert!((500..=630).contains(&attempts), "{attempts}");
    assert!(stopped > 300, "{stopped}");
}
