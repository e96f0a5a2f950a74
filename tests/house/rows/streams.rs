//! T13–T18: over HTTP/2 a request is one stream of a connection, and either may end alone.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::transport::StoppedBy;
use arango::{Client, ErrorKind, Http2, HttpProtocol, Outcome};
use arango_test_cluster::{Close, Fault, Phase, Reset, TestCluster};

use super::tells::tells_to;
use super::{Expect, OVERLOADED, Tells, meet, on_writes};
use crate::support::{builder, cluster, cluster_of, insert, struck};

for_each_class![
    t13_a_stream_that_is_refused_sends_any_request_to_another,
    t14_a_goodbye_that_disowns_the_stream_sends_any_request_to_another,
    t14_streams_that_a_goodbye_covers_are_not_taken_for_disowned,
    t15_a_goodbye_lets_what_is_under_way_finish_and_the_next_request_has_a_new_connection,
    t16_a_connection_that_ends_without_a_word_leaves_the_fate_of_the_stream_unknown,
    t16_the_end_of_one_connection_counts_once_however_many_streams_it_had,
    t17_an_answer_that_was_dropped_was_executed,
    t18_a_stream_that_is_reset_for_another_reason_leaves_its_fate_unknown,
];

const LOST: (ErrorKind, Outcome) = (ErrorKind::ConnectionLost, Outcome::Unknown);

/// A client that speaks HTTP/2 from the first byte on.
fn client(cluster: &TestCluster) -> Client {
    builder(cluster).http2(Http2::PriorKnowledge).build().unwrap()
}

/// Meets a failure at the first coordinator: what may be repeated goes to another, and a write ends with it.
async fn meets_once(
    fault: Fault,
    class: RequestClass,
    (kind, outcome): (ErrorKind, Outcome),
    (received, executed): (usize, usize),
) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let fault = cluster.coordinator(0).inject(on_writes(fault).times(1));
    let met = meet(&cluster, &client, class).await;
    let standing = if outcome == Outcome::Executed { OVERLOADED } else { [MemberState::Healthy; 3] };
    if class == RequestClass::NonIdempotent {
        let expect = Expect::failure(kind, outcome, StoppedBy::NotRetryable)
            .at_servers(received, executed)
            .standing(standing);
        let error = met.is(&expect).error();
        assert_eq!(error.attempts()[0].protocol, Some(HttpProtocol::Http2));
    } else {
        met.is(&Expect::elsewhere().at_servers(received + 1, executed + 1).standing(standing));
    }
    assert_eq!(fault.hits(), 1);
}

async fn t13_a_stream_that_is_refused_sends_any_request_to_another(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let fault = Fault::reset_stream(Phase::BeforeRead, Reset::REFUSED_STREAM);
    let struck = cluster.coordinator(0).inject(on_writes(fault.clone()).times(1));
    meet(&cluster, &client, class).await.is(&Expect::elsewhere().standing(OVERLOADED));
    assert_eq!(struck.hits(), 1);
    assert_eq!(client.coordinators()[0].open_connections, 1, "the connection is as good as before");
    assert_eq!(tells_to(&cluster, class, &fault, self::client).await, Tells::Overloaded);
}

async fn t14_a_goodbye_that_disowns_the_stream_sends_any_request_to_another(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let fault = Fault::disown();
    let struck = cluster.coordinator(0).inject(on_writes(fault.clone()).times(1));
    let leaving = [MemberState::Draining, MemberState::Healthy, MemberState::Healthy];
    meet(&cluster, &client, class).await.is(&Expect::elsewhere().standing(leaving));
    assert_eq!(struck.hits(), 1);
    assert_eq!(tells_to(&cluster, class, &fault, self::client).await, Tells::Leaving);
}

async fn t14_streams_that_a_goodbye_covers_are_not_taken_for_disowned(class: RequestClass) {
    let cluster = cluster_of(1).await;
    let client = client(&cluster);
    client.db("_system").execute(insert("warm", RequestClass::Safe)).await.unwrap();
    // The first is executed, and its answer is on its way when the second is disowned, with the connection.
    let slow = Fault::latency(Duration::from_secs(5));
    let slow = cluster.coordinator(0).inject(on_writes(slow).times(1));
    let database = client.db("_system");
    let covered = tokio::spawn(async move { database.execute(insert("covered", class)).await });
    struck(&slow).await;
    let _disowned = cluster.coordinator(0).inject(on_writes(Fault::disown()).times(1));
    client.db("_system").execute(insert("disowned", class)).await.unwrap();
    let covered = covered.await.unwrap();
    if class == RequestClass::NonIdempotent {
        let error = covered.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::ConnectionLost, Outcome::Unknown));
    } else {
        covered.unwrap();
    }
    assert_eq!(cluster.journal().executions("disowned"), 1);
}

async fn t15_a_goodbye_lets_what_is_under_way_finish_and_the_next_request_has_a_new_connection(
    class: RequestClass,
) {
    let cluster = cluster_of(1).await;
    let client = client(&cluster);
    let slow = cluster.coordinator(0).inject(on_writes(Fault::latency(Duration::from_secs(5))).times(1));
    let database = client.db("_system");
    let under_way = tokio::spawn(async move { database.execute(insert("under-way", class)).await });
    struck(&slow).await;
    let _goodbye = cluster.coordinator(0).inject(on_writes(Fault::go_away()).times(1));
    let here = Expect::elsewhere().tried(1, 0).standing([MemberState::Healthy]);
    meet(&cluster, &client, class).await.is(&here);
    assert_eq!(client.coordinators()[0].open_connections, 1);
    meet(&cluster, &client, class).await.is(&here);
    assert_eq!(client.coordinators()[0].open_connections, 2, "the old one carries what is under way");

    under_way.await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    let state = &client.coordinators()[0];
    assert_eq!((state.open_connections, state.idle_connections, state.in_flight), (1, 1, 0));
}

async fn t16_a_connection_that_ends_without_a_word_leaves_the_fate_of_the_stream_unknown(
    class: RequestClass,
) {
    for (phase, at_server) in
        [(Phase::BeforeRead, (0, 0)), (Phase::AfterRead, (1, 0)), (Phase::AfterExecution, (1, 1))]
    {
        for how in [Close::Fin, Close::Rst] {
            meets_once(Fault::close(phase).how(how), class, LOST, at_server).await;
        }
    }
    let cluster = cluster().await;
    let told = tells_to(&cluster, class, &Fault::close(Phase::AfterRead), client).await;
    assert_eq!(told, Tells::Unreachable);
}

async fn t16_the_end_of_one_connection_counts_once_however_many_streams_it_had(class: RequestClass) {
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
        assert_eq!(client.coordinators()[0].standing, MemberState::Healthy, "one connection, one failure");
    }
}

async fn t17_an_answer_that_was_dropped_was_executed(class: RequestClass) {
    let fault = Fault::reset_stream(Phase::AfterExecution, Reset::ENHANCE_YOUR_CALM);
    meets_once(fault.clone(), class, (ErrorKind::ResponseDropped, Outcome::Executed), (1, 1)).await;
    let cluster = cluster().await;
    assert_eq!(tells_to(&cluster, class, &fault, client).await, Tells::Overloaded);
}

async fn t18_a_stream_that_is_reset_for_another_reason_leaves_its_fate_unknown(class: RequestClass) {
    for reason in [Reset::INTERNAL_ERROR, Reset::CANCEL, Reset::PROTOCOL_ERROR, Reset::new(1000)] {
        for (phase, at_server) in [
            (Phase::BeforeRead, (0, 0)),
            (Phase::AfterRead, (1, 0)),
            (Phase::AfterExecution, (1, 1)),
            (Phase::InHead, (1, 1)),
        ] {
            meets_once(Fault::reset_stream(phase, reason), class, LOST, at_server).await;
        }
    }
    let cluster = cluster().await;
    let fault = Fault::reset_stream(Phase::AfterRead, Reset::CANCEL);
    assert_eq!(tells_to(&cluster, class, &fault, client).await, Tells::Unreachable);
}
