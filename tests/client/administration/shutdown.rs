//! Shutdown of a coordinator, requested by this client.

use std::time::Duration;

use arango::balance::MemberState;
use arango::{Client, Coordinator, ErrorKind};
use arango_test_cluster::{Fault, Match};
use tokio::time::sleep;

use crate::support::{client, cluster};

fn member_state(client: &Client, of: &Coordinator) -> MemberState {
    client.coordinators().iter().find(|state| state.address == *of).unwrap().state
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_is_drained_before_its_soft_shutdown_is_requested() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let target: Coordinator = cluster.coordinator(1).url().parse().unwrap();
    let handle = client.coordinator(&target);
    assert!(!handle.shutdown_progress().await.unwrap().soft_shutdown_ongoing);

    // Delays the response until the test has read the member state.
    let slow = Fault::latency(Duration::from_secs(5)).on(Match::delete("/_admin/shutdown"));
    let _slow = cluster.coordinator(1).inject(slow);
    let shutdown = tokio::spawn({
        let handle = handle.clone();
        async move { handle.soft_shutdown().await }
    });
    sleep(Duration::from_secs(1)).await;
    assert_eq!(member_state(&client, &target), MemberState::Draining);
    cluster.journal().clear();
    for _ in 0..9 {
        client.cluster().server_id().await.unwrap();
    }
    assert_eq!(cluster.journal().requests_to(1), 0, "new requests go to other coordinators");

    shutdown.await.unwrap().unwrap();
    let progress = handle.shutdown_progress().await.unwrap();
    assert!(progress.soft_shutdown_ongoing && progress.all_clear, "pinned requests still reach it");
    sleep(Duration::from_secs(10)).await;
    assert!(!cluster.coordinator(1).is_up());
    assert!(cluster.coordinator(0).is_up() && cluster.coordinator(2).is_up());
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_refuses_shutdown_returns_to_the_rotation() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let target: Coordinator = cluster.coordinator(1).url().parse().unwrap();
    let refusal = Fault::response(403, 403, "you need admin rights to trigger shutdown");
    let _refusal = cluster.coordinator(1).inject(refusal.on(Match::delete("/_admin/shutdown")));
    let error = client.coordinator(&target).soft_shutdown().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert_eq!(member_state(&client, &target), MemberState::Draining);
    for (seconds, expected) in [(29, MemberState::Draining), (3, MemberState::Healthy)] {
        for _ in 0..seconds {
            client.cluster().server_id().await.unwrap();
            sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(member_state(&client, &target), expected, "the drain ends after 30 s without a shutdown");
    }
}

#[tokio::test(start_paused = true)]
async fn a_restarted_coordinator_is_used_before_its_drain_time_ends() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let target: Coordinator = cluster.coordinator(1).url().parse().unwrap();
    client.coordinator(&target).soft_shutdown().await.unwrap();
    for _ in 0..6 {
        client.cluster().server_id().await.unwrap();
        sleep(Duration::from_secs(1)).await;
    }
    assert!(!cluster.coordinator(1).is_up());
    assert_eq!(member_state(&client, &target), MemberState::Ejected, "a probe found it unreachable");
    cluster.coordinator(1).restart().await.unwrap();
    for _ in 0..8 {
        client.cluster().server_id().await.unwrap();
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(member_state(&client, &target), MemberState::Healthy);
}

#[tokio::test(start_paused = true)]
async fn shutdown_stops_only_the_target_coordinator() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let target: Coordinator = cluster.coordinator(2).url().parse().unwrap();
    client.coordinator(&target).shutdown().await.unwrap();
    sleep(Duration::from_secs(5)).await;
    let up: Vec<_> = cluster.coordinators().iter().map(arango_test_cluster::Coordinator::is_up).collect();
    assert_eq!(up, [true, true, false]);
    for _ in 0..6 {
        client.cluster().health().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_permanent_shutdown_removes_the_coordinator_from_health() {
    for is_for_good in [false, true] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let target: Coordinator = cluster.coordinator(1).url().parse().unwrap();
        let handle = client.coordinator(&target);
        if is_for_good {
            handle.shutdown_and_remove().await.unwrap();
        } else {
            handle.shutdown().await.unwrap();
        }
        sleep(Duration::from_secs(30)).await;
        assert!(!cluster.coordinator(1).is_up());
        let entries = cluster.journal().entries();
        let shutdown_requests: Vec<_> =
            entries.iter().filter(|entry| entry.path == "/_admin/shutdown").collect();
        let query = if is_for_good { "remove_from_cluster=1" } else { "" };
        assert_eq!((shutdown_requests.len(), shutdown_requests[0].query.as_str()), (1, query));
        let health = client.cluster().health().await.unwrap();
        let is_listed = health.servers().any(|(id, _)| id.as_str() == cluster.coordinator(1).id());
        assert_eq!(is_listed, !is_for_good);
    }
}
