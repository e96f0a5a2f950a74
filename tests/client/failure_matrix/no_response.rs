//! T08–T12, T19 and T20: the request was written to a connection, and no response came.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arango::StoppedBy;
use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::transport::{BoxFuture, Connect, Io};
use arango::{Client, ErrorKind, Limits, Outcome};
use arango_test_cluster::{Close, Fault, Phase, TestCluster};

use super::{Expect, HealthSignal, call_and_observe, execute_and_observe, health_signal, on_writes};
use crate::support::{InMemoryConnector, builder, client, cluster, insert};

for_each_class![
    t08_a_dead_idle_connection_is_replayed_transparently,
    t08_after_three_dead_connections_another_coordinator_is_used,
    t09_a_connection_lost_while_writing_has_an_unknown_outcome,
    t10_a_closed_reused_connection_is_replaced_unless_not_idempotent,
    t10_a_second_failure_on_a_new_connection_fails_over,
    t11_a_new_connection_that_breaks_fails_over_only_if_repeatable,
    t12_an_attempt_timeout_fails_over_only_if_a_late_copy_is_harmless,
    t12_an_attempt_timeout_counts_only_without_other_responses,
    t19_a_protocol_violation_fails_over_only_if_repeatable,
    t19_a_protocol_violation_after_another_failure_fails_over,
    t19_two_protocol_violations_are_final,
    t20_the_deadline_spans_all_attempts_and_reports_the_outcome,
];

/// Expects a lost connection with an unknown outcome.
fn connection_lost() -> Expect {
    Expect::failure(ErrorKind::ConnectionLost, Outcome::Unknown, StoppedBy::NotRetryable)
}

/// Opens a connection to every coordinator and uses it once. It then counts as reused.
async fn warm_up_connections(client: &Client) {
    for _ in 0..3 {
        client.db("_system").execute(insert("warm", RequestClass::Safe)).await.unwrap();
    }
}

async fn t08_a_dead_idle_connection_is_replayed_transparently(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    warm_up_connections(&client).await;
    // Every connection is closed, and every coordinator is immediately back.
    for coordinator in cluster.coordinators() {
        coordinator.kill();
        coordinator.restart().await.unwrap();
    }
    for first in [1, 0, 0] {
        // One attempt per call: the pool replays the request within the attempt.
        call_and_observe(&cluster, &client, class)
            .await
            .assert_matches(&Expect::fails_over().attempts(first, 1 - first));
    }
}

/// Opens connections to the first coordinator that the other end closes immediately.
struct ClosesAtOnce(InMemoryConnector, SocketAddr, Arc<AtomicUsize>);

impl Connect for ClosesAtOnce {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        if address != self.1 {
            return self.0.connect(address);
        }
        self.2.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(Box::new(tokio::io::duplex(1024).0) as Box<dyn Io>) })
    }
}

async fn t08_after_three_dead_connections_another_coordinator_is_used(class: RequestClass) {
    let cluster = cluster().await;
    let opened = Arc::new(AtomicUsize::new(0));
    let connector =
        ClosesAtOnce(InMemoryConnector::new(&cluster), cluster.coordinator(0).address(), Arc::clone(&opened));
    let client = builder(&cluster).connect(connector).build().unwrap();
    call_and_observe(&cluster, &client, class).await.assert_matches(&Expect::fails_over());
    assert_eq!(opened.load(Ordering::Relaxed), 3, "the first and two replays");

    let first = client.coordinators()[0].address.clone();
    for _ in 0..3 {
        let error = client.coordinator(&first).execute(insert("m", class)).await.unwrap_err();
        let closed = (ErrorKind::ConnectionClosedBeforeSend, Outcome::NotExecuted, StoppedBy::NoAlternative);
        assert_eq!((error.kind(), error.outcome(), error.stopped_by()), closed);
    }
    assert_eq!(client.coordinators()[0].state, MemberState::Ejected, "new connections were closed, too");
    let before = opened.load(Ordering::Relaxed);
    for _ in 0..9 {
        client.db("_system").execute(insert("later", class)).await.unwrap();
    }
    assert_eq!(opened.load(Ordering::Relaxed), before, "nothing is sent there any more");
}

async fn t09_a_connection_lost_while_writing_has_an_unknown_outcome(class: RequestClass) {
    let cluster = cluster().await;
    let fault = Fault::close(Phase::BeforeRead);
    let client = client(&cluster);
    let guard = cluster.coordinator(0).inject(on_writes(fault.clone()).times(1));
    // Larger than the buffers between client and coordinator, so the rest cannot have been written.
    let mut large = insert("m", class);
    large.padding = 1 << 20;
    execute_and_observe(&cluster, &client, large).await.assert_matches(&match class {
        RequestClass::NonIdempotent => connection_lost().server_counts(0, 0),
        _ => Expect::fails_over(),
    });
    assert_eq!(guard.hits(), 1);
    assert_eq!(health_signal(&cluster, class, &fault).await, HealthSignal::Unreachable);
}

async fn t10_a_closed_reused_connection_is_replaced_unless_not_idempotent(class: RequestClass) {
    for (phase, received, executed) in
        [(Phase::BeforeRead, 0, 0), (Phase::AfterRead, 1, 0), (Phase::AfterExecution, 1, 1)]
    {
        let cluster = cluster().await;
        let client = client(&cluster);
        warm_up_connections(&client).await;
        let _fault = cluster.coordinator(0).inject(on_writes(Fault::close(phase)).times(1));
        let observed = call_and_observe(&cluster, &client, class).await;
        if class == RequestClass::NonIdempotent {
            let error = observed.assert_matches(&connection_lost().server_counts(received, executed)).error();
            assert!(error.attempts()[0].reused && !error.was_not_executed());
        } else {
            // Retried at the same coordinator on a new connection.
            observed.assert_matches(
                &Expect::fails_over().attempts(2, 0).server_counts(received + 1, executed + 1),
            );
        }
        // It has no health effect: two more connection failures do not eject the coordinator.
        let first = client.coordinators()[0].address.clone();
        for _ in 0..2 {
            let _fault = cluster.coordinator(0).inject(on_writes(Fault::garbage()));
            client.coordinator(&first).execute(insert("m", class)).await.unwrap_err();
            assert_eq!(client.coordinators()[0].state, MemberState::Healthy);
        }
    }
}

async fn t10_a_second_failure_on_a_new_connection_fails_over(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    warm_up_connections(&client).await;
    let fault = cluster.coordinator(0).inject(on_writes(Fault::close(Phase::AfterExecution)).times(2));
    let observed = call_and_observe(&cluster, &client, class).await;
    if class == RequestClass::NonIdempotent {
        observed.assert_matches(&connection_lost().server_counts(1, 1));
        assert_eq!(fault.hits(), 1);
    } else {
        observed.assert_matches(
            // The backoff of a second retry is up to twice as long as that of a first one.
            &Expect::fails_over()
                .attempts(2, 1)
                .server_counts(3, 3)
                .within(Duration::ZERO..=*super::CONNECTION_BACKOFF.end() * 2),
        );
        assert_eq!(fault.hits(), 2);
    }
}

async fn t11_a_new_connection_that_breaks_fails_over_only_if_repeatable(class: RequestClass) {
    for close in [Close::Fin, Close::Rst] {
        for (phase, executed) in [(Phase::AfterRead, 0), (Phase::AfterExecution, 1), (Phase::InHead, 1)] {
            let cluster = cluster().await;
            let client = client(&cluster);
            let fault = Fault::close(phase).close_mode(close);
            let _fault = cluster.coordinator(0).inject(on_writes(fault.clone()).times(1));
            let observed = call_and_observe(&cluster, &client, class).await;
            if class == RequestClass::NonIdempotent {
                let error = observed.assert_matches(&connection_lost().server_counts(1, executed)).error();
                assert!(!error.attempts()[0].reused);
            } else {
                observed.assert_matches(&Expect::fails_over().server_counts(2, executed + 1));
            }
            assert_eq!(
                health_signal(&cluster, class, &fault).await,
                HealthSignal::Unreachable,
                "{phase:?} {close:?}"
            );
        }
    }
}

const FIVE_SECONDS: Duration = Duration::from_secs(5);

/// Returns a client with an attempt timeout of five seconds.
fn client_with_short_attempts(cluster: &TestCluster) -> Client {
    builder(cluster).limits(Limits::default().attempt(FIVE_SECONDS)).build().unwrap()
}

async fn t12_an_attempt_timeout_fails_over_only_if_a_late_copy_is_harmless(class: RequestClass) {
    let cluster = cluster().await;
    let client = client_with_short_attempts(&cluster);
    let _fault = cluster.coordinator(0).inject(on_writes(Fault::hang()).times(1));
    let observed = call_and_observe(&cluster, &client, class).await;
    let timed_out = Expect::failure(ErrorKind::AttemptTimeout, Outcome::Unknown, StoppedBy::NotRetryable);
    observed.assert_matches(&match class {
        RequestClass::Safe | RequestClass::Fenced => {
            Expect::fails_over().server_counts(2, 2).after(FIVE_SECONDS)
        }
        _ => timed_out.server_counts(1, 1).after(FIVE_SECONDS),
    });
}

async fn t12_an_attempt_timeout_counts_only_without_other_responses(class: RequestClass) {
    for another_succeeds in [false, true] {
        let cluster = cluster().await;
        let client = client_with_short_attempts(&cluster);
        let first = client.coordinator(&client.coordinators()[0].address);
        let _fault = cluster.coordinator(0).inject(on_writes(Fault::hang()));
        let hanging_call = || {
            let first = first.clone();
            tokio::spawn(async move { first.execute(insert("m", class)).await })
        };
        // As many concurrent calls as are needed to eject a coordinator.
        let calls = [hanging_call(), hanging_call(), hanging_call()];
        tokio::time::sleep(Duration::from_secs(1)).await;
        if another_succeeds {
            first.version().await.unwrap();
        }
        for call in calls {
            let error = call.await.unwrap().unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::AttemptTimeout, Outcome::Unknown));
        }
        let expected = if another_succeeds { MemberState::Healthy } else { MemberState::Ejected };
        assert_eq!(client.coordinators()[0].state, expected);
    }
}

/// Expects a response that is not HTTP.
fn protocol_violation() -> Expect {
    Expect::failure(ErrorKind::ProtocolViolation, Outcome::Unknown, StoppedBy::NotRetryable)
}

async fn t19_a_protocol_violation_fails_over_only_if_repeatable(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _fault = cluster.coordinator(0).inject(on_writes(Fault::garbage()).times(1));
    call_and_observe(&cluster, &client, class).await.assert_matches(&match class {
        RequestClass::NonIdempotent => protocol_violation().server_counts(1, 1),
        _ => Expect::fails_over().server_counts(2, 2),
    });
    assert_eq!(health_signal(&cluster, class, &Fault::garbage()).await, HealthSignal::Unreachable);
}

async fn t19_a_protocol_violation_after_another_failure_fails_over(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _full = cluster.coordinator(0).inject(on_writes(Fault::response(503, 503, "starting")).times(1));
    let _violation = cluster.coordinator(1).inject(on_writes(Fault::garbage()).times(1));
    let states = super::FIRST_OVERLOADED;
    let second_pause = Duration::ZERO..=*super::CONNECTION_BACKOFF.end() * 2;
    call_and_observe(&cluster, &client, class).await.assert_matches(&match class {
        RequestClass::NonIdempotent => {
            // The only response explains most.
            let stopped = StoppedBy::NotRetryable;
            let refused = Expect::failure(ErrorKind::StartingUp, Outcome::Unknown, stopped);
            refused.attempts(1, 1).server_counts(2, 1).member_states(states)
        }
        _ => {
            Expect::fails_over().attempts(1, 2).server_counts(3, 2).member_states(states).within(second_pause)
        }
    });
}

async fn t19_two_protocol_violations_are_final(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _faults = cluster.inject(&on_writes(Fault::garbage()));
    call_and_observe(&cluster, &client, class).await.assert_matches(&match class {
        RequestClass::NonIdempotent => protocol_violation().server_counts(1, 1),
        _ => protocol_violation().attempts(1, 1).server_counts(2, 2),
    });
}

async fn t20_the_deadline_spans_all_attempts_and_reports_the_outcome(class: RequestClass) {
    let cluster = cluster().await;
    let six_seconds = Duration::from_secs(6);
    let client = builder(&cluster).limits(Limits::default().total(six_seconds)).build().unwrap();
    let _faults = cluster.inject(&Fault::hang());
    let deadline_exceeded =
        Expect::failure(ErrorKind::DeadlineExceeded, Outcome::Unknown, StoppedBy::Deadline);
    let deadline_exceeded = deadline_exceeded.after(six_seconds);
    call_and_observe(&cluster, &client, class).await.assert_matches(&match class {
        RequestClass::Safe | RequestClass::Fenced => deadline_exceeded.attempts(1, 2).server_counts(3, 3),
        _ => deadline_exceeded.server_counts(1, 1),
    });
}
