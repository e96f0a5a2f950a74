//! Maintenance that is held.

use std::time::Duration;

use arango::cluster::{ServerId, SupervisionMode};
use arango::{Client, ErrorKind};
use tokio::time::sleep;

use super::{SECOND, dropped_after, executions, skewed};
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
