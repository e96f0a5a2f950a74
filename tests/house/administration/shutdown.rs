//! The end of a coordinator, wanted by this client.

use std::time::Duration;

use arango::balance::MemberState;
use arango::{Client, Coordinator, ErrorKind};
use arango_test_cluster::{Fault, Match};
use tokio::time::sleep;

use crate::support::{client, cluster};

fn standing(client: &Client, of: &Coordinator) -> MemberState {
    client.coordinators().iter().find(|state| state.address == *of).unwrap().standing
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_is_spared_before_its_soft_shutdown_is_asked_for() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let target: Coordinator = cluster.coordinator(1).url().parse().unwrap();
    let handle = client.coordinator(&target);
    assert!(!handle.shutdown_progress().await.unwrap().soft_shutdown_ongoing);

    // It does not answer before the test has looked.
    let slow = Fault::latency(Duration::from_secs(5)).on(Match::delete("/_admin/shutdown"));
    let _slow = cluster.coordinator(1).inject(slow);
    let asking = tokio::spawn({
        let handle = handle.clone();
        async move { handle.soft_shutdown().await }
    });
    sleep(Duration::from_secs(1)).await;
    assert_eq!(standing(&client, &target), MemberState::Draining);
    cluster.journal().clear();
    for _ in 0..9 {
        client.cluster().server_id().await.unwrap();
    }
    assert_eq!(cluster.journal().requests_to(1), 0, "others take what is new");

    asking.await.unwrap().unwrap();
    let progress = handle.shutdown_progress().await.unwrap();
    assert!(progress.soft_shutdown_ongoing && progress.all_clear, "what is pinned to it gets there still");
    sleep(Duration::from_secs(10)).await;
    assert!(!cluster.coordinator(1).is_up());
    assert!(cluster.coordinator(0).is_up() && cluster.coordinator(2).is_up());
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_refuses_to_go_comes_back_into_the_rotation() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let target: Coordinator = cluster.coordinator(1).url().parse().unwrap();
    let refusal = Fault::answer(403, 403, "you need admin rights to trigger shutdown");
    let _refusal = cluster.coordinator(1).inject(refusal.on(Match::delete("/_admin/shutdown")));
    let error = client.coordinator(&target).soft_shutdown().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert_eq!(standing(&client, &target), MemberState::Draining);
    for (seconds, expected) in [(29, MemberState::Draining), (3, MemberState::Healthy)] {
        for _ in 0..seconds {
            client.cluster().server_id().await.unwrap();
            sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(
            standing(&client, &target),
            expected,
            "that it is well shows nothing, for it would be in any case"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_was_shut_down_and_started_again_is_asked_again_without_waiting_for_its_term() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let target: Coordinator = cluster.coordinator(1).url().parse().unwrap();
    client.coordinator(&target).soft_shutdown().await.unwrap();
    for _ in 0..6 {
        client.cluster().server_id().await.unwrap();
        sleep(Duration::from_secs(1)).await;
    }
    assert!(!cluster.coordinator(1).is_up());
    assert_eq!(standing(&client, &target), MemberState::Ejected, "it was seen gone");
    cluster.coordinator(1).restart().await.unwrap();
    for _ in 0..8 {
        client.cluster().server_id().await.unwrap();
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(standing(&client, &target), MemberState::Healthy);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_stops_the_one_coordinator_that_it_is_meant_for() {
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
async fn a_coordinator_that_is_shut_down_is_missed_and_one_that_is_shut_down_for_good_is_not() {
    for is_for_good in [false, true] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let target: Coordinator = cluster.coordinator(1).url().parse().unwrap();
        let handle = client.coordinator(&target);
        if is_for_good {
            handle.shutdown_for_good().await.unwrap();
        } else {
            handle.shutdown().await.unwrap();
        }
        sleep(Duration::from_secs(30)).await;
        assert!(!cluster.coordinator(1).is_up());
        let entries = cluster.journal().entries();
        let asked: Vec<_> = entries.iter().filter(|entry| entry.path == "/_admin/shutdown").collect();
        let query = if is_for_good { "remove_from_cluster=1" } else { "" };
        assert_eq!((asked.len(), asked[0].query.as_str()), (1, query));
        let known = client.cluster().health().await.unwrap();
        let known = known.servers().any(|(id, _)| id.as_str() == cluster.coordinator(1).id());
        assert_eq!(known, !is_for_good);
    }
}
