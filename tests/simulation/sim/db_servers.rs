//! Stops DB-Servers and starts them again.

use std::time::Duration;

use arango_test_cluster::TestCluster;
use rand::RngExt as _;
use rand::rngs::StdRng;
use tokio::time::{sleep, sleep_until};

use super::scenario::Scenario;
use super::schedule::{draw_duration, draw_time};
use super::trace::Trace;

/// Outages of DB-Servers. Documents whose leader is stopped can be neither read nor written until a follower leads them.
pub(super) struct DbServerOutages<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) count: usize,
    pub(super) cluster: &'a TestCluster,
    pub(super) trace: &'a Trace,
}

impl DbServerOutages<'_> {
    /// Runs all outages, one after the other.
    pub(super) async fn run(&self, mut rng: StdRng) {
        let servers = self.cluster.db_server_ids().len();
        let mut outages: Vec<(Duration, Duration, usize)> = (0..self.count)
            .map(|_| {
                let at = draw_time(self.scenario, &mut rng);
                (at, draw_duration(&mut rng, 200, 12_000), rng.random_range(0..servers))
            })
            .collect();
        outages.sort_unstable();
        for (at, duration, server) in outages {
            sleep_until(self.trace.instant_at(at)).await;
            self.trace.log(format_args!("d{server} STOPPED"));
            self.cluster.stop_db_server(server);
            sleep(duration).await;
            self.trace.log(format_args!("d{server} STARTED"));
            self.cluster.start_db_server(server);
        }
    }
}
