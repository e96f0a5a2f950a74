//! Rolling restarts of a cluster that becomes unhealthy or whose agency data is incomplete.

use std::sync::Arc;

use arango::cluster::ServerRole;
use arango::long_running::{RestartStep, StopReason};
use arango_test_cluster::{Fault, FaultGuard, Match};
use tokio::time::{sleep, timeout};

use super::{RestartOrder, RestartOutcome, executions, plan, poll_options, restart, run, skewed_cluster};
use crate::long_running::{SECOND, on_agency_dump};
use crate::support::client;

/// Returns an empty agency dump.
fn empty_agency_dump() -> Fault {
    on_agency_dump(Fault::raw_response(200, "application/json", r#"[{"arango":{}}]"#))
}

fn hits(faults: &[FaultGuard]) -> usize {
    faults.iter().map(FaultGuard::hits).sum()
}

#[tokio::test(start_paused = true)]
async fn a_server_failing_while_shards_sync_stops_the_restart() {
    let cluster = Arc::new(skewed_cluster().await);
    cluster.set_sync_time(SECOND * 60);
    let order = RestartOrder::default();
    let mut poller = restart(&cluster, &order, |_| RestartOutcome::Restarts);
    while !matches!(poller.next().await.unwrap(), RestartStep::Restarting(_)) {}
    // The server is back after 3 s, and its shards are in sync 60 s later.
    assert!(timeout(SECOND * 30, poller.next()).await.is_err());
    cluster.coordinator(2).kill();
    let stopped = poller.wait().await.unwrap_err();
    assert!(
        matches!(stopped.reason(), StopReason::Unhealthy(unhealthy) if unhealthy.len() == 1),
        "{stopped}"
    );
    assert_eq!((stopped.progress().len(), order.lock().unwrap().len()), (0, 1));
    assert_eq!(executions(&cluster, "resignLeadership"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_failing_during_preparation_stops_the_restart() {
    let cluster = Arc::new(skewed_cluster().await);
    let order = RestartOrder::default();
    // The failure of a server is detected after some seconds.
    cluster.agency_jobs().set_todo_time(SECOND * 20);
    let mut poller = restart(&cluster, &order, |_| RestartOutcome::Restarts);
    assert!(timeout(SECOND * 5, poller.next()).await.is_err());
    cluster.coordinator(2).kill();
    let stopped = poller.wait().await.unwrap_err();
    assert!(
        matches!(stopped.reason(), StopReason::Unhealthy(unhealthy) if unhealthy.len() == 1),
        "{stopped}"
    );
    assert!(order.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn cancelling_before_a_restart_works_without_the_agency() {
    for agency_down in [false, true] {
        let cluster = Arc::new(skewed_cluster().await);
        let order = RestartOrder::default();
        let mut poller = restart(&cluster, &order, |_| RestartOutcome::Restarts);
        let RestartStep::Prepared(server) = poller.next().await.unwrap() else { panic!() };
        let outage =
            agency_down.then(|| cluster.inject(&on_agency_dump(Fault::response(503, 503, "no agency"))));
        let cancelled = poller.cancel().await.unwrap_err();
        assert!(matches!(cancelled.reason(), StopReason::Cancelled), "{cancelled}");
        assert!(order.lock().unwrap().is_empty());
        drop(outage);
        sleep(SECOND * 5).await;
        assert!(client(&cluster).cluster().server_maintenance(&server).await.unwrap().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn an_unidentifiable_process_is_reported() {
    let cluster = Arc::new(skewed_cluster().await);
    let order = RestartOrder::default();
    let _empty = cluster.inject(&empty_agency_dump());
    let mut poller = restart(&cluster, &order, |_| RestartOutcome::Restarts);
    let mut unidentified = Vec::new();
    while let Some(step) = poller.next().await {
        match step {
            RestartStep::NoRebootId(server) => unidentified.push(server),
            RestartStep::Restarting(server) => assert_eq!(unidentified.last(), Some(&server)),
            _ => {}
        }
    }
    assert_eq!(poller.wait().await.unwrap(), unidentified);
}

#[tokio::test(start_paused = true)]
async fn a_missing_reboot_id_does_not_count_as_a_restart() {
    let cluster = Arc::new(skewed_cluster().await);
    let order = RestartOrder::default();
    let mut poller = restart(&cluster, &order, |_| RestartOutcome::Restarts);
    while !matches!(poller.next().await.unwrap(), RestartStep::Restarting(_)) {}
    let _empty = cluster.inject(&empty_agency_dump());
    let stopped = poller.wait().await.unwrap_err();
    assert!(matches!(stopped.reason(), StopReason::TimedOut { last_error: None, .. }), "{stopped}");
    assert_eq!((stopped.progress().len(), order.lock().unwrap().len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_server_refused_maintenance_is_not_prepared() {
    let cluster = Arc::new(skewed_cluster().await);
    let order = RestartOrder::default();
    let maintenance = Match::put("/_admin/cluster/maintenance/*");
    let refusal = cluster.inject(&Fault::response(403, 11, "forbidden").on(maintenance));
    let mut poller = restart(&cluster, &order, |_| RestartOutcome::Restarts);
    assert_eq!(poller.next().await, None);
    let stopped = poller.wait().await.unwrap_err();
    assert!(matches!(stopped.reason(), StopReason::Call(_)) && hits(&refusal) > 0, "{stopped}");
    assert!(order.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_restarted_server_counts_without_a_readable_reboot_id() {
    let cluster = Arc::new(skewed_cluster().await);
    cluster.set_sync_time(SECOND * 60);
    let order = RestartOrder::default();
    let db_servers = plan(&cluster).roles([ServerRole::DbServer]);
    let mut poller = run(db_servers, poll_options(), &cluster, &order, |_| RestartOutcome::Restarts);
    while !matches!(poller.next().await.unwrap(), RestartStep::Restarting(_)) {}
    // The server is back after 3 s, and its shards are in sync 60 s later.
    assert!(timeout(SECOND * 30, poller.next()).await.is_err());
    let refusal = cluster.inject(&on_agency_dump(Fault::response(403, 11, "forbidden")));
    assert!(matches!(poller.next().await, Some(RestartStep::Restarted(_))));
    assert_eq!(hits(&refusal), 1);
}
