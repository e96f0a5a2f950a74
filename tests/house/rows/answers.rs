//! R18–R45: a coordinator answered, and the status alone does not tell what that means.

use std::time::Duration;

use arango::balance::Standing;
use arango::protocol::RequestClass;
use arango::transport::StoppedBy;
use arango::{ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match};
use tokio::time::Instant;

use super::ending;
use crate::support::{CLASSES, client, cluster};

/// What one class of request does with an answer that the first coordinator gives once.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Then {
    /// It goes on to another coordinator and succeeds there.
    GoesOn,
    /// It fails.
    Fails,
}
use Then::{Fails, GoesOn};

/// Answers with `status` and `number` once, after executing if `executed`, and checks what each class
/// does.
async fn row(status: u16, number: u32, executed: bool, kind: ErrorKind, outcome: Outcome, then: [Then; 3]) {
    for (class, then) in CLASSES.into_iter().zip(then) {
        let cluster = cluster().await;
        let client = client(&cluster);
        let mut fault = match number {
            0 => Fault::answer_raw(status, "text/html", "<html><h1>Oh no</h1></html>"),
            _ => Fault::answer(status, number, "as the test demands"),
        };
        if executed {
            fault = fault.after_execution();
        }
        let _fault = cluster.coordinator(0).inject(fault.on(Match::post("/_api/document/*")).times(1));
        let began = Instant::now();
        let (ending, error) = ending(&cluster, &client, class).await;
        let first = usize::from(executed);
        match then {
            GoesOn => assert_eq!((ending.error, ending.executions), (None, first + 1), "{class:?}"),
            Fails => {
                assert_eq!((ending.error, ending.executions), (Some((kind, outcome)), first), "{class:?}");
                let error = error.unwrap();
                assert_eq!(error.status().unwrap().as_u16(), status);
                assert_eq!(error.error_number().map_or(0, |number| number.0), number);
                assert_eq!(error.coordinator().unwrap().to_string(), cluster.coordinator(0).url());
                assert_eq!(error.attempts().len(), 1);
            }
        }
        assert!(began.elapsed() < Duration::from_secs(1), "{class:?} {:?}", began.elapsed());
        assert!(client.coordinators().iter().all(|state| state.standing == Standing::Well));
    }
}

#[tokio::test(start_paused = true)]
async fn r18_forbidden_is_final() {
    row(403, 11, false, ErrorKind::Forbidden, Outcome::NotExecuted, [Fails; 3]).await;
}

#[tokio::test(start_paused = true)]
async fn r19_read_only_is_final() {
    row(403, 1004, false, ErrorKind::ReadOnly, Outcome::NotExecuted, [Fails; 3]).await;
}

#[tokio::test(start_paused = true)]
async fn r20_a_coordinator_that_starts_has_executed_nothing_so_anything_goes_on() {
    row(503, 503, false, ErrorKind::StartingUp, Outcome::NotExecuted, [GoesOn; 3]).await;
    row(503, 38, false, ErrorKind::StartingUp, Outcome::NotExecuted, [GoesOn; 3]).await;
}

#[tokio::test(start_paused = true)]
async fn r21_a_coordinator_that_stops_may_have_executed_it() {
    row(503, 30, false, ErrorKind::ShuttingDown, Outcome::Unknown, [GoesOn, GoesOn, Fails]).await;
    row(503, 30, true, ErrorKind::ShuttingDown, Outcome::Unknown, [GoesOn, GoesOn, Fails]).await;
}

#[tokio::test(start_paused = true)]
async fn r22_a_full_queue_at_the_door_has_executed_nothing_so_anything_goes_on() {
    row(503, 21003, false, ErrorKind::QueueFull, Outcome::NotExecuted, [GoesOn; 3]).await;
}

#[tokio::test(start_paused = true)]
async fn r23_a_full_queue_deeper_down_may_have_executed_it() {
    row(500, 21003, true, ErrorKind::QueueFull, Outcome::Unknown, [GoesOn, GoesOn, Fails]).await;
}

#[tokio::test(start_paused = true)]
async fn r24_a_queue_that_is_too_slow_has_executed_nothing() {
    row(412, 21004, false, ErrorKind::QueueTimeViolated, Outcome::NotExecuted, [GoesOn; 3]).await;
}

#[tokio::test(start_paused = true)]
async fn r25_a_backend_that_cannot_be_reached_may_be_one_of_several() {
    row(503, 1478, true, ErrorKind::BackendUnavailable, Outcome::Unknown, [GoesOn, GoesOn, Fails]).await;
}

#[tokio::test(start_paused = true)]
async fn r26_a_lost_backend_may_have_executed_it_though_the_status_is_503() {
    row(503, 1465, true, ErrorKind::BackendConnectionLost, Outcome::Unknown, [GoesOn, GoesOn, Fails]).await;
}

#[tokio::test(start_paused = true)]
async fn r27_a_backend_timeout_may_be_running_still() {
    row(500, 1457, true, ErrorKind::BackendTimeout, Outcome::Unknown, [GoesOn, Fails, Fails]).await;
}

#[tokio::test(start_paused = true)]
async fn r28_a_leader_that_has_resigned_may_be_one_of_several() {
    for status in [421, 503] {
        row(status, 1491, true, ErrorKind::NotLeader, Outcome::Unknown, [GoesOn, GoesOn, Fails]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn r29_who_does_not_lead_has_executed_nothing() {
    for number in [1495, 1496] {
        row(503, number, false, ErrorKind::NotLeader, Outcome::NotExecuted, [GoesOn; 3]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn r32_what_was_lost_with_its_coordinator_is_nowhere_else() {
    for number in [1449, 1600, 1655] {
        row(404, number, false, ErrorKind::OwnerGone, Outcome::NotExecuted, [Fails; 3]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn r33_a_cursor_in_use_is_asked_for_again_where_it_is() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let busy = Fault::answer(409, 1601, "cursor is busy").on(Match::post("/_api/document/*")).times(1);
        let _fault = cluster.coordinator(0).inject(busy);
        let (ending, _) = ending(&cluster, &client, class).await;
        assert_eq!((ending.error, ending.executions), (None, 1), "{class:?}");
        assert_eq!(cluster.journal().requests_to(0), 2, "the refusal and the repetition");
    }
}

#[tokio::test(start_paused = true)]
async fn r34_a_conflict_is_not_repeated_unasked() {
    row(409, 1200, false, ErrorKind::Conflict, Outcome::NotExecuted, [Fails; 3]).await;
}

#[tokio::test(start_paused = true)]
async fn r36_a_revision_that_does_not_match_is_final() {
    row(412, 1200, false, ErrorKind::PreconditionFailed, Outcome::NotExecuted, [Fails; 3]).await;
}

#[tokio::test(start_paused = true)]
async fn r37_what_was_killed_may_have_had_its_effect() {
    for number in [21, 1500, 1654] {
        row(410, number, true, ErrorKind::Aborted, Outcome::Unknown, [Fails; 3]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn r38_an_agency_that_does_not_answer_deep_inside_is_no_start_up() {
    row(500, 503, true, ErrorKind::AgencyUnavailable, Outcome::Unknown, [GoesOn, Fails, Fails]).await;
}

#[tokio::test(start_paused = true)]
async fn r39_any_other_failure_of_the_server_is_final() {
    row(500, 4, true, ErrorKind::Server, Outcome::Unknown, [Fails; 3]).await;
}

#[tokio::test(start_paused = true)]
async fn r40_whoever_says_when_to_come_back_is_heeded() {
    for (seconds, class) in [(2, CLASSES[0]), (3, CLASSES[1]), (4, CLASSES[2])] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let throttled =
            Fault::answer_raw(429, "text/plain", "slow down").header("retry-after", seconds.to_string());
        let _fault = cluster.coordinator(0).inject(throttled.on(Match::post("/_api/document/*")).times(1));
        let began = Instant::now();
        let (ending, _) = ending(&cluster, &client, class).await;
        assert_eq!((ending.error, ending.executions), (None, 1), "{class:?}");
        assert_eq!(began.elapsed().as_secs(), seconds);
    }
}

#[tokio::test(start_paused = true)]
async fn r40_a_time_to_come_back_beyond_the_deadline_ends_the_call_at_once() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let throttled = Fault::answer_raw(429, "text/plain", "tomorrow").header("retry-after", "86400");
    let _fault = cluster.coordinator(0).inject(throttled.on(Match::post("/_api/document/*")));
    let began = Instant::now();
    let (ending, error) = ending(&cluster, &client, CLASSES[0]).await;
    assert_eq!(ending.error, Some((ErrorKind::Throttled, Outcome::NotExecuted)));
    assert_eq!(error.unwrap().stopped_by(), StoppedBy::Deadline);
    assert_eq!(began.elapsed(), Duration::ZERO);
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
            let insert = crate::support::insert(&call.to_string(), RequestClass::Safe);
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

#[tokio::test(start_paused = true)]
async fn r41_what_a_proxy_says_proves_nothing() {
    for status in [502, 503, 504] {
        row(status, 0, true, ErrorKind::Gateway, Outcome::Unknown, [GoesOn, GoesOn, Fails]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn r43_arangodbs_own_408_comes_after_it_has_acted() {
    row(408, 504, true, ErrorKind::Server, Outcome::Unknown, [Fails; 3]).await;
}

#[tokio::test(start_paused = true)]
async fn r44_what_the_server_does_not_know_no_other_knows() {
    for number in [9, 1470, 1471] {
        row(501, number, false, ErrorKind::NotSupported, Outcome::NotExecuted, [Fails; 3]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn r45_any_other_refusal_is_an_answer() {
    row(400, 10, false, ErrorKind::Server, Outcome::Executed, [Fails; 3]).await;
    row(404, 1202, false, ErrorKind::NotFound, Outcome::Executed, [Fails; 3]).await;
    row(409, 1210, false, ErrorKind::Conflict, Outcome::Executed, [Fails; 3]).await;
}

#[tokio::test(start_paused = true)]
async fn r42_a_redirect_is_never_followed() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let fault = Fault::answer_raw(307, "text/plain", "").header("location", "http://evil.example/");
        let _fault = cluster.coordinator(0).inject(fault.on(Match::post("/_api/document/*")));
        let (ending, _) = ending(&cluster, &client, class).await;
        let redirect = Some((ErrorKind::UnexpectedRedirect, Outcome::NotExecuted));
        assert_eq!((ending.error, ending.executions), (redirect, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn r41_a_gateway_that_always_answers_for_a_coordinator_takes_it_out_of_the_rotation() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _fault = cluster.coordinator(0).inject(Fault::answer_raw(502, "text/html", "<html>"));
    let database = client.db("_system");
    for _ in 0..30 {
        database.execute(crate::support::insert("m", RequestClass::Safe)).await.unwrap();
    }
    let states = client.coordinators();
    assert_eq!(states[0].standing, Standing::Ejected);
    assert_eq!(states[0].requests, 5);
}
