//! Restarting servers one by one.

mod limits;
mod unwell;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use arango::cluster::{ServerId, ServerRole};
use arango::follow::{Following, Pace, RestartStep, RollingRestart, Stopped};
use arango_test_cluster::TestCluster;
use tokio::time::{Instant, sleep};

use super::{SECOND, dropped_after, everywhere, executions, pace, skewed, start, start_again, stop};
use crate::support::client;

/// Which servers were to be restarted, in their order.
type Order = Arc<Mutex<Vec<ServerId>>>;

/// What becomes of a server that is to be restarted.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Returns,
    /// Its process ends only when nobody waits for that any more.
    ReturnsLater,
    ReturnsTwice,
    ReturnsAfter(Duration),
    StaysAway,
    GoesOn,
    CannotBeRestarted,
}

async fn suffer(cluster: Arc<TestCluster>, id: ServerId, fate: Fate) {
    match fate {
        Fate::Returns => start_again(&cluster, &id).await,
        Fate::ReturnsTwice => {
            for _ in 0..if id.kind() == Some(ServerRole::Coordinator) { 3 } else { 2 } {
                start_again(&cluster, &id).await;
            }
        }
        Fate::ReturnsLater => {
            tokio::spawn(async move {
                sleep(SECOND * 30).await;
                start_again(&cluster, &id).await;
            });
        }
        Fate::ReturnsAfter(time) => {
            stop(&cluster, &id);
            sleep(time).await;
            start(&cluster, &id).await;
        }
        Fate::StaysAway => stop(&cluster, &id),
        Fate::GoesOn | Fate::CannotBeRestarted => {}
    }
}

fn plan(cluster: &TestCluster) -> RollingRestart {
    client(cluster).cluster().rolling_restart().back_within(SECOND * 120)
}

fn run(
    plan: RollingRestart,
    pace: Pace,
    cluster: &Arc<TestCluster>,
    order: &Order,
    fate: impl Fn(usize) -> Fate + Send + Sync + 'static,
) -> Following<RestartStep, Vec<ServerId>> {
    let (cluster, order) = (Arc::clone(cluster), Arc::clone(order));
    plan.run(pace, move |id: ServerId| {
        let (cluster, order) = (Arc::clone(&cluster), Arc::clone(&order));
        let number = order.lock().unwrap().len();
        let fate = fate(number);
        async move {
            if fate == Fate::CannotBeRestarted {
                return Err("no such unit".into());
            }
            order.lock().unwrap().push(id.clone());
            suffer(cluster, id, fate).await;
            Ok(())
        }
    })
}

fn restart(
    cluster: &Arc<TestCluster>,
    order: &Order,
    fate: impl Fn(usize) -> Fate + Send + Sync + 'static,
) -> Following<RestartStep, Vec<ServerId>> {
    run(plan(cluster), pace(), cluster, order, fate)
}

#[tokio::test(start_paused = true)]
async fn servers_are_restarted_one_by_one_and_each_is_back_before_the_next() {
    let cluster = Arc::new(skewed().await);
    cluster.set_sync_time(SECOND * 20);
    let order = Order::default();
    let mut work = restart(&cluster, &order, |_| Fate::Returns);
    let admin = client(&cluster).cluster();
    let mut steps = Vec::new();
    while let Some(step) = work.next().await {
        if let RestartStep::Restarting(_) = step {
            assert!(admin.health().await.unwrap().all_good());
        }
        if let RestartStep::Back(server) = &step {
            assert!(admin.server_maintenance(server).await.unwrap().is_none());
            admin.wait_until_in_sync(pace().limit(SECOND / 10)).await.unwrap();
        }
        steps.push(step);
    }
    let restarted = work.finished().await.unwrap();
    let roles: Vec<_> = restarted.iter().map(|id| id.kind().unwrap()).collect();
    let (db_server, coordinator) = (ServerRole::DbServer, ServerRole::Coordinator);
    assert_eq!(roles[..3], [db_server.clone(), db_server.clone(), db_server]);
    assert_eq!(roles[3..], [coordinator.clone(), coordinator.clone(), coordinator]);
    assert_eq!(*order.lock().unwrap(), restarted);
    assert_eq!(steps.len(), 3 * 3 + 3 * 2);
    assert_eq!(executions(&cluster, "resignLeadership"), 3);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_begun_on_a_cluster_that_is_not_well() {
    let cluster = Arc::new(skewed().await);
    let order = Order::default();
    cluster.stop_db_server(1);
    sleep(SECOND * 7).await;
    let refused = restart(&cluster, &order, |_| Fate::Returns).finished().await.unwrap_err();
    assert!(matches!(refused.why(), Stopped::Unhealthy(sick) if sick.len() == 1), "{refused}");

    cluster.set_sync_time(SECOND * 600);
    cluster.start_db_server(1);
    let refused = restart(&cluster, &order, |_| Fate::Returns).finished().await.unwrap_err();
    assert!(matches!(refused.why(), Stopped::OutOfSync(_)), "{refused}");
    assert!(order.lock().unwrap().is_empty());
    assert_eq!(executions(&cluster, "resignLeadership"), 0);
}

#[tokio::test(start_paused = true)]
async fn the_first_server_that_does_not_return_is_the_last_that_was_restarted() {
    let cluster = Arc::new(skewed().await);
    let order = Order::default();
    let fate = |number| if number == 1 { Fate::StaysAway } else { Fate::Returns };
    let stopped = restart(&cluster, &order, fate).finished().await.unwrap_err();
    assert!(matches!(stopped.why(), Stopped::OutOfTime { last: Some(_), .. }), "{stopped}");
    assert_eq!((stopped.done().len(), order.lock().unwrap().len()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_cannot_be_restarted_is_named_and_taken_out_of_maintenance() {
    let cluster = Arc::new(skewed().await);
    let order = Order::default();
    let stopped = restart(&cluster, &order, |_| Fate::CannotBeRestarted).finished().await.unwrap_err();
    let Stopped::Restart { server, source } = stopped.why() else { panic!("{stopped}") };
    assert_eq!(source.to_string(), "no such unit");
    sleep(SECOND * 5).await;
    assert!(client(&cluster).cluster().server_maintenance(server).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn cancelled_it_stops_before_the_next_server() {
    let cluster = Arc::new(skewed().await);
    let order = Order::default();
    let mut work = restart(&cluster, &order, |_| Fate::Returns);
    while !matches!(work.next().await.unwrap(), RestartStep::Back(_)) {}
    let cancelled = work.cancel().await.unwrap_err();
    assert!(matches!(cancelled.why(), Stopped::Cancelled), "{cancelled}");
    assert_eq!((cancelled.done().len(), order.lock().unwrap().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn dropped_anywhere_it_restarts_no_other_server_and_leaves_none_in_maintenance() {
    let mut held = 0;
    for polls in [2, 8, 14, 20, 30, 45, 60, 90] {
        let cluster = Arc::new(skewed().await);
        let order = Order::default();
        let mut work = restart(&cluster, &order, |_| Fate::Returns);
        let (mut done, mut prepared) = (Vec::new(), None);
        let lost = async {
            while let Some(step) = work.next().await {
                match step {
                    RestartStep::Prepared(server) => prepared = Some(server),
                    RestartStep::Back(server) => done.push(server),
                    _ => {}
                }
            }
        };
        let _ = dropped_after(polls, lost).await;
        drop(work);
        let restarted = order.lock().unwrap().clone();
        held += usize::from(prepared.is_some_and(|server| !restarted.contains(&server)));
        // A server that was away cannot be taken out of maintenance: it is the server that ends it.
        let away = restarted.last().filter(|away| !done.contains(away));
        let admin = client(&cluster).cluster();
        let servers: Vec<_> = cluster.db_server_ids().into_iter().map(ServerId::from).collect();
        sleep(SECOND * 5).await;
        for id in servers.iter().filter(|id| Some(*id) != away) {
            assert!(admin.server_maintenance(id).await.unwrap().is_none(), "{polls} polls");
        }
        sleep(SECOND * 655).await;
        assert_eq!(*order.lock().unwrap(), restarted, "{polls} polls");
        for id in &servers {
            assert!(admin.server_maintenance(id).await.unwrap().is_none(), "{polls} polls");
        }
    }
    assert!(held > 0, "none was dropped between its maintenance and its restart");
}

#[tokio::test(start_paused = true)]
async fn a_server_whose_process_was_never_ended_was_not_restarted() {
    for number in [1, 4] {
        let cluster = Arc::new(skewed().await);
        let order = Order::default();
        let fate = move |now| if now == number { Fate::GoesOn } else { Fate::Returns };
        let stopped = restart(&cluster, &order, fate).finished().await.unwrap_err();
        let Stopped::NotRestarted(server) = stopped.why() else { panic!("{stopped}") };
        assert_eq!(*server, order.lock().unwrap()[number]);
        assert_eq!((stopped.done().len(), order.lock().unwrap().len()), (number, number + 1));
        // The closure may have named another than it restarted: nothing stays behind.
        sleep(SECOND * 5).await;
        if server.kind() == Some(ServerRole::DbServer) {
            assert!(client(&cluster).cluster().server_maintenance(server).await.unwrap().is_none());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_ends_late_is_waited_for_although_the_one_before_it_answers() {
    let cluster = Arc::new(skewed().await);
    let order = Order::default();
    let mut work = restart(&cluster, &order, |_| Fate::ReturnsLater);
    let began = Instant::now();
    let mut backs = 0;
    while let Some(step) = work.next().await {
        backs += u64::from(matches!(step, RestartStep::Back(_)));
        assert!(began.elapsed() >= SECOND * 33 * u32::try_from(backs).unwrap(), "{step:?}");
    }
    assert_eq!(work.finished().await.unwrap().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_has_started_more_than_once_is_told_of() {
    let cluster = Arc::new(skewed().await);
    let order = Order::default();
    let mut work =
        restart(&cluster, &order, |number| if number % 3 == 1 { Fate::ReturnsTwice } else { Fate::Returns });
    let mut again = Vec::new();
    while let Some(step) = work.next().await {
        if let RestartStep::RestartedAgain(server) = step {
            again.push(server);
        }
    }
    let restarted = work.finished().await.unwrap();
    assert_eq!(again, [restarted[1].clone(), restarted[4].clone()]);
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_was_given_up_as_failed_has_started_once_nevertheless() {
    let cluster = Arc::new(skewed().await);
    let there = Arc::clone(&cluster);
    let coordinators = plan(&cluster).roles([ServerRole::Coordinator]);
    let mut work = coordinators.run(pace(), move |id| {
        let cluster = Arc::clone(&there);
        async move {
            stop(&cluster, &id);
            sleep(SECOND * 40).await;
            start(&cluster, &id).await;
            Ok(())
        }
    });
    while let Some(step) = work.next().await {
        assert!(matches!(step, RestartStep::Restarting(_) | RestartStep::Back(_)), "{step:?}");
    }
    assert_eq!(work.finished().await.unwrap().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_died_half_way_is_taken_up_again_and_restarts_nobody_twice() {
    let mut polls = 1;
    loop {
        let cluster = Arc::new(skewed().await);
        let (order, mut done) = (Order::default(), Vec::new());
        let mut work = restart(&cluster, &order, |_| Fate::Returns);
        let lost = async {
            while let Some(step) = work.next().await {
                if let RestartStep::Back(server) = step {
                    done.push(server);
                }
            }
        };
        let ended = dropped_after(polls, lost).await.is_some();
        drop(work);
        // Whoever was away is brought back, by people or by what runs the servers, and counts as done.
        let away = order.lock().unwrap().last().cloned();
        if let Some(away) = away.filter(|away| !done.contains(away)) {
            start(&cluster, &away).await;
            done.push(away);
        }
        client(&cluster).cluster().wait_until_healthy(pace()).await.unwrap();
        client(&cluster).cluster().wait_until_in_sync(pace()).await.unwrap();
        let rest = run(plan(&cluster).skipping(done), pace(), &cluster, &order, |_| Fate::Returns);
        rest.finished().await.unwrap();
        let mut restarted = order.lock().unwrap().clone();
        restarted.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        restarted.dedup();
        assert_eq!((restarted.len(), order.lock().unwrap().len()), (6, 6), "{polls} polls");
        if ended {
            assert!(polls > 20, "{polls} polls");
            return;
        }
        polls += 17;
    }
}
