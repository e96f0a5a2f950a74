//! Coordinators that shut down and restart: which members get requests meanwhile, and from when on.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{Client, ErrorKind};
use arango_test_cluster::{Coordinator, Fault, Match, TestCluster};
use tokio::time::{Instant, sleep, sleep_until};

use crate::support::{client, cluster, insert};

/// Returns how many requests of the test each coordinator has executed, without probes.
fn executed_per_coordinator(cluster: &TestCluster) -> Vec<usize> {
    let executed_by = |index| {
        cluster.journal().executions_matching(|entry| entry.coordinator == index && entry.path != PROBE_PATH)
    };
    (0..cluster.coordinators().len()).map(executed_by).collect()
}

const PROBE_PATH: &str = "/_admin/server/availability";

fn member_state(client: &Client, index: usize) -> MemberState {
    client.coordinators()[index].state
}

/// Restarts a coordinator like a real server. It rejects everything for 0.5 s, is down for 2 s, and takes no requests
/// for another 0.5 s.
async fn restart(coordinator: &Coordinator) {
    let stopping = coordinator.shutting_down();
    sleep(Duration::from_millis(500)).await;
    coordinator.kill();
    drop(stopping);
    sleep(Duration::from_secs(2)).await;
    let starting = coordinator.starting();
    coordinator.restart().await.unwrap();
    sleep(Duration::from_millis(500)).await;
    drop(starting);
}

/// Sends a safe call every five milliseconds for the given time. Asserts that none fails.
async fn send_safe_calls(client: &Client, time: Duration) {
    let (database, end) = (client.db("_system"), Instant::now() + time);
    let mut number = 0;
    while Instant::now() < end {
        database.execute(insert(&format!("safe-{number}"), RequestClass::Safe)).await.unwrap();
        number += 1;
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_rolling_restart_restores_each_share_before_the_next() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let start = Instant::now();
    for (round, coordinator) in (1..).zip(cluster.coordinators()) {
        tokio::join!(restart(coordinator), send_safe_calls(&client, Duration::from_secs(9)));
        cluster.journal().clear();
        send_safe_calls(&client, Duration::from_secs(1)).await;
        let counts = executed_per_coordinator(&cluster);
        let (min, max) = (*counts.iter().min().unwrap(), *counts.iter().max().unwrap());
        assert!(min > 0 && max - min <= 1, "after restart {round}: {counts:?}");
        sleep_until(start + Duration::from_secs(10) * round).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_between_two_probes_is_detected_by_the_next() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let stopping = cluster.coordinator(0).shutting_down();
    client.db("_system").execute(insert("first", RequestClass::Safe)).await.unwrap();
    assert_eq!(member_state(&client, 0), MemberState::Draining);
    drop(stopping);
    cluster.coordinator(0).restart().await.unwrap();
    send_safe_calls(&client, Duration::from_millis(1_300)).await;
    assert_eq!(member_state(&client, 0), MemberState::Healthy, "the probe does not report a shutdown");
}

#[tokio::test(start_paused = true)]
async fn a_draining_coordinator_gets_only_probes() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _stopping = cluster.coordinator(0).shutting_down();
    send_safe_calls(&client, Duration::from_secs(100)).await;
    assert_eq!(member_state(&client, 0), MemberState::Draining);
    assert_eq!(executed_per_coordinator(&cluster)[0], 0);
    let requests = cluster.journal().requests_to(0);
    assert!((80..=130).contains(&requests), "expected one call and a probe per second, got {requests}");
}

#[tokio::test(start_paused = true)]
async fn without_probes_a_draining_coordinator_fails_one_write_per_drain_time() {
    let cluster = cluster().await;
    let client = client(&cluster);
    for page in [
        Fault::raw_response(403, "text/html", "no"),
        Fault::raw_response(200, "text/html", "<html>Welcome!</html>"),
        Fault::raw_response(502, "text/html", "<html>Bad gateway</html>"),
    ] {
        let _hidden = cluster.coordinator(0).inject(page.on(Match::get(PROBE_PATH)));
        let _stopping = cluster.coordinator(0).shutting_down();
        let mut failed = 0;
        for number in 0..58 {
            let write = insert(&format!("write-{number}"), RequestClass::NonIdempotent);
            if let Err(error) = client.db("_system").execute(write).await {
                assert_eq!(error.kind(), ErrorKind::ShuttingDown);
                failed += 1;
            }
            sleep(Duration::from_millis(500)).await;
        }
        assert_eq!((failed, member_state(&client, 0)), (1, MemberState::Draining));
        sleep(Duration::from_secs(5)).await;
        assert_eq!(
            member_state(&client, 0),
            MemberState::Healthy,
            "its state is unknown until the next request"
        );
        cluster.journal().clear();
    }
}

#[tokio::test(start_paused = true)]
async fn a_relayed_shutdown_error_drains_a_coordinator_only_briefly() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let relayed = Fault::response(503, 30, "shutdown in progress").after_execution().times(1);
    let _relay = cluster.coordinator(0).inject(relayed.on(Match::post("/_api/document/*")));
    send_safe_calls(&client, Duration::from_millis(100)).await;
    assert_eq!(member_state(&client, 0), MemberState::Draining);
    send_safe_calls(&client, Duration::from_millis(3_500)).await;
    cluster.journal().clear();
    send_safe_calls(&client, Duration::from_secs(1)).await;
    let counts = executed_per_coordinator(&cluster);
    assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_found_down_by_a_probe_gets_no_attempts() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let stopping = cluster.coordinator(0).shutting_down();
    send_safe_calls(&client, Duration::from_millis(500)).await;
    cluster.coordinator(0).kill();
    drop(stopping);
    let requests = client.coordinators()[0].requests;
    send_safe_calls(&client, Duration::from_secs(100)).await;
    assert_eq!(
        (member_state(&client, 0), client.coordinators()[0].requests),
        (MemberState::Ejected, requests)
    );
}

// During a soft shutdown a coordinator is available, but rejects a part of the requests.
#[tokio::test(start_paused = true)]
async fn an_external_soft_shutdown_fails_at_most_two_writes() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let shutting_down = Fault::response(503, 30, "shutdown in progress").on(Match::post("/_api/document/*"));
    let shutting_down = cluster.coordinator(0).inject(shutting_down);
    let mut failed = 0;
    for number in 0..600 {
        let write = insert(&format!("write-{number}"), RequestClass::NonIdempotent);
        failed += usize::from(client.db("_system").execute(write).await.is_err());
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!((failed, shutting_down.hits()), (2, 2));
}
