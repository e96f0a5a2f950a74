//! R40–R43: responses that may come from a proxy before the coordinator.

use std::time::Duration;

use arango::StoppedBy;
use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{ErrorKind, Outcome};
use arango_test_cluster::Fault;

use super::error_response::Reaction::{AfterBackoff, Fails, SameCoordinator};
use super::error_response::{ErrorCase, if_repeatable, not_executed, unknown};
use super::recording_connector::RecordingConnector;
use super::{
    CONNECTION_BACKOFF, Expect, FIRST_OVERLOADED, HealthSignal, OVERLOAD_BACKOFF, call_and_observe,
    health_signal, on_writes,
};
use crate::support::{builder, client, cluster, insert};

for_each_class![
    r40_a_retry_after_is_honored,
    r40_without_a_retry_after_the_client_backs_off,
    r40_a_retry_after_beyond_the_deadline_sends_the_call_to_another_coordinator,
    r40_a_retry_after_beyond_the_deadline_of_all_coordinators_ends_the_call,
    r41_a_gateway_error_has_an_unknown_outcome,
    r41_a_retry_after_of_a_proxy_is_honored,
    r42_a_redirect_is_never_followed,
    r43_a_408_of_arangodb_is_unknown_and_final,
    r43_a_408_of_a_proxy_is_retried_on_the_same_coordinator_only_if_repeatable,
    r43_a_second_408_of_a_proxy_fails_over_only_if_repeatable,
];

/// Returns a 429 with this `Retry-After`.
fn throttled(seconds: u32) -> Fault {
    let fault = Fault::raw_response(429, "text/plain", "slow down");
    on_writes(fault.header("retry-after", seconds.to_string()))
}

async fn r40_a_retry_after_is_honored(class: RequestClass) {
    for seconds in [0, 2, 4] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let _fault = cluster.coordinator(0).inject(throttled(seconds).times(1));
        let later = Expect::fails_over().server_counts(2, 1).member_states(FIRST_OVERLOADED);
        let later = later.after(Duration::from_secs(seconds.into()));
        call_and_observe(&cluster, &client, class).await.assert_matches(&later);
    }
}

async fn r40_without_a_retry_after_the_client_backs_off(class: RequestClass) {
    // With and without an error object of ArangoDB.
    for number in [0, 429] {
        not_executed(429, number, ErrorKind::Throttled, HealthSignal::Overloaded)
            .assert_reaction(class, AfterBackoff(OVERLOAD_BACKOFF))
            .await;
    }
}

async fn r40_a_retry_after_beyond_the_deadline_sends_the_call_to_another_coordinator(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _fault = cluster.coordinator(0).inject(throttled(86_400));
    let later = Expect::fails_over().server_counts(2, 1).member_states(FIRST_OVERLOADED);
    call_and_observe(&cluster, &client, class).await.assert_matches(&later.within(OVERLOAD_BACKOFF));
}

async fn r40_a_retry_after_beyond_the_deadline_of_all_coordinators_ends_the_call(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _faults = cluster.inject(&throttled(86_400));
    let stopped = Expect::failure(ErrorKind::Throttled, Outcome::NotExecuted, StoppedBy::Deadline);
    let stopped = stopped.attempts(1, 2).server_counts(3, 0).member_states([MemberState::Overloaded; 3]);
    // Two pauses, of which the second may be twice as long.
    let pauses = *OVERLOAD_BACKOFF.start() * 3..=*OVERLOAD_BACKOFF.end() * 3;
    let error =
        call_and_observe(&cluster, &client, class).await.assert_matches(&stopped.within(pauses)).error();
    assert_eq!(error.attempts()[0].retry_after, Some(Duration::from_secs(86_400)));
}

async fn r41_a_gateway_error_has_an_unknown_outcome(class: RequestClass) {
    for status in [502, 503, 504] {
        let case = unknown(status, 0, ErrorKind::Gateway, HealthSignal::GatewayError);
        case.assert_reaction(class, if_repeatable(class, AfterBackoff(CONNECTION_BACKOFF))).await;
    }
}

async fn r41_a_retry_after_of_a_proxy_is_honored(class: RequestClass) {
    for retry_after in ["3", "Wed, 21 Oct 2026 07:28:03 GMT"] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let fault = Fault::raw_response(503, "text/html", "<html>").header("retry-after", retry_after);
        let fault = fault.header("date", "Wed, 21 Oct 2026 07:28:00 GMT");
        let _fault = cluster.coordinator(0).inject(on_writes(fault).times(1));
        call_and_observe(&cluster, &client, class).await.assert_matches(&match class {
            RequestClass::NonIdempotent => {
                Expect::failure(ErrorKind::Gateway, Outcome::Unknown, StoppedBy::NotRetryable)
            }
            _ => Expect::fails_over().server_counts(2, 1).after(Duration::from_secs(3)),
        });
    }
}

async fn r42_a_redirect_is_never_followed(class: RequestClass) {
    for status in [301, 302, 303, 307, 308] {
        let outcome = if status < 304 { Outcome::Unknown } else { Outcome::NotExecuted };
        // With and without an error object.
        for number in [0, 307] {
            let cluster = cluster().await;
            let connector = RecordingConnector::new(&cluster);
            let client = builder(&cluster).connect(connector.clone()).build().unwrap();
            let case = ErrorCase {
                outcome,
                ..not_executed(status, number, ErrorKind::UnexpectedRedirect, HealthSignal::Neutral)
            };
            let fault = case.fault().header("location", "http://192.0.2.1:8529/login?secret");
            let _fault = cluster.coordinator(0).inject(on_writes(fault));
            let observed = call_and_observe(&cluster, &client, class).await;
            if number == 0 && class == RequestClass::Safe {
                // ArangoDB never redirects a call, so the response comes from something else.
                observed.assert_matches(&Expect::fails_over().server_counts(2, 1));
            } else {
                let error = observed
                    .assert_matches(&Expect::failure(case.kind, outcome, StoppedBy::NotRetryable))
                    .error();
                assert!(
                    error.report().to_string().contains("to http://192.0.2.1:8529/login"),
                    "{}",
                    error.report()
                );
                assert!(!error.report().to_string().contains("secret"), "{}", error.report());
            }
            assert!(
                connector.connected_urls().iter().all(|url| cluster.urls().contains(url)),
                "{:?}",
                connector.connected_urls()
            );
        }
    }
    let fault = Fault::raw_response(307, "text/plain", "").header("location", "http://192.0.2.1/");
    assert_eq!(health_signal(&cluster().await, class, &fault).await, HealthSignal::Neutral);
}

async fn r43_a_408_of_arangodb_is_unknown_and_final(class: RequestClass) {
    unknown(408, 504, ErrorKind::Server, HealthSignal::Success).assert_reaction(class, Fails).await;
}

async fn r43_a_408_of_a_proxy_is_retried_on_the_same_coordinator_only_if_repeatable(class: RequestClass) {
    for executed in [false, true] {
        let case =
            ErrorCase { executed, ..unknown(408, 0, ErrorKind::AttemptTimeout, HealthSignal::Neutral) };
        case.assert_reaction(class, if_repeatable(class, SameCoordinator)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn repeated_gateway_errors_eject_the_coordinator() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _fault = cluster.coordinator(0).inject(Fault::raw_response(502, "text/html", "<html>"));
    let database = client.db("_system");
    for _ in 0..30 {
        database.execute(insert("m", RequestClass::Safe)).await.unwrap();
    }
    let states = client.coordinators();
    assert_eq!(states[0].state, MemberState::Ejected);
    assert_eq!(states[0].requests, 5);
}

async fn r43_a_second_408_of_a_proxy_fails_over_only_if_repeatable(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let late = Fault::raw_response(408, "text/html", "<html>");
    let _late = cluster.coordinator(0).inject(on_writes(late));
    call_and_observe(&cluster, &client, class).await.assert_matches(&match class {
        RequestClass::NonIdempotent => {
            Expect::failure(ErrorKind::AttemptTimeout, Outcome::Unknown, StoppedBy::NotRetryable)
        }
        _ => Expect::fails_over()
            .attempts(2, 1)
            .server_counts(3, 1)
            .within(Duration::ZERO..=Duration::from_millis(51)),
    });
}
