//! Restarting servers one after the other.

mod limits;
mod unhealthy;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use arango::cluster::{ServerId, ServerRole};
use arango::long_running::{PollOptions, Poller, RestartStep, RollingRestart, StopReason};
use arango_test_cluster::TestCluster;
use tokio::time::{Instant, sleep};

use super::{
    SECOND, drop_after_polls, executions, poll_options, restart_server, skewed_cluster, start, stop,
};
use crate::support::client;

/// Servers for which a restart was requested, in order.
type RestartOrder = Arc<Mutex<Vec<ServerId>>>;

/// Behaviour of a server after a restart was requested.
#[derive(Clone, Copy, PartialEq)]
enum RestartOutcome {
    Restarts,
    /// Its process stops only after the restart call has returned.
    RestartsLate,
    RestartsTwice,
    RestartsAfter(Duration),
    StaysDown,
    KeepsRunning,
    CannotBeRestarted,
}

async fn simulate_restart(cluster: Arc<TestCluster>, id: ServerId, outcome: RestartOutcome) {
    match outcome {
        RestartOutcome::Restarts => restart_server(&cluster, &id).await,
        RestartOutcome::RestartsTwice => {
            for _ in 0..if id.kind() == Some(ServerRole::Coordinator) { 3 } else { 2 } {
                restart_server(&cluster, &id).await;
            }
        }
        RestartOutcome::RestartsLate => {
            tokio::spawn(async move {
                sleep(SECOND * 30).await;
                restart_server(&cluster, &id).await;
            });
        }
        RestartOutcome::RestartsAfter(time) => {
            stop(&cluster, &id);
            sleep(time).await;
            start(&cluster, &id).await;
        }
        RestartOutcome::StaysDown => stop(&cluster, &id),
        RestartOutcome::KeepsRunning | RestartOutcome::CannotBeRestarted => {}
    }
}

fn plan(cluster: &TestCluster) -> RollingRestart {
    client(cluster).cluster().rolling_restart().restart_timeout(SECOND * 120)
}

fn run(
    plan: RollingRestart,
    poll_options: PollOptions,
    cluster: &Arc<TestCluster>,
    order: &RestartOrder,
    outcome: impl Fn(usize) -> RestartOutcome + Send + Sync + 'static,
) -> Poller<RestartStep, Vec<ServerId>> {
    let (cluster, order) = (Arc::clone(cluster), Arc::clone(order));
    plan.run(poll_options, move |id: ServerId| {
        let (cluster, order) = (Arc::clone(&cluster), Arc::clone(&order));
        let number = order.lock().unwrap().len();
        let outcome = outcome(number);
        async move {
            if outcome == RestartOutcome::CannotBeRestarted {
                return Err("no such unit".into());
            }
            order.lock().unwrap().push(id.clone());
            simulate_restart(cluster, id, outcome).await;
            Ok(())
        }
    })
}

fn restart(
    cluster: &Arc<TestCluster>,
    order: &RestartOrder,
    outcome: impl Fn(usize) -> RestartOutcome + Send + Sync + 'static,
) -> Poller<RestartStep, Vec<ServerId>> {
    run(plan(cluster), poll_options(), cluster, order, outcome)
}

#[tokio::test(start_paused = true)]
async fn servers_are_restarted_one_by_one_and_each_is_back_before_the_next() {
    let cluster = Arc::new(skewed_cluster().await);
    cluster.set_sync_time(SECOND * 20);
    let order = RestartOrder::default();
    let mut poller = restart(&cluster, &order, |_| RestartOutcome::Restarts);
    let admin = client(&cluster).cluster();
    let mut steps = Vec::new();
    while let Some(step) = poller.next().await {
        if let RestartStep::Restarting(_) = step {
            assert!(admin.health().await.unwrap().all_good());
        }
        if let RestartStep::Restarted(server) = &step {
            assert!(admin.server_maintenance(server).await.unwrap().is_none());
            admin.wait_until_in_sync(poll_options().timeout(SECOND / 10)).await.unwrap();
        }
        steps.push(step);
    }
    let restarted = poller.wait().await.unwrap();
    let roles: Vec<_> = restarted.iter().map(|id| id.kind().unwrap()).collect();
    let (db_server, coordinator) = (ServerRole::DbServer, ServerRole::Coordinator);
    assert_eq!(roles[..3], [db_server.clone(), db_server.clone(), db_server]);
    assert_eq!(roles[3..], [coordinator.clone(), coordinator.clone(), coordinator]);
    assert_eq!(*order.lock().unwrap(), restarted);
    assert_eq!(steps.len(), 3 * 3 + 3 * 2);
    assert_eq!(executions(&cluster, "resignLeadership"), 3);
}

#[tokio::test(start_paused = true)]
async fn no_restart_starts_on_an_unhealthy_cluster() {
    let cluster = Arc::new(skewed_cluster().await);
    let order = RestartOrder::default();
    cluster.stop_db_server(1);
    sleep(SECOND * 7).await;
    let rejected = restart(&cluster, &order, |_| RestartOutcome::Restarts).wait().await.unwrap_err();
    assert!(
        matches!(rejected.reason(), StopReason::Unhealthy(unhealthy) if unhealthy.len() == 1),
        "{rejected}"
    );

    cluster.set_sync_time(SECOND * 600);
    cluster.start_db_server(1);
    let rejected = restart(&cluster, &order, |_| RestartOutcome::Restarts).wait().await.unwrap_err();
    assert!(matches!(rejected.reason(), StopReason::OutOfSync(_)), "{rejected}");
    assert!(order.lock().unwrap().is_empty());
    assert_eq!(executions(&cluster, "resignLeadership"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_return_stops_the_restart() {
    let cluster = Arc::new(skewed_cluster().await);
    let order = RestartOrder::default();
    let outcome = |number| if number == 1 { RestartOutcome::StaysDown } else { RestartOutcome::Restarts };
    let stopped = restart(&cluster, &order, outcome).wait().await.unwrap_err();
    assert!(matches!(stopped.reason(), StopReason::TimedOut { last_error: Some(_), .. }), "{stopped}");
    assert_eq!((stopped.progress().len(), order.lock().unwrap().len()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_failing_restart_names_the_server_and_ends_its_maintenance() {
    let cluster = Arc::new(skewed_cluster().await);
    let order = RestartOrder::default();
    let stopped = restart(&cluster, &order, |_| RestartOutcome::CannotBeRestarted).wait().await.unwrap_err();
    let StopReason::RestartFailed { server, source } = stopped.reason() else { panic!("{stopped}") };
    assert_eq!(source.to_string(), "no such unit");
    sleep(SECOND * 5).await;
    assert!(client(&cluster).cluster().server_maintenance(server).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn cancelling_stops_before_the_next_server() {
    let cluster = Arc::new(skewed_cluster().await);
    let order = RestartOrder::default();
    let mut poller = restart(&cluster, &order, |_| RestartOutcome::Restarts);
    while !matches!(poller.next().await.unwrap(), RestartStep::Restarted(_)) {}
    let cancelled = poller.cancel().await.unwrap_err();
    assert!(matches!(cancelled.reason(), StopReason::Cancelled), "{cancelled}");
    assert_eq!((cancelled.progress().len(), order.lock().unwrap().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_restart_stops_and_leaves_no_maintenance() {
    let mut dropped_in_maintenance = 0;
    for polls in [2, 8, 14, 20, 30, 45, 60, 90] {
        let cluster = Arc::new(skewed_cluster().await);
        let order = RestartOrder::default();
        let mut poller = restart(&cluster, &order, |_| RestartOutcome::Restarts);
        let (mut done, mut prepared) = (Vec::new(), None);
        let steps = async {
            while let Some(step) = poller.next().await {
                match step {
                    RestartStep::Prepared(server) => prepared = Some(server),
                    RestartStep::Restarted(server) => done.push(server),
                    _ => {}
                }
            }
        };
        let _ = drop_after_polls(polls, steps).await;
        drop(poller);
        let restarted = order.lock().unwrap().clone();
        dropped_in_maintenance += usize::from(prepared.is_some_and(|server| !restarted.contains(&server)));
        // The maintenance of a server that was down cannot be ended by the client; it expires.
        let down = restarted.last().filter(|down| !done.contains(down));
        let admin = client(&cluster).cluster();
        let servers: Vec<_> = cluster.db_server_ids().into_iter().map(ServerId::from).collect();
        sleep(SECOND * 5).await;
        for id in servers.iter().filter(|id| Some(*id) != down) {
            assert!(admin.server_maintenance(id).await.unwrap().is_none(), "{polls} polls");
        }
        sleep(SECOND * 655).await;
        assert_eq!(*order.lock().unwrap(), restarted, "{polls} polls");
        for id in &servers {
            assert!(admin.server_maintenance(id).await.unwrap().is_none(), "{polls} polls");
        }
    }
    assert!(dropped_in_maintenance > 0, "no restart was dropped between maintenance and restart");
}

#[tokio::test(start_paused = true)]
async fn a_server_whose_process_never_ended_is_not_restarted() {
    for number in [1, 4] {
        let cluster = Arc::new(skewed_cluster().await);
        let order = RestartOrder::default();
        let outcome =
            move |now| if now == number { RestartOutcome::KeepsRunning } else { RestartOutcome::Restarts };
        let stopped = restart(&cluster, &order, outcome).wait().await.unwrap_err();
        let StopReason::NotRestarted(server) = stopped.reason() else { panic!("{stopped}") };
        assert_eq!(*server, order.lock().unwrap()[number]);
        assert_eq!((stopped.progress().len(), order.lock().unwrap().len()), (number, number + 1));
        // The closure may have restarted another server, so the maintenance ends.
        sleep(SECOND * 5).await;
        if server.kind() == Some(ServerRole::DbServer) {
            assert!(client(&cluster).cluster().server_maintenance(server).await.unwrap().is_none());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_process_exit_is_waited_for() {
    let cluster = Arc::new(skewed_cluster().await);
    let order = RestartOrder::default();
    let mut poller = restart(&cluster, &order, |_| RestartOutcome::RestartsLate);
    let start_time = Instant::now();
    let mut restarted_count = 0;
    while let Some(step) = poller.next().await {
        restarted_count += u64::from(matches!(step, RestartStep::Restarted(_)));
        assert!(start_time.elapsed() >= SECOND * 33 * u32::try_from(restarted_count).unwrap(), "{step:?}");
    }
    assert_eq!(poller.wait().await.unwrap().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_starts_twice_is_reported() {
    let cluster = Arc::new(skewed_cluster().await);
    let order = RestartOrder::default();
    let mut poller = restart(&cluster, &order, |number| {
        if number % 3 == 1 { RestartOutcome::RestartsTwice } else { RestartOutcome::Restarts }
    });
    let mut repeated = Vec::new();
    while let Some(step) = poller.next().await {
        if let RestartStep::MultipleRestarts(server) = step {
            repeated.push(server);
        }
    }
    let restarted = poller.wait().await.unwrap();
    assert_eq!(repeated, [restarted[1].clone(), restarted[4].clone()]);
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_reported_failed_counts_as_restarted_once() {
    let cluster = Arc::new(skewed_cluster().await);
    let restart_cluster = Arc::clone(&cluster);
    let coordinators = plan(&cluster).roles([ServerRole::Coordinator]);
    let mut poller = coordinators.run(poll_options(), move |id| {
        let cluster = Arc::clone(&restart_cluster);
        async move {
            stop(&cluster, &id);
            sleep(SECOND * 40).await;
            start(&cluster, &id).await;
            Ok(())
        }
    });
    while let Some(step) = poller.next().await {
        assert!(matches!(step, RestartStep::Restarting(_) | RestartStep::Restarted(_)), "{step:?}");
    }
    assert_eq!(poller.wait().await.unwrap().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_restart_resumes_without_restarting_a_server_twice() {
    let mut polls = 1;
    loop {
        let cluster = Arc::new(skewed_cluster().await);
        let (order, mut done) = (RestartOrder::default(), Vec::new());
        let mut poller = restart(&cluster, &order, |_| RestartOutcome::Restarts);
        let steps = async {
            while let Some(step) = poller.next().await {
                if let RestartStep::Restarted(server) = step {
                    done.push(server);
                }
            }
        };
        let finished = drop_after_polls(polls, steps).await.is_some();
        drop(poller);
        // A server that is down is started by the operator or its service manager, and counts as restarted.
        let down = order.lock().unwrap().last().cloned();
        if let Some(down) = down.filter(|down| !done.contains(down)) {
            start(&cluster, &down).await;
            done.push(down);
        }
        client(&cluster).cluster().wait_until_healthy(poll_options()).await.unwrap();
        client(&cluster).cluster().wait_until_in_sync(poll_options()).await.unwrap();
        let remaining =
            run(plan(&cluster).skip(done), poll_options(), &cluster, &order, |_| RestartOutcome::Restarts);
        remaining.wait().await.unwrap();
        let mut restarted = order.lock().unwrap().clone();
        restarted.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        restarted.dedup();
        assert_eq!((restarted.len(), order.lock().unwrap().len()), (6, 6), "{polls} polls");
        if finished {
            assert!(polls > 20, "{polls} polls");
            return;
        }
        polls += 17;
    }
}
