//! Long work, followed to its end, whatever happens on the way.

mod drain;
mod dropped;
mod fan_out;
mod hold;
mod in_sync;
mod jobs;
mod lost_starts;
mod matrix;
mod outages;
mod preflight;
mod rebalance;
mod rolling_restart;
mod starts;
mod waiting;

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use arango::Client;
use arango::cluster::{RebalanceOptions, ServerId, ShardMove};
use arango::follow::Pace;
use arango_test_cluster::{Fault, FaultGuard, Match, TestCluster};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

/// A cluster with work to do: all leaders of two databases are on the first of three DB-Servers, with two copies each.
async fn skewed() -> TestCluster {
    TestCluster::builder().seed(3).in_memory().skewed_shards().start().await.unwrap()
}

/// A pace of an hour.
fn pace() -> Pace {
    Pace::default()
}

/// A move that can be made.
async fn a_move(client: &Client) -> ShardMove {
    let options = RebalanceOptions::new().move_leaders().move_followers();
    client.cluster().rebalance_plan(&options).await.unwrap().moves.remove(0)
}

/// Has every coordinator answer wrongly.
fn everywhere(cluster: &TestCluster, fault: &Fault) -> Vec<FaultGuard> {
    cluster.coordinators().iter().map(|one| one.inject(fault.clone())).collect()
}

/// A fault of the dumps of the agency.
fn dumps(fault: Fault) -> Fault {
    fault.on(Match::get("/_api/cluster/agency-dump"))
}

/// How often a command of the administration was executed.
fn executions(cluster: &TestCluster, command: &str) -> usize {
    let path = format!("/_admin/cluster/{command}");
    cluster.journal().executions_by(|entry| entry.path == path && entry.method != "GET")
}

/// Ends the process of a server, whose id this is, for three seconds.
async fn start_again(cluster: &TestCluster, id: &ServerId) {
    stop(cluster, id);
    sleep(SECOND * 3).await;
    start(cluster, id).await;
}

fn stop(cluster: &TestCluster, id: &ServerId) {
    match coordinator(cluster, id) {
        Some(index) => cluster.coordinator(index).kill(),
        None => cluster.stop_db_server(db_server(cluster, id)),
    }
}

async fn start(cluster: &TestCluster, id: &ServerId) {
    match coordinator(cluster, id) {
        Some(index) => cluster.coordinator(index).restart().await.unwrap(),
        None => cluster.start_db_server(db_server(cluster, id)),
    }
}

fn coordinator(cluster: &TestCluster, id: &ServerId) -> Option<usize> {
    cluster.coordinators().iter().position(|one| one.id() == id.as_str())
}

fn db_server(cluster: &TestCluster, id: &ServerId) -> usize {
    cluster.db_server_ids().iter().position(|one| one == id.as_str()).unwrap()
}

/// Polls a future so many times, as it is woken, and drops it if it has not ended by then.
async fn dropped_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let (mut future, mut left) = (Box::pin(future), polls);
    poll_fn(move |context| {
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Pending if left == 0 => Poll::Ready(None),
            polled => polled.map(Some),
        }
    })
    .await
}
