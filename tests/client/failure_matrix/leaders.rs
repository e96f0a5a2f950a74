//! R29a: a coordinator that is not the leader names the leader.

use std::time::Duration;

use arango::StoppedBy;
use arango::protocol::RequestClass;
use arango::{ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match};

use super::{CONNECTION_BACKOFF, Expect, OVERLOAD_BACKOFF, call_and_observe};
use crate::support::{client, cluster, cluster_of, insert};

for_each_class![
    r29a_a_known_leader_is_used_next,
    r29a_an_untrusted_host_is_never_contacted,
    r29a_at_most_three_leader_hints_are_followed,
    r29a_after_three_leader_hints_the_next_coordinator_is_used,
];

/// Returns a response that names the leader.
fn leader_hint(leader: &str) -> Fault {
    Fault::response(503, 1496, "not a leader")
        .header("x-arango-endpoint", leader)
        .on(Match::post("/_api/document/*"))
}

async fn r29a_a_known_leader_is_used_next(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let leader = cluster.coordinator(2).url().replace("http:", "tcp:");
    let _fault = cluster.coordinator(0).inject(leader_hint(&leader));
    call_and_observe(&cluster, &client, class)
        .await
        .assert_matches(&Expect::fails_over().server_counts(2, 1).within(CONNECTION_BACKOFF));
    assert_eq!(cluster.journal().requests_per_coordinator(), [1, 0, 1]);
}

async fn r29a_an_untrusted_host_is_never_contacted(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    // The in-memory network has no other address, so a connect to it would fail.
    let _fault = cluster.coordinator(0).inject(leader_hint("http://10.0.0.99:8529").times(1));
    call_and_observe(&cluster, &client, class)
        .await
        .assert_matches(&Expect::fails_over().server_counts(2, 1).within(OVERLOAD_BACKOFF));
}

async fn r29a_at_most_three_leader_hints_are_followed(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let urls: Vec<_> = cluster.coordinators().iter().map(arango_test_cluster::Coordinator::url).collect();
    let _faults: Vec<_> =
        (0..3).map(|index| cluster.coordinator(index).inject(leader_hint(&urls[(index + 1) % 3]))).collect();
    let stopped_by = StoppedBy::MaxAttempts;
    let expect = Expect::failure(ErrorKind::NotLeader, Outcome::NotExecuted, stopped_by)
        .attempts(2, 2)
        .server_counts(4, 0)
        .within(Duration::ZERO..=Duration::from_millis(200));
    call_and_observe(&cluster, &client, class).await.assert_matches(&expect);
}

/// Five coordinators allow six attempts, so the limit of attempts does not end the hints.
async fn r29a_after_three_leader_hints_the_next_coordinator_is_used(class: RequestClass) {
    let cluster = cluster_of(5).await;
    let client = client(&cluster);
    let other = |index: usize| cluster.coordinator(1 - index).url();
    let _faults = [0, 1].map(|index| cluster.coordinator(index).inject(leader_hint(&other(index))));
    client.db("_system").execute(insert("m", class)).await.unwrap();
    assert_eq!(cluster.journal().executions("m"), 1);
    let requests = cluster.journal().requests_per_coordinator();
    assert!(requests[0] >= 2 && requests[1] == 2, "three hints: {requests:?}");
}
