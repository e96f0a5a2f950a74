//! Restarts of a cluster that does not stay well, or does not tell all.

use std::sync::Arc;

use arango::cluster::ServerRole;
use arango::follow::{RestartStep, Stopped};
use arango_test_cluster::{Fault, FaultGuard, Match};
use tokio::time::{sleep, timeout};

use super::{Fate, Order, everywhere, executions, pace, plan, restart, run, skewed};
use crate::follow::{SECOND, dumps};
use crate::support::client;

/// A dump of an agency that tells nothing.
fn silent() -> Fault {
    dumps(Fault::answer_raw(200, "application/json", r#"[{"arango":{}}]"#))
}

fn hits(faults: &[FaultGuard]) -> usize {
    faults.iter().map(FaultGuard::hits).sum()
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_lost_while_shards_get_in_sync_keeps_the_next_from_being_restarted() {
    let cluster = Arc::new(skewed().await);
    cluster.set_sync_time(SECOND * 60);
    let order = Order::default();
    let mut work = restart(&cluster, &order, |_| Fate::Returns);
    while !matches!(work.next().await.unwrap(), RestartStep::Restarting(_)) {}
    // It is back after 3 seconds, and in sync 60 later.
    assert!(timeout(SECOND * 30, work.next()).await.is_err());
    cluster.coordinator(2).kill();
    let stopped = work.finished().await.unwrap_err();
    assert!(matches!(stopped.why(), Stopped::Unhealthy(sick) if sick.len() == 1), "{stopped}");
    assert_eq!((stopped.done().len(), order.lock().unwrap().len()), (0, 1));
    assert_eq!(executions(&cluster, "resignLeadership"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_lost_while_another_is_prepared_keeps_that_from_being_restarted() {
    let cluster = Arc::new(skewed().await);
    let order = Order::default();
    // Whoever is lost is seen to be after some seconds.
    cluster.agency_jobs().set_wait(SECOND * 20);
    let mut work = restart(&cluster, &order, |_| Fate::Returns);
    assert!(timeout(SECOND * 5, work.next()).await.is_err());
    cluster.coordinator(2).kill();
    let stopped = work.finished().await.unwrap_err();
    assert!(matches!(stopped.why(), Stopped::Unhealthy(sick) if sick.len() == 1), "{stopped}");
    assert!(order.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn cancelled_before_its_restart_a_server_is_not_restarted_also_where_the_agency_is_away() {
    for away in [false, true] {
        let cluster = Arc::new(skewed().await);
        let order = Order::default();
        let mut work = restart(&cluster, &order, |_| Fate::Returns);
        let RestartStep::Prepared(server) = work.next().await.unwrap() else { panic!() };
        let outage = away.then(|| everywhere(&cluster, &dumps(Fault::answer(503, 503, "no agency"))));
        let cancelled = work.cancel().await.unwrap_err();
        assert!(matches!(cancelled.why(), Stopped::Cancelled), "{cancelled}");
        assert!(order.lock().unwrap().is_empty());
        drop(outage);
        sleep(SECOND * 5).await;
        assert!(client(&cluster).cluster().server_maintenance(&server).await.unwrap().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_whose_process_cannot_be_told_from_the_one_before_it_is_told_of() {
    let cluster = Arc::new(skewed().await);
    let order = Order::default();
    let _silent = everywhere(&cluster, &silent());
    let mut work = restart(&cluster, &order, |_| Fate::Returns);
    let mut unidentified = Vec::new();
    while let Some(step) = work.next().await {
        match step {
            RestartStep::Unidentified(server) => unidentified.push(server),
            RestartStep::Restarting(server) => assert_eq!(unidentified.last(), Some(&server)),
            _ => {}
        }
    }
    assert_eq!(work.finished().await.unwrap(), unidentified);
}

#[tokio::test(start_paused = true)]
async fn a_reboot_id_that_is_no_longer_told_has_not_risen() {
    let cluster = Arc::new(skewed().await);
    let order = Order::default();
    let mut work = restart(&cluster, &order, |_| Fate::Returns);
    while !matches!(work.next().await.unwrap(), RestartStep::Restarting(_)) {}
    let _silent = everywhere(&cluster, &silent());
    let stopped = work.finished().await.unwrap_err();
    assert!(matches!(stopped.why(), Stopped::OutOfTime { last: None, .. }), "{stopped}");
    assert_eq!((stopped.done().len(), order.lock().unwrap().len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_refused_maintenance_was_not_prepared() {
    let cluster = Arc::new(skewed().await);
    let order = Order::default();
    let maintenance = Match::put("/_admin/cluster/maintenance/*");
    let refusal = everywhere(&cluster, &Fault::answer(403, 11, "forbidden").on(maintenance));
    let mut work = restart(&cluster, &order, |_| Fate::Returns);
    assert_eq!(work.next().await, None);
    let stopped = work.finished().await.unwrap_err();
    assert!(matches!(stopped.why(), Stopped::Call(_)) && hits(&refusal) > 0, "{stopped}");
    assert!(order.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_back_stays_so_where_nobody_tells_whether_it_was_started_twice() {
    let cluster = Arc::new(skewed().await);
    cluster.set_sync_time(SECOND * 60);
    let order = Order::default();
    let only = plan(&cluster).roles([ServerRole::DbServer]);
    let mut work = run(only, pace(), &cluster, &order, |_| Fate::Returns);
    while !matches!(work.next().await.unwrap(), RestartStep::Restarting(_)) {}
    // It is back after 3 seconds, and in sync 60 later.
    assert!(timeout(SECOND * 30, work.next()).await.is_err());
    let refusal = everywhere(&cluster, &dumps(Fault::answer(403, 11, "forbidden")));
    assert!(matches!(work.next().await, Some(RestartStep::Back(_))));
    assert_eq!(hits(&refusal), 1);
}
