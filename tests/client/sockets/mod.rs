//! Tests that need real sockets: resets, backlogs, kernel buffers.
//!
//! The sockets use loopback, ports chosen by the kernel, and a real clock. No test sleeps to wait for an event.
//! Timeouts only end hanging tests and are generous.

mod black_hole;
mod bodies;
mod broken_connections;
mod proxies;
#[cfg(unix)]
mod unix;

use std::time::Duration;

use arango::balance::RoundRobin;
use arango::{Client, ClientBuilder};
use arango_test_cluster::TestCluster;
use tokio::time::timeout;

use crate::support::CreateCollection;

/// Far longer than any test takes.
const TEST_TIMEOUT: Duration = Duration::from_secs(60);

/// Panics if a test hangs.
async fn with_timeout<T>(test: impl Future<Output = T>) -> T {
    timeout(TEST_TIMEOUT, test).await.expect("the test ends in time")
}

/// Starts a cluster of three coordinators on sockets, with a collection `books`.
async fn cluster() -> TestCluster {
    let cluster = TestCluster::builder().seed(7).start().await.unwrap();
    client(&cluster).db("_system").execute(CreateCollection("books")).await.unwrap();
    cluster.journal().clear();
    cluster
}

/// Returns a client builder that starts with the first coordinator.
fn builder(cluster: &TestCluster) -> ClientBuilder {
    let builder = Client::builder().policy(RoundRobin::default());
    builder.hosts(cluster.urls()).basic_auth("root", cluster.root_password())
}

fn client(cluster: &TestCluster) -> Client {
    builder(cluster).build().unwrap()
}
