//! Servers that are lost right before another is restarted.

use std::sync::{Arc, Mutex};

use arango::cluster::{ServerId, ServerRole};
use arango::follow::{Following, RestartStep, Stopped};
use arango_test_cluster::{Fault, FaultGuard, Match, TestCluster};
use tokio::time::{Instant, sleep};

use super::{SECOND, VALID_FOR, dumps, everywhere, executions, no_dumps, pace, skewed, slow_health};
use crate::follow::{dropped_after, start_again};
use crate::support::client;

/// Which servers were restarted, and when.
type Restarted = Arc<Mutex<Vec<(ServerId, Instant)>>>;

fn restart(
    cluster: &Arc<TestCluster>,
    role: ServerRole,
) -> (Following<RestartStep, Vec<ServerId>>, Restarted) {
    let (cluster, restarted) = (Arc::clone(cluster), Restarted::default());
    let noted = Arc::clone(&restarted);
    let plan = client(&cluster).cluster().rolling_restart().back_within(SECOND * 120).roles([role]);
    let work = plan.run(pace(), move |server| {
        noted.lock().unwrap().push((server.clone(), Instant::now()));
        let cluster = Arc::clone(&cluster);
        async move {
            start_again(&cluster, &server).await;
            Ok(())
        }
    });
    (work, restarted)
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_lost_while_the_agency_is_read_keeps_the_next_from_being_restarted() {
    for role in [ServerRole::DbServer, ServerRole::Coordinator] {
        let cluster = Arc::new(skewed().await);
        let (mut work, restarted) = restart(&cluster, role.clone());
        if role == ServerRole::DbServer {
            assert!(matches!(work.next().await, Some(RestartStep::Prepared(_))));
        }
        let dumps = no_dumps(&cluster);
        let lost = async {
            sleep(SECOND * 300).await;
            assert!(dumps[0].hits() > 10, "the agency was read again and again");
            cluster.coordinator(2).kill();
            sleep(SECOND * 20).await;
            drop(dumps);
        };
        let (stopped, ()) = tokio::join!(work.finished(), lost);
        let stopped = stopped.unwrap_err();
        assert!(matches!(stopped.why(), Stopped::Unhealthy(sick) if sick.len() == 1), "{role}: {stopped}");
        assert!(restarted.lock().unwrap().is_empty(), "{role}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_lost_while_the_agency_is_read_keeps_the_leaders_of_the_next_where_they_are() {
    let cluster = Arc::new(skewed().await);
    let (work, restarted) = restart(&cluster, ServerRole::DbServer);
    let dumps = no_dumps(&cluster);
    let lost = async {
        sleep(SECOND * 300).await;
        assert!(dumps[0].hits() > 10, "the agency was read again and again");
        cluster.stop_db_server(2);
        sleep(SECOND * 20).await;
        drop(dumps);
    };
    let (stopped, ()) = tokio::join!(work.finished(), lost);
    assert!(matches!(stopped.unwrap_err().why(), Stopped::Unhealthy(_)));
    assert_eq!(executions(&cluster, "resignLeadership"), 0);
    assert!(restarted.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_lost_after_its_health_was_told_and_before_it_was_read_is_seen() {
    let cluster = Arc::new(skewed().await);
    let (mut work, restarted) = restart(&cluster, ServerRole::DbServer);
    assert!(matches!(work.next().await, Some(RestartStep::Prepared(_))));
    let _slow = everywhere(&cluster, &slow_health(SECOND * 6).times(1));
    let lost = async {
        sleep(SECOND).await;
        cluster.coordinator(2).kill();
    };
    let (stopped, ()) = tokio::join!(work.finished(), lost);
    let stopped = stopped.unwrap_err();
    assert!(matches!(stopped.why(), Stopped::Unhealthy(sick) if sick.len() == 1), "{stopped}");
    assert!(restarted.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn shards_that_took_too_long_to_be_looked_at_are_looked_at_again() {
    let cluster = Arc::new(skewed().await);
    let (mut work, restarted) = restart(&cluster, ServerRole::DbServer);
    assert!(matches!(work.next().await, Some(RestartStep::Prepared(_))));
    let began = Instant::now();
    let slow = Fault::latency(SECOND * 12).on(Match::get("/_admin/cluster/health")).times(1);
    let slow = everywhere(&cluster, &slow);
    while !matches!(work.next().await.unwrap(), RestartStep::Restarting(_)) {}
    let hits: usize = slow.iter().map(FaultGuard::hits).sum();
    assert!(hits == 3 && began.elapsed() >= SECOND * 36, "each look in which health was late was made again");
    assert_eq!(restarted.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_look_that_always_takes_too_long_ends_the_work_and_says_so() {
    let cluster = Arc::new(skewed().await);
    let (mut work, restarted) = restart(&cluster, ServerRole::DbServer);
    assert!(matches!(work.next().await, Some(RestartStep::Prepared(_))));
    let _slow = everywhere(&cluster, &Fault::latency(SECOND * 12).on(Match::get("/_admin/cluster/health")));
    let stopped = work.finished().await.unwrap_err();
    assert!(matches!(stopped.why(), Stopped::Outdated { age } if *age > VALID_FOR), "{stopped}");
    assert!(restarted.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_handle_that_is_left_alone_before_a_restart_looks_again_when_it_goes_on() {
    let mut left_alone = 0;
    for polls in 1.. {
        let cluster = Arc::new(skewed().await);
        let (mut work, restarted) = restart(&cluster, ServerRole::DbServer);
        let begun = async { while !matches!(work.next().await, None | Some(RestartStep::Restarting(_))) {} };
        let is_begun = dropped_after(polls, begun).await.is_some();
        if is_begun {
            assert!(left_alone > 5, "{polls} polls");
            return;
        }
        if !restarted.lock().unwrap().is_empty() {
            continue;
        }
        left_alone += 1;
        // What was asked is answered meanwhile, and not read.
        sleep(SECOND / 2).await;
        cluster.coordinator(2).kill();
        sleep(SECOND * 60).await;
        let stopped = work.finished().await.unwrap_err();
        assert!(restarted.lock().unwrap().is_empty(), "{polls} polls");
        assert!(matches!(stopped.why(), Stopped::Unhealthy(_)), "{polls} polls: {stopped}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dump_of_the_agency_that_cannot_be_read_is_no_reason_to_restart() {
    let cluster = Arc::new(skewed().await);
    let (mut work, restarted) = restart(&cluster, ServerRole::DbServer);
    assert!(matches!(work.next().await, Some(RestartStep::Prepared(_))));
    let refused = everywhere(&cluster, &dumps(Fault::answer(403, 11, "forbidden")));
    let stopped = work.finished().await.unwrap_err();
    assert!(matches!(stopped.why(), Stopped::Call(_)) && refused[0].hits() <= 1, "{stopped}");
    assert!(restarted.lock().unwrap().is_empty());
}
