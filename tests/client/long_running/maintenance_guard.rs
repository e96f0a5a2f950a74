//! Guards that hold maintenance.

use std::time::Duration;

use arango::cluster::{ServerId, SupervisionMode};
use arango::{Client, ErrorKind};
use arango_test_cluster::{Fault, FaultGuard, Match};
use tokio::time::sleep;

use super::{SECOND, drop_after_polls, executions, skewed_cluster};
use crate::support::{client, cluster};

const EXTENSION: Duration = Duration::from_secs(60);

async fn is_in_maintenance(client: &Client) -> bool {
    client.cluster().maintenance().await.unwrap() == SupervisionMode::Maintenance
}

#[tokio::test(start_paused = true)]
async fn maintenance_lasts_until_the_guard_is_ended() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let guard = client.cluster().hold_maintenance(EXTENSION).await.unwrap();
    for _ in 0..10 {
        sleep(SECOND * 45).await;
        assert!(is_in_maintenance(&client).await && guard.is_held());
    }
    guard.end().await.unwrap();
    assert!(!is_in_maintenance(&client).await);
    let calls = executions(&cluster, "maintenance");
    sleep(EXTENSION * 10).await;
    assert_eq!(executions(&cluster, "maintenance"), calls, "the maintenance is no longer extended");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_guard_ends_maintenance() {
    let cluster = cluster().await;
    let client = client(&cluster);
    drop(client.cluster().hold_maintenance(EXTENSION * 60).await.unwrap());
    sleep(SECOND * 5).await;
    assert!(!is_in_maintenance(&client).await);

    let server = ServerId::from(cluster.db_server_ids().remove(0));
    let guard = client.cluster().hold_server_maintenance(&server, EXTENSION).await.unwrap();
    sleep(EXTENSION * 5).await;
    assert!(client.cluster().server_maintenance(&server).await.unwrap().is_some());
    drop(guard);
    sleep(SECOND * 5).await;
    assert!(client.cluster().server_maintenance(&server).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn maintenance_of_a_lost_client_expires() {
    let cluster = cluster().await;
    let (lost, other) = (client(&cluster), client(&cluster));
    let guard = lost.cluster().hold_maintenance(EXTENSION).await.unwrap();
    sleep(EXTENSION * 3).await;
    lost.close(Duration::ZERO).await;
    sleep(EXTENSION + SECOND * 2).await;
    assert!(!is_in_maintenance(&other).await);
    assert!(!guard.is_held());
    assert_eq!(guard.end().await.unwrap_err().kind(), ErrorKind::ClientClosed);
}

#[tokio::test(start_paused = true)]
async fn maintenance_survives_an_agency_outage() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let guard = client.cluster().hold_maintenance(EXTENSION).await.unwrap();
    let outage = cluster.agency_down();
    sleep(SECOND * 40).await;
    drop(outage);
    sleep(SECOND * 40).await;
    assert!(is_in_maintenance(&client).await);
    guard.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn dropping_the_start_leaves_no_maintenance() {
    for polls in 1..20 {
        let cluster = cluster().await;
        let client = client(&cluster);
        let guard = drop_after_polls(polls, client.cluster().hold_maintenance(EXTENSION)).await;
        let started = guard.is_some();
        drop(guard);
        sleep(EXTENSION + SECOND * 5).await;
        assert!(!is_in_maintenance(&client).await, "{polls} polls");
        if started {
            return;
        }
    }
    panic!("maintenance never started");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_end_still_ends_maintenance() {
    for polls in 1..6 {
        let cluster = cluster().await;
        let client = client(&cluster);
        let guard = client.cluster().hold_maintenance(EXTENSION * 60).await.unwrap();
        let _ = drop_after_polls(polls, guard.end()).await;
        sleep(SECOND * 5).await;
        assert!(!is_in_maintenance(&client).await, "{polls} polls");
    }
}

// Two runtimes have two clocks, so the clock is not paused.
#[tokio::test]
async fn the_guard_can_be_ended_after_its_runtime_shut_down() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let admin = client.cluster();
    let guard = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(admin.hold_maintenance(EXTENSION * 60)).unwrap()
    });
    let guard = guard.await.unwrap();
    assert!(is_in_maintenance(&client).await && !guard.is_held());
    guard.end().await.unwrap();
    assert!(!is_in_maintenance(&client).await);
}

#[tokio::test(start_paused = true)]
async fn a_failed_extension_is_retried_before_maintenance_expires() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let guard = client.cluster().hold_maintenance(EXTENSION).await.unwrap();
    // The first extension is due after 30 seconds, and the maintenance ends after 60.
    sleep(SECOND * 25).await;
    let failures = Fault::response(500, 4, "internal error").on(Match::put("/_admin/cluster/maintenance"));
    let failures = cluster.inject(&failures);
    sleep(SECOND * 25).await;
    let attempts: usize = failures.iter().map(FaultGuard::hits).sum();
    assert_eq!(attempts, 3, "after a half of the extension, then after each eighth");
    drop(failures);
    for _ in 0..100 {
        sleep(SECOND).await;
        assert!(is_in_maintenance(&client).await && guard.is_held());
    }
    guard.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn failing_extensions_end_the_guard_with_the_last_error() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let guard = client.cluster().hold_maintenance(EXTENSION).await.unwrap();
    let failures = Fault::response(500, 4, "internal error").on(Match::put("/_admin/cluster/maintenance"));
    let failures = cluster.inject(&failures);
    sleep(SECOND * 55).await;
    assert!(guard.is_held(), "an extension may still succeed");
    sleep(SECOND * 15).await;
    assert!(!guard.is_held() && !is_in_maintenance(&client).await);
    let attempts: usize = failures.iter().map(FaultGuard::hits).sum();
    sleep(EXTENSION * 10).await;
    assert_eq!(failures.iter().map(FaultGuard::hits).sum::<usize>(), attempts);
    assert_eq!(guard.end().await.unwrap_err().kind(), ErrorKind::Server);
}
