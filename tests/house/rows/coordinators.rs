//! R17–R24: a coordinator says how it is doing itself: starting, stopping, overloaded, closed to this user.

use arango::protocol::RequestClass;
use arango::transport::StoppedBy;
use arango::{ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match};

use super::refusal::Then::{After, AtOnce, Fails};
use super::refusal::{Refusal, refused, unknown, unless_it_is_a_write};
use super::{B2, Expect, OVERLOADED, Tells, meet};
use crate::support::{builder, client, cluster, insert};

for_each_class![
    r17_a_password_that_cannot_be_checked_yet_sends_any_request_to_another,
    r17_a_login_that_cannot_be_checked_yet_goes_to_another,
    r18_forbidden_is_final,
    r19_read_only_is_final,
    r20_a_coordinator_that_starts_has_executed_nothing_so_anything_goes_on,
    r21_a_coordinator_that_stops_may_have_executed_it,
    r22_a_full_queue_at_the_door_has_executed_nothing_so_anything_goes_on,
    r23_a_full_queue_deeper_down_may_have_executed_it,
    r24_a_queue_that_is_too_slow_has_executed_nothing,
];

async fn r17_a_password_that_cannot_be_checked_yet_sends_any_request_to_another(class: RequestClass) {
    // The client sends its password with every request.
    refused(503, 503, ErrorKind::StartingUp, Tells::Overloaded).then(class, AtOnce).await;
}

async fn r17_a_login_that_cannot_be_checked_yet_goes_to_another(class: RequestClass) {
    let cluster = cluster().await;
    let client = builder(&cluster).jwt_auth("root", cluster.root_password()).build().unwrap();
    let starting = Fault::answer(503, 503, "starting").on(Match::post("/_open/auth"));
    let starting = cluster.coordinator(0).inject(starting);
    // The login takes the first turn, and the request the next.
    meet(&cluster, &client, class).await.is(&Expect::elsewhere().tried(1, 2).standing(OVERLOADED));
    assert_eq!(starting.hits(), 1);
}

async fn r18_forbidden_is_final(class: RequestClass) {
    for number in [11, 1230] {
        refused(403, number, ErrorKind::Forbidden, Tells::Good).then(class, Fails).await;
    }
}

async fn r19_read_only_is_final(class: RequestClass) {
    refused(403, 1004, ErrorKind::ReadOnly, Tells::Good).then(class, Fails).await;
}

async fn r20_a_coordinator_that_starts_has_executed_nothing_so_anything_goes_on(class: RequestClass) {
    for number in [503, 38] {
        refused(503, number, ErrorKind::StartingUp, Tells::Overloaded).then(class, AtOnce).await;
    }
}

async fn r21_a_coordinator_that_stops_may_have_executed_it(class: RequestClass) {
    for executed in [false, true] {
        let row = Refusal { executed, ..unknown(503, 30, ErrorKind::ShuttingDown, Tells::Leaving) };
        row.then(class, unless_it_is_a_write(class, AtOnce)).await;
    }
}

async fn r22_a_full_queue_at_the_door_has_executed_nothing_so_anything_goes_on(class: RequestClass) {
    refused(503, 21003, ErrorKind::QueueFull, Tells::Overloaded).then(class, After(B2)).await;
}

async fn r23_a_full_queue_deeper_down_may_have_executed_it(class: RequestClass) {
    let row = unknown(500, 21003, ErrorKind::QueueFull, Tells::Nothing);
    row.then(class, unless_it_is_a_write(class, After(B2))).await;
}

async fn r24_a_queue_that_is_too_slow_has_executed_nothing(class: RequestClass) {
    refused(412, 21004, ErrorKind::QueueTimeViolated, Tells::Overloaded).then(class, After(B2)).await;
}

#[tokio::test(start_paused = true)]
async fn an_overloaded_cluster_is_not_overloaded_further_by_what_is_sent_again() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _faults: Vec<_> = cluster
        .coordinators()
        .iter()
        .map(|coordinator| coordinator.inject(Fault::answer(503, 21003, "queue is full")))
        .collect();
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
    // Without a limit it would be four attempts for each call. What is allowed is a fifth of the calls
    // and thirty in ten seconds.
    assert!((500..=630).contains(&attempts), "{attempts}");
    assert!(stopped > 300, "{stopped}");
}
