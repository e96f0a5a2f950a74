//! T08–T12, T19 and T20: the request was handed to a connection, and no answer came.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::transport::{BoxFuture, Connect, Io, StoppedBy};
use arango::{Client, ErrorKind, Limits, Outcome};
use arango_test_cluster::{Close, Fault, Phase, TestCluster};

use super::{Expect, Tells, meet, meet_with, on_writes, tells};
use crate::support::{Memory, builder, client, cluster, insert};

for_each_class![
    t08_a_connection_that_died_while_idle_costs_nothing_and_is_not_seen,
    t08_a_coordinator_whose_connections_are_all_dead_is_given_three_and_then_another_is_asked,
    t09_a_connection_that_breaks_while_the_request_is_written_leaves_its_fate_unknown,
    t10_a_reused_connection_that_closes_in_the_face_of_a_request_is_tried_anew_unless_it_is_a_write,
    t10_a_second_failure_on_a_fresh_connection_sends_the_request_to_another,
    t11_a_fresh_connection_that_breaks_sends_only_what_may_be_repeated_to_another,
    t12_silence_ends_an_attempt_and_only_what_has_no_effect_goes_to_another,
    t12_silence_counts_against_a_coordinator_only_if_nothing_else_was_heard_of_it,
    t19_what_is_not_http_sends_only_what_may_be_repeated_to_another,
    t19_two_that_answer_what_is_not_http_are_enough,
    t20_the_deadline_holds_across_all_attempts_and_tells_what_is_known,
];

/// The request is lost on its way, and nobody may know.
fn lost() -> Expect {
    Expect::failure(ErrorKind::ConnectionLost, Outcome::Unknown, StoppedBy::NotRetryable)
}

/// Gives every coordinator a connection that has carried a request.
async fn warm(client: &Client) {
    for _ in 0..3 {
        client.db("_system").execute(insert("warm", RequestClass::Safe)).await.unwrap();
    }
}

async fn t08_a_connection_that_died_while_idle_costs_nothing_and_is_not_seen(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    warm(&client).await;
    // Every connection dies; every coordinator is back at once.
    for coordinator in cluster.coordinators() {
        coordinator.kill();
        coordinator.restart().await.unwrap();
    }
    for first in [1, 0, 0] {
        // One attempt a call: the replay is the pool's own.
        meet(&cluster, &client, class).await.is(&Expect::elsewhere().tried(first, 1 - first));
    }
}

/// Opens connections to the first coordinator that are closed at once by the other end.
struct Closing(Memory, SocketAddr, Arc<AtomicUsize>);

impl Connect for Closing {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        if address != self.1 {
            return self.0.connect(address);
        }
        self.2.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(Box::new(tokio::io::duplex(1024).0) as Box<dyn Io>) })
    }
}

async fn t08_a_coordinator_whose_connections_are_all_dead_is_given_three_and_then_another_is_asked(
    class: RequestClass,
) {
    let cluster = cluster().await;
    let opened = Arc::new(AtomicUsize::new(0));
    let closing = Closing(Memory::of(&cluster), cluster.coordinator(0).address(), Arc::clone(&opened));
    let client = builder(&cluster).connect(closing).build().unwrap();
    meet(&cluster, &client, class).await.is(&Expect::elsewhere());
    assert_eq!(opened.load(Ordering::Relaxed), 3, "the first and two replays");

    let first = client.coordinators()[0].address.clone();
    for _ in 0..3 {
        let error = client.coordinator(&first).execute(insert("m", class)).await.unwrap_err();
        let closed = (ErrorKind::ConnectionClosedBeforeSend, Outcome::NotExecuted, StoppedBy::NoAlternative);
        assert_eq!((error.kind(), error.outcome(), error.stopped_by()), closed);
    }
    assert_eq!(client.coordinators()[0].standing, MemberState::Healthy, "it counts for nothing");
}

async fn t09_a_connection_that_breaks_while_the_request_is_written_leaves_its_fate_unknown(
    class: RequestClass,
) {
    let cluster = cluster().await;
    let fault = Fault::close(Phase::BeforeRead);
    let client = client(&cluster);
    let struck = cluster.coordinator(0).inject(on_writes(fault.clone()).times(1));
    // More than fits between the two ends, so that the rest cannot have been written.
    let mut large = insert("m", class);
    large.padding = 1 << 20;
    meet_with(&cluster, &client, large).await.is(&match class {
        RequestClass::NonIdempotent => lost().at_servers(0, 0),
        _ => Expect::elsewhere(),
    });
    assert_eq!(struck.hits(), 1);
    assert_eq!(tells(&cluster, class, &fault).await, Tells::Unreachable);
}

async fn t10_a_reused_connection_that_closes_in_the_face_of_a_request_is_tried_anew_unless_it_is_a_write(
    class: RequestClass,
) {
    for (phase, received, executed) in
        [(Phase::BeforeRead, 0, 0), (Phase::AfterRead, 1, 0), (Phase::AfterExecution, 1, 1)]
    {
        let cluster = cluster().await;
        let client = client(&cluster);
        warm(&client).await;
        let _fault = cluster.coordinator(0).inject(on_writes(Fault::close(phase)).times(1));
        let met = meet(&cluster, &client, class).await;
        if class == RequestClass::NonIdempotent {
            let error = met.is(&lost().at_servers(received, executed)).error();
            assert!(error.attempts()[0].reused && !error.was_not_executed());
        } else {
            // Again to the same, on a fresh connection.
            met.is(&Expect::elsewhere().tried(2, 0).at_servers(received + 1, executed + 1));
        }
        // It counts for nothing: two that do not reach the coordinator are still one too few.
        let first = client.coordinators()[0].address.clone();
        for _ in 0..2 {
            let _fault = cluster.coordinator(0).inject(on_writes(Fault::garbage()));
            client.coordinator(&first).execute(insert("m", class)).await.unwrap_err();
            assert_eq!(client.coordinators()[0].standing, MemberState::Healthy);
        }
    }
}

async fn t10_a_second_failure_on_a_fresh_connection_sends_the_request_to_another(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    warm(&client).await;
    let fault = cluster.coordinator(0).inject(on_writes(Fault::close(Phase::AfterExecution)).times(2));
    let met = meet(&cluster, &client, class).await;
    if class == RequestClass::NonIdempotent {
        met.is(&lost().at_servers(1, 1));
        assert_eq!(fault.hits(), 1);
    } else {
        met.is(&Expect::elsewhere().tried(2, 1).at_servers(3, 3).within(super::B1));
        assert_eq!(fault.hits(), 2);
    }
}

async fn t11_a_fresh_connection_that_breaks_sends_only_what_may_be_repeated_to_another(class: RequestClass) {
    for how in [Close::Fin, Close::Rst] {
        for (phase, executed) in [(Phase::AfterRead, 0), (Phase::AfterExecution, 1), (Phase::InHead, 1)] {
            let cluster = cluster().await;
            let client = client(&cluster);
            let fault = Fault::close(phase).how(how);
            let _fault = cluster.coordinator(0).inject(on_writes(fault.clone()).times(1));
            let met = meet(&cluster, &client, class).await;
            if class == RequestClass::NonIdempotent {
                let error = met.is(&lost().at_servers(1, executed)).error();
                assert!(!error.attempts()[0].reused);
            } else {
                met.is(&Expect::elsewhere().at_servers(2, executed + 1));
            }
            assert_eq!(tells(&cluster, class, &fault).await, Tells::Unreachable, "{phase:?} {how:?}");
        }
    }
}

const FIVE_SECONDS: Duration = Duration::from_secs(5);

/// A client whose attempts have five seconds.
fn impatient(cluster: &TestCluster) -> Client {
    builder(cluster).limits(Limits::default().attempt(FIVE_SECONDS)).build().unwrap()
}

async fn t12_silence_ends_an_attempt_and_only_what_has_no_effect_goes_to_another(class: RequestClass) {
    let cluster = cluster().await;
    let client = impatient(&cluster);
    let _fault = cluster.coordinator(0).inject(on_writes(Fault::hang()).times(1));
    let met = meet(&cluster, &client, class).await;
    let silence = Expect::failure(ErrorKind::AttemptTimeout, Outcome::Unknown, StoppedBy::NotRetryable);
    met.is(&match class {
        RequestClass::Safe => Expect::elsewhere().at_servers(2, 2).after(FIVE_SECONDS),
        _ => silence.at_servers(1, 1).after(FIVE_SECONDS),
    });
}

async fn t12_silence_counts_against_a_coordinator_only_if_nothing_else_was_heard_of_it(class: RequestClass) {
    for another_is_answered in [false, true] {
        let cluster = cluster().await;
        let client = impatient(&cluster);
        let first = client.coordinator(&client.coordinators()[0].address);
        let _fault = cluster.coordinator(0).inject(on_writes(Fault::hang()));
        let silent = || {
            let first = first.clone();
            tokio::spawn(async move { first.execute(insert("m", class)).await })
        };
        // As many at once as take a coordinator out.
        let calls = [silent(), silent(), silent()];
        tokio::time::sleep(Duration::from_secs(1)).await;
        if another_is_answered {
            first.version().await.unwrap();
        }
        for call in calls {
            let error = call.await.unwrap().unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::AttemptTimeout, Outcome::Unknown));
        }
        let standing = if another_is_answered { MemberState::Healthy } else { MemberState::Ejected };
        assert_eq!(client.coordinators()[0].standing, standing);
    }
}

/// What came back is not HTTP.
fn violation() -> Expect {
    Expect::failure(ErrorKind::ProtocolViolation, Outcome::Unknown, StoppedBy::NotRetryable)
}

async fn t19_what_is_not_http_sends_only_what_may_be_repeated_to_another(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _fault = cluster.coordinator(0).inject(on_writes(Fault::garbage()).times(1));
    meet(&cluster, &client, class).await.is(&match class {
        RequestClass::NonIdempotent => violation().at_servers(1, 1),
        _ => Expect::elsewhere().at_servers(2, 2),
    });
    assert_eq!(tells(&cluster, class, &Fault::garbage()).await, Tells::Unreachable);
}

async fn t19_two_that_answer_what_is_not_http_are_enough(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _faults: Vec<_> =
        cluster.coordinators().iter().map(|one| one.inject(on_writes(Fault::garbage()))).collect();
    meet(&cluster, &client, class).await.is(&match class {
        RequestClass::NonIdempotent => violation().at_servers(1, 1),
        _ => violation().tried(1, 1).at_servers(2, 2),
    });
}

async fn t20_the_deadline_holds_across_all_attempts_and_tells_what_is_known(class: RequestClass) {
    let cluster = cluster().await;
    let six_seconds = Duration::from_secs(6);
    let client = builder(&cluster).limits(Limits::default().total(six_seconds)).build().unwrap();
    let _faults: Vec<_> = cluster.coordinators().iter().map(|one| one.inject(Fault::hang())).collect();
    let late = Expect::failure(ErrorKind::DeadlineExceeded, Outcome::Unknown, StoppedBy::Deadline);
    let late = late.after(six_seconds);
    meet(&cluster, &client, class).await.is(&match class {
        RequestClass::Safe => late.tried(1, 2).at_servers(3, 3),
        _ => late.at_servers(1, 1),
    });
}
