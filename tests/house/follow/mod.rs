//! Long work, followed to its end, whatever happens on the way.

mod drain;
mod dropped;
mod fan_out;
mod hold;
mod jobs;
mod rebalance;
mod rolling_restart;
mod starts;
mod waiting;

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use arango::Client;
use arango::cluster::{RebalanceOptions, ShardMove};
use arango::follow::Pace;
use arango_test_cluster::TestCluster;

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

/// How often a command of the administration was executed.
fn executions(cluster: &TestCluster, command: &str) -> usize {
    let path = format!("/_admin/cluster/{command}");
    cluster.journal().executions_by(|entry| entry.path == path && entry.method != "GET")
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
