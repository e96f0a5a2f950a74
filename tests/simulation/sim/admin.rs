//! A cluster that is set up before the faults of a scenario begin.

use std::sync::Arc;
use std::time::Duration;

use arango::Client;
use arango_test_cluster::TestCluster;

use super::clients;
use super::link::Link;
use super::network::Network;
use super::network_log::NetworkLog;
use super::scenario::Scenario;
use super::trace::Trace;

/// Starts the cluster of a scenario, and returns a client whose network has no faults.
pub(super) async fn start_cluster(scenario: &Scenario) -> (Arc<TestCluster>, Client) {
    let builder = TestCluster::builder().coordinators(scenario.coordinators).seed(scenario.seed);
    let builder = builder.keep_alive(scenario.keep_alive).token_lifetime(scenario.token_lifetime).in_memory();
    let cluster = Arc::new(builder.start().await.expect("a cluster in memory needs no ports"));
    let links = vec![vec![Link::new(Duration::ZERO); scenario.coordinators]];
    let network = Network::new(&cluster, links, NetworkLog::new(Trace::begin()));
    let admin = clients::base_builder(&cluster, network.for_client(0))
        .hosts(cluster.urls())
        .basic_auth("root", cluster.root_password())
        .build()
        .expect("the cluster's own addresses are valid");
    (cluster, admin)
}
