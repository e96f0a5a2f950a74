//! R29a: a coordinator that does not lead names who does.

use std::time::Duration;

use arango::protocol::RequestClass;
use arango::transport::StoppedBy;
use arango::{ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match};

use super::{B1, B2, Expect, meet};
use crate::support::{client, cluster, cluster_of, insert};

for_each_class![
    r29a_a_leader_that_is_one_of_ours_is_asked_next,
    r29a_a_stranger_is_never_asked,
    r29a_coordinators_that_name_each_other_are_followed_three_times_at_most,
    r29a_after_three_hints_the_next_coordinator_is_asked_although_more_attempts_are_left,
];

/// What the first coordinator says of who leads.
fn names(leader: &str) -> Fault {
    Fault::answer(503, 1496, "not a leader")
        .header("x-arango-endpoint", leader)
        .on(Match::post("/_api/document/*"))
}

async fn r29a_a_leader_that_is_one_of_ours_is_asked_next(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let leader = cluster.coordinator(2).url().replace("http:", "tcp:");
    let _fault = cluster.coordinator(0).inject(names(&leader));
    meet(&cluster, &client, class).await.is(&Expect::elsewhere().at_servers(2, 1).within(B1));
    assert_eq!(cluster.journal().requests_per_coordinator(), [1, 0, 1]);
}

async fn r29a_a_stranger_is_never_asked(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    // The in-memory network knows no other address: connecting to it would be an error of its own.
    let _fault = cluster.coordinator(0).inject(names("http://10.0.0.99:8529").times(1));
    meet(&cluster, &client, class).await.is(&Expect::elsewhere().at_servers(2, 1).within(B2));
}

async fn r29a_coordinators_that_name_each_other_are_followed_three_times_at_most(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let urls: Vec<_> = cluster.coordinators().iter().map(arango_test_cluster::Coordinator::url).collect();
    let _faults: Vec<_> =
        (0..3).map(|index| cluster.coordinator(index).inject(names(&urls[(index + 1) % 3]))).collect();
    let stopped_by = StoppedBy::MaxAttempts;
    let expect = Expect::failure(ErrorKind::NotLeader, Outcome::NotExecuted, stopped_by)
        .tried(2, 2)
        .at_servers(4, 0)
        .within(Duration::ZERO..=Duration::from_millis(200));
    meet(&cluster, &client, class).await.is(&expect);
}

/// Six attempts are allowed here, so it is not their limit that ends the hints.
async fn r29a_after_three_hints_the_next_coordinator_is_asked_although_more_attempts_are_left(
    class: RequestClass,
) {
    let cluster = cluster_of(5).await;
    let client = client(&cluster);
    let other = |index: usize| cluster.coordinator(1 - index).url();
    let _faults = [0, 1].map(|index| cluster.coordinator(index).inject(names(&other(index))));
    client.db("_system").execute(insert("m", class)).await.unwrap();
    assert_eq!(cluster.journal().executions("m"), 1);
    let requests = cluster.journal().requests_per_coordinator();
    assert!(requests[0] >= 2 && requests[1] == 2, "three hints: {requests:?}");
}
