//! Long-running operations, polled to completion despite failures on the way.

mod cancellation_safety;
mod decommission;
mod fan_out;
mod in_sync;
mod jobs;
mod lost_responses;
mod lost_responses_with_older_jobs;
mod maintenance_guard;
mod matrix;
mod outages;
mod preflight;
mod rebalance;
mod rolling_restart;
mod waiting;

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use arango::Client;
use arango::cluster::{RebalanceOptions, ServerId, ShardMove};
use arango::long_running::PollOptions;
use arango_test_cluster::{Fault, Match, TestCluster};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

/// Starts a cluster with unbalanced shards. All leaders of two databases are on the first of three DB-Servers, with two
/// copies per shard.
async fn skewed_cluster() -> TestCluster {
    TestCluster::builder().seed(3).in_memory().skewed_shards().start().await.unwrap()
}

/// Returns poll options with a time limit of an hour.
fn poll_options() -> PollOptions {
    PollOptions::default()
}

/// Returns the first move of a rebalance plan.
async fn first_move(client: &Client) -> ShardMove {
    let options = RebalanceOptions::new().move_leaders().move_followers();
    client.cluster().rebalance_plan_with(&options).await.unwrap().moves.remove(0)
}

/// Restricts a fault to dumps of the agency.
fn on_agency_dump(fault: Fault) -> Fault {
    fault.on(Match::get("/_api/cluster/agency-dump"))
}

/// Returns how often a command of the administration API was executed.
fn executions(cluster: &TestCluster, command: &str) -> usize {
    let path = format!("/_admin/cluster/{command}");
    cluster.journal().executions_matching(|entry| entry.path == path && entry.method != "GET")
}

/// Stops the process of a server for three seconds.
async fn restart_server(cluster: &TestCluster, id: &ServerId) {
    stop(cluster, id);
    sleep(SECOND * 3).await;
    start(cluster, id).await;
}

fn stop(cluster: &TestCluster, id: &ServerId) {
    match coordinator_index(cluster, id) {
        Some(index) => cluster.coordinator(index).kill(),
        None => cluster.stop_db_server(db_server_index(cluster, id)),
    }
}

async fn start(cluster: &TestCluster, id: &ServerId) {
    match coordinator_index(cluster, id) {
        Some(index) => cluster.coordinator(index).restart().await.unwrap(),
        None => cluster.start_db_server(db_server_index(cluster, id)),
    }
}

fn coordinator_index(cluster: &TestCluster, id: &ServerId) -> Option<usize> {
    cluster.coordinators().iter().position(|one| one.id() == id.as_str())
}

fn db_server_index(cluster: &TestCluster, id: &ServerId) -> usize {
    cluster.db_server_ids().iter().position(|one| one == id.as_str()).unwrap()
}

/// Polls a future at most `polls` times and drops it. Returns its output if it has finished by then.
async fn drop_after_polls<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let (mut future, mut remaining) = (Box::pin(future), polls);
    poll_fn(move |context| {
        remaining -= 1;
        match future.as_mut().poll(context) {
            Poll::Pending if remaining == 0 => Poll::Ready(None),
            polled => polled.map(Some),
        }
    })
    .await
}
