//! Restarting servers one by one.

use std::sync::{Arc, Mutex};

use arango::cluster::{ServerId, ServerRole};
use arango::follow::{Following, RestartStep, Stopped};
use arango_test_cluster::TestCluster;
use tokio::time::sleep;

use super::{SECOND, dropped_after, executions, pace, skewed};
use crate::support::client;

/// Which servers were to be restarted, in their order.
type Order = Arc<Mutex<Vec<ServerId>>>;

/// What becomes of a server that is to be restarted.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Returns,
    StaysAway,
    CannotBeRestarted,
}

fn index(cluster: &TestCluster, id: &ServerId) -> usize {
    let coordinators = cluster.coordinators().iter().position(|one| one.id() == id.as_str());
    coordinators.or_else(|| cluster.db_server_ids().iter().position(|one| one == id.as_str())).unwrap()
}

fn restart(
    cluster: &Arc<TestCluster>,
    order: &Order,
    fate: impl Fn(usize) -> Fate + Send + Sync + 'static,
) -> Following<RestartStep, Vec<ServerId>> {
    let (client, cluster, order) = (client(cluster), Arc::clone(cluster), Arc::clone(order));
    let restart = move |id: ServerId| {
        let (cluster, order) = (Arc::clone(&cluster), Arc::clone(&order));
        let number = order.lock().unwrap().len();
        let fate = fate(number);
        async move {
            if fate == Fate::CannotBeRestarted {
                return Err("no such unit".into());
            }
            order.lock().unwrap().push(id.clone());
            let (index, is_coordinator) = (index(&cluster, &id), id.kind() == Some(ServerRole::Coordinator));
            if is_coordinator {
                cluster.coordinator(index).kill();
            } else {
                cluster.stop_db_server(index);
            }
            sleep(SECOND * 3).await;
            if fate == Fate::Returns {
                if is_coordinator {
                    cluster.coordinator(index).restart().await.unwrap();
                } else {
                    cluster.start_db_server(index);
                }
            }
            Ok(())
        }
    };
    client.cluster().rolling_restart().back_within(SECOND * 120).run(pace(), restart)
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
    for polls in [2, 8, 14, 20, 30, 45, 60, 90] {
        let cluster = Arc::new(skewed().await);
        let order = Order::default();
        let _ = dropped_after(polls, restart(&cluster, &order, |_| Fate::Returns).finished()).await;
        let restarted = order.lock().unwrap().len();
        // A server that was away cannot be taken out of maintenance: it is the server that ends it.
        sleep(SECOND * 660).await;
        assert_eq!(order.lock().unwrap().len(), restarted, "{polls} polls");
        let admin = client(&cluster).cluster();
        for id in cluster.db_server_ids() {
            assert!(admin.server_maintenance(&id.into()).await.unwrap().is_none(), "{polls} polls");
        }
    }
}
