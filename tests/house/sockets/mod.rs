//! Promises that need the kernel: resets, backlogs, buffers between two ends.
//!
//! Real sockets on loopback, on ports that the kernel chooses, and a real clock. Nothing here sleeps to wait for something
//! else; limits of time are there to end a test that hangs, and are generous.

mod black_hole;
mod bodies;
mod broken;
#[cfg(unix)]
mod unix;

use std::time::Duration;

use arango::balance::RoundRobin;
use arango::{Client, ClientBuilder};
use arango_test_cluster::TestCluster;
use tokio::time::timeout;

use crate::support::CreateCollection;

/// Far more than anything here takes.
const PLENTY: Duration = Duration::from_secs(60);

/// Ends a test that hangs.
async fn in_time<T>(test: impl Future<Output = T>) -> T {
    timeout(PLENTY, test).await.expect("it ends in time")
}

/// A cluster of three that listens, with a collection `books`.
async fn cluster() -> TestCluster {
    let cluster = TestCluster::builder().seed(7).start().await.unwrap();
    client(&cluster).db("_system").execute(CreateCollection("books")).await.unwrap();
    cluster.journal().clear();
    cluster
}

/// Of clients that begin with the first coordinator.
fn builder(cluster: &TestCluster) -> ClientBuilder {
    let builder = Client::builder().policy(RoundRobin::default());
    builder.hosts(cluster.urls()).basic_auth("root", cluster.root_password())
}

fn client(cluster: &TestCluster) -> Client {
    builder(cluster).build().unwrap()
}
