//! T08–T12, T19 and T20: the request was handed to a connection, and no answer came.

use std::time::Duration;

use arango::protocol::RequestClass;
use arango::{ErrorKind, Limits, Outcome};
use arango_test_cluster::{Close, Fault, Match, Phase};
use tokio::time::Instant;

use super::{Ending, SUCCEEDS_ELSEWHERE, ending};
use crate::support::{CLASSES, builder, client, cluster, insert};

const LOST: Option<(ErrorKind, Outcome)> = Some((ErrorKind::ConnectionLost, Outcome::Unknown));

#[tokio::test(start_paused = true)]
async fn t08_a_connection_that_died_while_idle_costs_nothing_and_is_not_seen() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        for _ in 0..3 {
            client.db("_system").execute(insert("warm", RequestClass::Safe)).await.unwrap();
        }
        // Every connection dies; every coordinator is back at once.
        for coordinator in cluster.coordinators() {
            coordinator.kill();
            coordinator.restart().await.unwrap();
        }
        for _ in 0..3 {
            let (ending, _) = ending(&cluster, &client, class).await;
            assert_eq!(ending, SUCCEEDS_ELSEWHERE, "{class:?}");
        }
        let requests: Vec<u64> = client.coordinators().iter().map(|state| state.requests).collect();
        assert_eq!(requests, [2, 2, 2], "one attempt a call: the replay is the pool's own");
    }
}

#[tokio::test(start_paused = true)]
async fn t09_a_connection_that_breaks_while_the_request_is_written_leaves_its_fate_unknown() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let fault = Fault::close(Phase::BeforeRead).on(Match::post("/_api/document/*")).times(1);
        let fault = cluster.coordinator(0).inject(fault);
        // More than fits between the two ends, so that the rest cannot have been written.
        let mut large = insert("m", class);
        large.padding = 1 << 20;
        cluster.journal().clear();
        let result = client.db("_system").execute(large).await;
        assert_eq!(fault.hits(), 1);
        if class == RequestClass::NonIdempotent {
            let error = result.unwrap_err();
            assert_eq!(Some((error.kind(), error.outcome())), LOST);
            assert_eq!((error.attempts().len(), cluster.journal().executions("m")), (1, 0));
        } else {
            result.unwrap();
            assert_eq!(cluster.journal().executions("m"), 1, "{class:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn t10_a_reused_connection_that_closes_in_the_face_of_a_request_is_tried_anew_unless_it_is_a_write() {
    for class in CLASSES {
        for phase in [Phase::BeforeRead, Phase::AfterRead, Phase::AfterExecution] {
            let cluster = cluster().await;
            let client = client(&cluster);
            for _ in 0..3 {
                client.db("_system").execute(insert("warm", RequestClass::Safe)).await.unwrap();
            }
            let fault = Fault::close(phase).how(Close::Fin).on(Match::post("/_api/document/*")).times(1);
            let _fault = cluster.coordinator(0).inject(fault);
            let (ending, error) = ending(&cluster, &client, class).await;
            let executed = usize::from(phase == Phase::AfterExecution);
            if class == RequestClass::NonIdempotent {
                assert_eq!((ending.error, ending.executions), (LOST, executed), "{phase:?}");
                let error = error.unwrap();
                assert_eq!(error.attempts().len(), 1);
                assert!(error.attempts()[0].reused && !error.is_retryable_by_caller());
            } else {
                assert_eq!((ending.error, ending.executions), (None, executed + 1), "{class:?} {phase:?}");
                let requests: Vec<u64> = client.coordinators().iter().map(|state| state.requests).collect();
                assert_eq!(requests, [3, 1, 1], "again to the same, on a fresh connection");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn t11_a_fresh_connection_that_breaks_sends_only_what_may_be_repeated_to_another() {
    for class in CLASSES {
        for how in [Close::Fin, Close::Rst] {
            for phase in [Phase::AfterRead, Phase::AfterExecution, Phase::InHead] {
                let cluster = cluster().await;
                let client = client(&cluster);
                let fault = Fault::close(phase).how(how).on(Match::post("/_api/document/*")).times(1);
                let _fault = cluster.coordinator(0).inject(fault);
                let (ending, error) = ending(&cluster, &client, class).await;
                let executed = usize::from(phase != Phase::AfterRead);
                if class == RequestClass::NonIdempotent {
                    assert_eq!((ending.error, ending.executions), (LOST, executed), "{phase:?} {how:?}");
                    assert!(!error.unwrap().attempts()[0].reused);
                } else {
                    assert_eq!(
                        (ending.error, ending.executions),
                        (None, executed + 1),
                        "{class:?} {phase:?}"
                    );
                    let requests: Vec<u64> =
                        client.coordinators().iter().map(|state| state.requests).collect();
                    assert_eq!((requests[0], requests.iter().sum::<u64>()), (1, 2));
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn t12_silence_ends_an_attempt_and_only_what_has_no_effect_goes_to_another() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client =
            builder(&cluster).limits(Limits::default().attempt(Duration::from_secs(5))).build().unwrap();
        let _fault =
            cluster.coordinator(0).inject(Fault::hang().on(Match::post("/_api/document/*")).times(1));
        let began = Instant::now();
        let (ending, error) = ending(&cluster, &client, class).await;
        if class == RequestClass::Safe {
            assert_eq!(ending, Ending { error: None, executions: 2, received: 2 });
        } else {
            let error_is = Some((ErrorKind::AttemptTimeout, Outcome::Unknown));
            assert_eq!(ending, Ending { error: error_is, executions: 1, received: 1 }, "{class:?}");
            assert_eq!(error.unwrap().attempts().len(), 1);
        }
        assert_eq!(began.elapsed().as_secs(), 5);
    }
}

#[tokio::test(start_paused = true)]
async fn t19_what_is_not_http_sends_only_what_may_be_repeated_to_another_and_once() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let garbage = || Fault::garbage().on(Match::post("/_api/document/*"));
        let first = cluster.coordinator(0).inject(garbage());
        let (ending, _) = ending(&cluster, &client, class).await;
        let violation = Some((ErrorKind::ProtocolViolation, Outcome::Unknown));
        if class == RequestClass::NonIdempotent {
            assert_eq!(ending.error, violation);
            continue;
        }
        assert_eq!(ending.error, None, "{class:?}");
        let _others = [cluster.coordinator(1).inject(garbage()), cluster.coordinator(2).inject(garbage())];
        let (ending, error) = super::ending(&cluster, &client, class).await;
        assert_eq!(ending.error, violation);
        assert_eq!(error.unwrap().attempts().len(), 2, "two that say the same are enough");
        drop(first);
    }
}

#[tokio::test(start_paused = true)]
async fn t20_the_deadline_holds_across_all_attempts_and_tells_what_is_known() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client =
            builder(&cluster).limits(Limits::default().total(Duration::from_secs(6))).build().unwrap();
        let _faults: Vec<_> =
            cluster.coordinators().iter().map(|coordinator| coordinator.inject(Fault::hang())).collect();
        let began = Instant::now();
        let (ending, error) = ending(&cluster, &client, class).await;
        assert_eq!(began.elapsed().as_secs(), 6, "{class:?}");
        let attempts = error.unwrap().attempts().len();
        assert_eq!(ending.error.unwrap().1, Outcome::Unknown);
        assert_eq!(ending.executions, attempts);
        assert_eq!(attempts, if class == RequestClass::Safe { 3 } else { 1 });
    }
}
