//! Rolling restarts with little time left.

use std::sync::Arc;

use arango::cluster::{ServerId, ServerRole};
use arango::long_running::{RestartStep, StopReason};
use arango_test_cluster::{Fault, Match};
use tokio::time::{sleep, timeout};

use super::{RestartOrder, RestartOutcome, executions, plan, poll_options, restart, run, skewed_cluster};
use crate::long_running::SECOND;
use crate::support::client;

#[tokio::test(start_paused = true)]
async fn no_restart_starts_without_time_for_its_timeout() {
    let cluster = Arc::new(skewed_cluster().await);
    let order = RestartOrder::default();
    let short = poll_options().timeout(SECOND * 119);
    let stopped =
        run(plan(&cluster), short, &cluster, &order, |_| RestartOutcome::Restarts).wait().await.unwrap_err();
    assert!(matches!(stopped.reason(), StopReason::TimedOut { last_error: None, .. }), "{stopped}");
    assert_eq!((stopped.progress().len(), order.lock().unwrap().len()), (0, 0));
    assert_eq!(executions(&cluster, "resignLeadership"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_is_not_restarted_if_preparation_used_the_time() {
    let cluster = Arc::new(skewed_cluster().await);
    let order = RestartOrder::default();
    // The restart timeout is 120 s, and 60 of 160 s are over when the leaders have moved.
    cluster.agency_jobs().set_todo_time(SECOND * 60);
    let short = poll_options().timeout(SECOND * 160);
    let mut poller = run(plan(&cluster), short, &cluster, &order, |_| RestartOutcome::Restarts);
    let Some(RestartStep::Prepared(server)) = poller.next().await else {
        panic!("there was enough time for the preparation")
    };
    let stopped = poller.wait().await.unwrap_err();
    assert!(matches!(stopped.reason(), StopReason::TimedOut { last_error: None, .. }), "{stopped}");
    assert!(stopped.progress().is_empty() && order.lock().unwrap().is_empty());
    assert_eq!(executions(&cluster, "resignLeadership"), 1);
    sleep(SECOND * 5).await;
    assert!(client(&cluster).cluster().server_maintenance(&server).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_started_restart_is_awaited_past_the_time_limit() {
    let cluster = Arc::new(skewed_cluster().await);
    let order = RestartOrder::default();
    let (short, restarts_late) =
        (poll_options().timeout(SECOND * 150), |_| RestartOutcome::RestartsAfter(SECOND * 200));
    let stopped = run(plan(&cluster), short, &cluster, &order, restarts_late).wait().await.unwrap_err();
    assert!(matches!(stopped.reason(), StopReason::TimedOut { last_error: None, .. }), "{stopped}");
    assert_eq!((stopped.progress().len(), order.lock().unwrap().len()), (1, 1));
    assert_eq!(executions(&cluster, "resignLeadership"), 1);
}

#[tokio::test(start_paused = true)]
async fn maintenance_expiring_during_a_restart_is_reported() {
    let cluster = Arc::new(skewed_cluster().await);
    let order = RestartOrder::default();
    let restart = plan(&cluster).restart_timeout(SECOND * 1200).roles([ServerRole::DbServer]);
    let outcome = |number| {
        if number == 0 { RestartOutcome::RestartsAfter(SECOND * 660) } else { RestartOutcome::Restarts }
    };
    let mut poller = run(restart, poll_options(), &cluster, &order, outcome);
    let mut expired = Vec::new();
    while let Some(step) = poller.next().await {
        if let RestartStep::MaintenanceExpired(server) = step {
            expired.push(server);
        }
    }
    let restarted = poller.wait().await.unwrap();
    assert_eq!((restarted.len(), expired), (3, vec![restarted[0].clone()]));
}

#[tokio::test(start_paused = true)]
async fn a_last_poll_without_result_does_not_report_an_older_one() {
    let cluster = Arc::new(skewed_cluster().await);
    let order = RestartOrder::default();
    let mut poller = restart(&cluster, &order, |_| RestartOutcome::KeepsRunning);
    while !matches!(poller.next().await.unwrap(), RestartStep::Restarting(_)) {}
    assert!(timeout(SECOND * 110, poller.next()).await.is_err());
    let _hung = cluster.inject(&Fault::hang().on(Match::get("/_api/cluster/agency-dump")));
    let stopped = poller.wait().await.unwrap_err();
    assert!(matches!(stopped.reason(), StopReason::TimedOut { .. }), "{stopped}");
}

#[tokio::test(start_paused = true)]
async fn skipping_an_unknown_server_is_rejected() {
    let cluster = Arc::new(skewed_cluster().await);
    let order = RestartOrder::default();
    let unknown = ServerId::from("PRMR-unknown");
    let known = ServerId::from(cluster.db_server_ids().remove(0));
    let restart = plan(&cluster).skip([known, unknown.clone()]);
    let stopped = run(restart, poll_options(), &cluster, &order, |_| RestartOutcome::Restarts)
        .wait()
        .await
        .unwrap_err();
    assert!(matches!(stopped.reason(), StopReason::UnknownServer(server) if *server == unknown), "{stopped}");
    assert!(order.lock().unwrap().is_empty());
    assert_eq!(executions(&cluster, "resignLeadership"), 0);
}
