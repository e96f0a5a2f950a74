//! Maintenance that is held.

use std::time::Duration;

use arango::cluster::{ServerId, SupervisionMode};
use arango::{Client, ErrorKind};
use arango_test_cluster::{Fault, FaultGuard, Match};
use tokio::time::sleep;

use super::{SECOND, dropped_after, everywhere, executions, skewed};
use crate::support::{client, cluster};

const EACH: Duration = Duration::from_secs(60);

async fn is_on(client: &Client) -> bool {
    client.cluster().maintenance().await.unwrap() == SupervisionMode::Maintenance
}

#[tokio::test(start_paused = true)]
async fn it_lasts_as_long_as_it_is_held_and_ends_when_it_is_ended() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let held = client.cluster().hold_maintenance(EACH).await.unwrap();
    for _ in 0..10 {
        sleep(SECOND * 45).await;
        assert!(is_on(&client).await && held.is_held());
    }
    held.end().await.unwrap();
    assert!(!is_on(&client).await);
    let calls = executions(&cluster, "maintenance");
    sleep(EACH * 10).await;
    assert_eq!(executions(&cluster, "maintenance"), calls, "nobody extends it any more");
}

#[tokio::test(start_paused = true)]
async fn dropped_it_ends_at_once() {
    let cluster = cluster().await;
    let client = client(&cluster);
    drop(client.cluster().hold_maintenance(EACH * 60).await.unwrap());
    sleep(SECOND * 5).await;
    assert!(!is_on(&client).await);

    let server = ServerId::from(cluster.db_server_ids().remove(0));
    let held = client.cluster().hold_server_maintenance(&server, EACH).await.unwrap();
    sleep(EACH * 5).await;
    assert!(client.cluster().server_maintenance(&server).await.unwrap().is_some());
    drop(held);
    sleep(SECOND * 5).await;
    assert!(client.cluster().server_maintenance(&server).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_lost_leaves_it_for_no_longer_than_one_extension() {
    let cluster = cluster().await;
    let (lost, other) = (client(&cluster), client(&cluster));
    let held = lost.cluster().hold_maintenance(EACH).await.unwrap();
    sleep(EACH * 3).await;
    lost.close(Duration::ZERO).await;
    sleep(EACH + SECOND * 2).await;
    assert!(!is_on(&other).await);
    assert!(!held.is_held());
    assert_eq!(held.end().await.unwrap_err().kind(), ErrorKind::ClientClosed);
}

#[tokio::test(start_paused = true)]
async fn an_outage_in_between_is_survived() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let held = client.cluster().hold_maintenance(EACH).await.unwrap();
    let outage = cluster.agency_down();
    sleep(SECOND * 40).await;
    drop(outage);
    sleep(SECOND * 40).await;
    assert!(is_on(&client).await);
    held.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn however_its_beginning_is_dropped_it_does_not_stay() {
    for polls in 1..20 {
        let cluster = cluster().await;
        let client = client(&cluster);
        let held = dropped_after(polls, client.cluster().hold_maintenance(EACH)).await;
        let began = held.is_some();
        drop(held);
        sleep(EACH + SECOND * 5).await;
        assert!(!is_on(&client).await, "{polls} polls");
        if began {
            return;
        }
    }
    panic!("it never began");
}

#[tokio::test(start_paused = true)]
async fn an_end_that_is_dropped_is_an_end() {
    for polls in 1..6 {
        let cluster = cluster().await;
        let client = client(&cluster);
        let held = client.cluster().hold_maintenance(EACH * 60).await.unwrap();
        let _ = dropped_after(polls, held.end()).await;
        sleep(SECOND * 5).await;
        assert!(!is_on(&client).await, "{polls} polls");
    }
}

// Two runtimes have two clocks, so neither is paused.
#[tokio::test]
async fn a_runtime_that_is_lost_takes_the_task_along_and_whoever_ends_it_ends_it_nevertheless() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let admin = client.cluster();
    let held = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(admin.hold_maintenance(EACH * 60)).unwrap()
    });
    let held = held.await.unwrap();
    assert!(is_on(&client).await && !held.is_held());
    held.end().await.unwrap();
    assert!(!is_on(&client).await);
}

#[tokio::test(start_paused = true)]
async fn an_extension_that_fails_is_tried_again_before_the_maintenance_ends() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let held = client.cluster().hold_maintenance(EACH).await.unwrap();
    // The first extension is due after 30 seconds, and the maintenance ends after 60.
    sleep(SECOND * 25).await;
    let refused = Fault::answer(500, 4, "internal error").on(Match::put("/_admin/cluster/maintenance"));
    let refused = everywhere(&cluster, &refused);
    sleep(SECOND * 25).await;
    let tries: usize = refused.iter().map(FaultGuard::hits).sum();
    assert_eq!(tries, 3, "after half of it, and then each eighth");
    drop(refused);
    for _ in 0..100 {
        sleep(SECOND).await;
        assert!(is_on(&client).await && held.is_held());
    }
    held.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn extensions_that_fail_until_the_maintenance_has_ended_end_the_guard_with_the_last_failure() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let held = client.cluster().hold_maintenance(EACH).await.unwrap();
    let refused = Fault::answer(500, 4, "internal error").on(Match::put("/_admin/cluster/maintenance"));
    let refused = everywhere(&cluster, &refused);
    sleep(SECOND * 55).await;
    assert!(held.is_held(), "it may still be extended");
    sleep(SECOND * 15).await;
    assert!(!held.is_held() && !is_on(&client).await);
    let tries: usize = refused.iter().map(FaultGuard::hits).sum();
    sleep(EACH * 10).await;
    assert_eq!(refused.iter().map(FaultGuard::hits).sum::<usize>(), tries);
    assert_eq!(held.end().await.unwrap_err().kind(), ErrorKind::Server);
}
