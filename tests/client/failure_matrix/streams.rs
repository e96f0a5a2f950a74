//! T13–T18: failures of HTTP/2 streams and connections. A request is one stream, and either can fail separately.

use std::time::Duration;

use arango::StoppedBy;
use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{Client, ErrorKind, Http2, HttpProtocol, Outcome};
use arango_test_cluster::{Close, Fault, Phase, ResetReason, TestCluster};

use super::health_signals::health_signal_with;
use super::{Expect, FIRST_OVERLOADED, HealthSignal, call_and_observe, on_writes};
use crate::support::{builder, cluster, cluster_of, insert, wait_for_hit};

for_each_class![
    t13_a_refused_stream_fails_over_any_request,
    t14_a_goaway_with_an_unprocessed_stream_fails_over_any_request,
    t14_streams_covered_by_a_goaway_do_not_count_as_unprocessed,
    t15_a_goaway_lets_streams_finish_and_new_requests_reconnect,
    t16_a_connection_closed_without_goaway_has_an_unknown_outcome,
    t16_a_lost_connection_counts_once_for_all_its_streams,
    t17_a_dropped_response_was_executed,
    t18_a_stream_reset_for_another_reason_has_an_unknown_outcome,
];

const LOST: (ErrorKind, Outcome) = (ErrorKind::ConnectionLost, Outcome::Unknown);

/// Returns a client that uses HTTP/2 with prior knowledge.
fn client(cluster: &TestCluster) -> Client {
    builder(cluster).http2(Http2::PriorKnowledge).build().unwrap()
}

/// Asserts the reaction to a failure at the first coordinator. A repeatable request fails over and a write fails.
async fn assert_single_failure(
    fault: Fault,
    class: RequestClass,
    (kind, outcome): (ErrorKind, Outcome),
    (received, executed): (usize, usize),
) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let fault = cluster.coordinator(0).inject(on_writes(fault).times(1));
    let observed = call_and_observe(&cluster, &client, class).await;
    let states = if outcome == Outcome::Executed { FIRST_OVERLOADED } else { [MemberState::Healthy; 3] };
    if class == RequestClass::NonIdempotent {
        let expect = Expect::failure(kind, outcome, StoppedBy::NotRetryable)
            .server_counts(received, executed)
            .member_states(states);
        let error = observed.assert_matches(&expect).error();
        assert_eq!(error.attempts()[0].protocol, Some(HttpProtocol::Http2));
    } else {
        observed.assert_matches(
            &Expect::fails_over().server_counts(received + 1, executed + 1).member_states(states),
        );
    }
    assert_eq!(fault.hits(), 1);
}

async fn t13_a_refused_stream_fails_over_any_request(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let fault = Fault::reset_stream(Phase::BeforeRead, ResetReason::REFUSED_STREAM);
    let guard = cluster.coordinator(0).inject(on_writes(fault.clone()).times(1));
    call_and_observe(&cluster, &client, class)
        .await
        .assert_matches(&Expect::fails_over().member_states(FIRST_OVERLOADED));
    assert_eq!(guard.hits(), 1);
    assert_eq!(client.coordinators()[0].open_connections, 1, "the connection stays open");
    assert_eq!(health_signal_with(&cluster, class, &fault, self::client).await, HealthSignal::Overloaded);
}

async fn t14_a_goaway_with_an_unprocessed_stream_fails_over_any_request(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let fault = Fault::goaway_unprocessed();
    let guard = cluster.coordinator(0).inject(on_writes(fault.clone()).times(1));
    let first_draining = [MemberState::Draining, MemberState::Healthy, MemberState::Healthy];
    call_and_observe(&cluster, &client, class)
        .await
        .assert_matches(&Expect::fails_over().member_states(first_draining));
    assert_eq!(guard.hits(), 1);
    assert_eq!(health_signal_with(&cluster, class, &fault, self::client).await, HealthSignal::Draining);
}

async fn t14_streams_covered_by_a_goaway_do_not_count_as_unprocessed(class: RequestClass) {
    let cluster = cluster_of(1).await;
    let client = client(&cluster);
    client.db("_system").execute(insert("warm", RequestClass::Safe)).await.unwrap();
    // The first request is executed and its response is pending when a GOAWAY leaves the second unprocessed and closes
    // the connection.
    let slow = Fault::latency(Duration::from_secs(5));
    let slow = cluster.coordinator(0).inject(on_writes(slow).times(1));
    let database = client.db("_system");
    let covered = tokio::spawn(async move { database.execute(insert("covered", class)).await });
    wait_for_hit(&slow).await;
    let _goaway = cluster.coordinator(0).inject(on_writes(Fault::goaway_unprocessed()).times(1));
    client.db("_system").execute(insert("unprocessed", class)).await.unwrap();
    let covered = covered.await.unwrap();
    if class == RequestClass::NonIdempotent {
        let error = covered.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::ConnectionLost, Outcome::Unknown));
    } else {
        covered.unwrap();
    }
    assert_eq!(cluster.journal().executions("unprocessed"), 1);
}

async fn t15_a_goaway_lets_streams_finish_and_new_requests_reconnect(class: RequestClass) {
    let cluster = cluster_of(1).await;
    let client = client(&cluster);
    let slow = cluster.coordinator(0).inject(on_writes(Fault::latency(Duration::from_secs(5))).times(1));
    let database = client.db("_system");
    let in_flight = tokio::spawn(async move { database.execute(insert("in-flight", class)).await });
    wait_for_hit(&slow).await;
    let _goaway = cluster.coordinator(0).inject(on_writes(Fault::goaway()).times(1));
    let same_coordinator = Expect::fails_over().attempts(1, 0).member_states([MemberState::Healthy]);
    call_and_observe(&cluster, &client, class).await.assert_matches(&same_coordinator);
    assert_eq!(client.coordinators()[0].open_connections, 1);
    call_and_observe(&cluster, &client, class).await.assert_matches(&same_coordinator);
    assert_eq!(
        client.coordinators()[0].open_connections,
        2,
        "the old connection carries the request in flight"
    );

    in_flight.await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    let state = &client.coordinators()[0];
    assert_eq!((state.open_connections, state.idle_connections, state.in_flight), (1, 1, 0));
}

async fn t16_a_connection_closed_without_goaway_has_an_unknown_outcome(class: RequestClass) {
    for (phase, at_server) in
        [(Phase::BeforeRead, (0, 0)), (Phase::AfterRead, (1, 0)), (Phase::AfterExecution, (1, 1))]
    {
        for close in [Close::Fin, Close::Rst] {
            assert_single_failure(Fault::close(phase).close_mode(close), class, LOST, at_server).await;
        }
    }
    let cluster = cluster().await;
    let signal = health_signal_with(&cluster, class, &Fault::close(Phase::AfterRead), client).await;
    assert_eq!(signal, HealthSignal::Unreachable);
}

async fn t16_a_lost_connection_counts_once_for_all_its_streams(class: RequestClass) {
    let cluster = cluster_of(2).await;
    let client = client(&cluster);
    let first = client.coordinator(&client.coordinators()[0].address);
    first.execute(insert("warm", RequestClass::Safe)).await.unwrap();
    let slow = cluster.coordinator(0).inject(on_writes(Fault::latency(Duration::from_secs(5))));
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let first = first.clone();
            tokio::spawn(async move { first.execute(insert("many", class)).await })
        })
        .collect();
    while slow.hits() < 8 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(client.coordinators()[0].open_connections, 1);
    cluster.coordinator(0).kill();
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert_eq!(error.attempts()[0].kind, ErrorKind::ConnectionLost);
        assert_eq!(error.outcome(), Outcome::Unknown);
    }
    if class == RequestClass::NonIdempotent {
        assert_eq!(
            client.coordinators()[0].state,
            MemberState::Healthy,
            "one lost connection counts as one failure"
        );
    }
}

async fn t17_a_dropped_response_was_executed(class: RequestClass) {
    let fault = Fault::reset_stream(Phase::AfterExecution, ResetReason::ENHANCE_YOUR_CALM);
    assert_single_failure(fault.clone(), class, (ErrorKind::ResponseDropped, Outcome::Executed), (1, 1))
        .await;
    let cluster = cluster().await;
    assert_eq!(health_signal_with(&cluster, class, &fault, client).await, HealthSignal::Overloaded);
}

async fn t18_a_stream_reset_for_another_reason_has_an_unknown_outcome(class: RequestClass) {
    for reason in [
        ResetReason::INTERNAL_ERROR,
        ResetReason::CANCEL,
        ResetReason::PROTOCOL_ERROR,
        ResetReason::new(1000),
    ] {
        for (phase, at_server) in [
            (Phase::BeforeRead, (0, 0)),
            (Phase::AfterRead, (1, 0)),
            (Phase::AfterExecution, (1, 1)),
            (Phase::InHead, (1, 1)),
        ] {
            assert_single_failure(Fault::reset_stream(phase, reason), class, LOST, at_server).await;
        }
    }
    let cluster = cluster().await;
    let fault = Fault::reset_stream(Phase::AfterRead, ResetReason::CANCEL);
    assert_eq!(health_signal_with(&cluster, class, &fault, client).await, HealthSignal::Unreachable);
}
