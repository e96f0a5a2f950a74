//! Servers that fail right before another is restarted.

use std::sync::{Arc, Mutex};

use arango::cluster::{ServerId, ServerRole};
use arango::long_running::{Poller, RestartStep, StopReason};
use arango_test_cluster::{Fault, FaultGuard, Match, TestCluster};
use tokio::time::{Instant, sleep};

use super::{
    SECOND, VALID_FOR, executions, no_dumps, on_agency_dump, poll_options, skewed_cluster, slow_health,
};
use crate::long_running::{drop_after_polls, restart_server};
use crate::support::client;

/// Servers that were restarted, with the time.
type Restarted = Arc<Mutex<Vec<(ServerId, Instant)>>>;

fn restart(cluster: &Arc<TestCluster>, role: ServerRole) -> (Poller<RestartStep, Vec<ServerId>>, Restarted) {
    let (cluster, restarted) = (Arc::clone(cluster), Restarted::default());
    let recorded = Arc::clone(&restarted);
    let plan = client(&cluster).cluster().rolling_restart().restart_timeout(SECOND * 120).roles([role]);
    let poller = plan.run(poll_options(), move |server| {
        recorded.lock().unwrap().push((server.clone(), Instant::now()));
        let cluster = Arc::clone(&cluster);
        async move {
            restart_server(&cluster, &server).await;
            Ok(())
        }
    });
    (poller, restarted)
}

#[tokio::test(start_paused = true)]
async fn a_server_failing_while_the_agency_is_read_stops_the_restart() {
    for role in [ServerRole::DbServer, ServerRole::Coordinator] {
        let cluster = Arc::new(skewed_cluster().await);
        let (mut poller, restarted) = restart(&cluster, role.clone());
        if role == ServerRole::DbServer {
            assert!(matches!(poller.next().await, Some(RestartStep::Prepared(_))));
        }
        let dumps = no_dumps(&cluster);
        let failure = async {
            sleep(SECOND * 300).await;
            assert!(dumps[0].hits() > 10, "the agency was read repeatedly");
            cluster.coordinator(2).kill();
            sleep(SECOND * 20).await;
            drop(dumps);
        };
        let (stopped, ()) = tokio::join!(poller.wait(), failure);
        let stopped = stopped.unwrap_err();
        assert!(
            matches!(stopped.reason(), StopReason::Unhealthy(unhealthy) if unhealthy.len() == 1),
            "{role}: {stopped}"
        );
        assert!(restarted.lock().unwrap().is_empty(), "{role}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_failing_while_the_agency_is_read_prevents_the_resignation() {
    let cluster = Arc::new(skewed_cluster().await);
    let (poller, restarted) = restart(&cluster, ServerRole::DbServer);
    let dumps = no_dumps(&cluster);
    let failure = async {
        sleep(SECOND * 300).await;
        assert!(dumps[0].hits() > 10, "the agency was read repeatedly");
        cluster.stop_db_server(2);
        sleep(SECOND * 20).await;
        drop(dumps);
    };
    let (stopped, ()) = tokio::join!(poller.wait(), failure);
    assert!(matches!(stopped.unwrap_err().reason(), StopReason::Unhealthy(_)));
    assert_eq!(executions(&cluster, "resignLeadership"), 0);
    assert!(restarted.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_server_failing_while_health_is_read_stops_the_restart() {
    let cluster = Arc::new(skewed_cluster().await);
    let (mut poller, restarted) = restart(&cluster, ServerRole::DbServer);
    assert!(matches!(poller.next().await, Some(RestartStep::Prepared(_))));
    let _slow = cluster.inject(&slow_health(SECOND * 6).times(1));
    let failure = async {
        sleep(SECOND).await;
        cluster.coordinator(2).kill();
    };
    let (stopped, ()) = tokio::join!(poller.wait(), failure);
    let stopped = stopped.unwrap_err();
    assert!(
        matches!(stopped.reason(), StopReason::Unhealthy(unhealthy) if unhealthy.len() == 1),
        "{stopped}"
    );
    assert!(restarted.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_outdated_shard_check_is_repeated() {
    let cluster = Arc::new(skewed_cluster().await);
    let (mut poller, restarted) = restart(&cluster, ServerRole::DbServer);
    assert!(matches!(poller.next().await, Some(RestartStep::Prepared(_))));
    let start = Instant::now();
    let slow = Fault::latency(SECOND * 12).on(Match::get("/_admin/cluster/health")).times(1);
    let slow = cluster.inject(&slow);
    while !matches!(poller.next().await.unwrap(), RestartStep::Restarting(_)) {}
    let hits: usize = slow.iter().map(FaultGuard::hits).sum();
    assert!(hits == 3 && start.elapsed() >= SECOND * 36, "each check with outdated health was repeated");
    assert!(restarted.lock().unwrap().is_empty(), "nothing is restarted before");
}

#[tokio::test(start_paused = true)]
async fn a_check_that_is_always_outdated_stops_with_outdated() {
    let cluster = Arc::new(skewed_cluster().await);
    let (mut poller, restarted) = restart(&cluster, ServerRole::DbServer);
    assert!(matches!(poller.next().await, Some(RestartStep::Prepared(_))));
    let _slow = cluster.inject(&Fault::latency(SECOND * 12).on(Match::get("/_admin/cluster/health")));
    let stopped = poller.wait().await.unwrap_err();
    assert!(
        matches!(stopped.reason(), StopReason::StaleHealthCheck { age } if *age > VALID_FOR),
        "{stopped}"
    );
    assert!(restarted.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_paused_poller_repeats_the_check_before_restarting() {
    let mut untouched = 0;
    for polls in 1.. {
        let cluster = Arc::new(skewed_cluster().await);
        let (mut poller, restarted) = restart(&cluster, ServerRole::DbServer);
        let restarting =
            async { while !matches!(poller.next().await, None | Some(RestartStep::Restarting(_))) {} };
        let is_restarting = drop_after_polls(polls, restarting).await.is_some();
        if is_restarting {
            assert!(untouched > 5, "{polls} polls");
            return;
        }
        if !restarted.lock().unwrap().is_empty() {
            continue;
        }
        untouched += 1;
        // The responses arrive meanwhile, but are not read.
        sleep(SECOND / 2).await;
        cluster.coordinator(2).kill();
        sleep(SECOND * 60).await;
        let stopped = poller.wait().await.unwrap_err();
        assert!(restarted.lock().unwrap().is_empty(), "{polls} polls");
        assert!(matches!(stopped.reason(), StopReason::Unhealthy(_)), "{polls} polls: {stopped}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_agency_dump_stops_the_restart() {
    let cluster = Arc::new(skewed_cluster().await);
    let (mut poller, restarted) = restart(&cluster, ServerRole::DbServer);
    assert!(matches!(poller.next().await, Some(RestartStep::Prepared(_))));
    let forbidden = cluster.inject(&on_agency_dump(Fault::response(403, 11, "forbidden")));
    let stopped = poller.wait().await.unwrap_err();
    assert!(matches!(stopped.reason(), StopReason::Call(_)) && forbidden[0].hits() <= 1, "{stopped}");
    assert!(restarted.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_restart_is_announced_before_it_begins_and_checked_again_if_it_has_to_wait() {
    for (wait, health_requests) in [(None, 0), (Some(SECOND), 1)] {
        let cluster = Arc::new(skewed_cluster().await);
        let (mut poller, restarted) = restart(&cluster, ServerRole::DbServer);
        while !matches!(poller.next().await.unwrap(), RestartStep::Restarting(_)) {}
        assert!(restarted.lock().unwrap().is_empty(), "the step is returned first");

        if let Some(wait) = wait {
            sleep(wait).await;
        }
        cluster.journal().clear();
        let called = async {
            while restarted.lock().unwrap().is_empty() {
                sleep(SECOND / 1000).await;
            }
            cluster.journal().executions_matching(|entry| entry.path == "/_admin/cluster/health")
        };
        tokio::select! {
            requests = called => assert_eq!(requests, health_requests, "{wait:?}"),
            _ = poller.next() => panic!("it is back before it is called"),
        }
    }
}
