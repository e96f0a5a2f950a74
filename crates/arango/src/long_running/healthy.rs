//! Waiting until every server is healthy.

use std::sync::Arc;

use arango_cluster::{ClusterHealth, HealthStatus, ServerId};

use super::poll_loop::PollLoop;
use super::{Incomplete, PollOptions, StopReason};
use crate::handles::cluster::Cluster;

/// Polls until every server with a health record is healthy.
#[inline]
pub(super) async fn wait(cluster: &Cluster, polling: &mut PollLoop) -> Result<ClusterHealth, StopReason> {
    let mut unhealthy = Vec::new();
    let good = |health: ClusterHealth| {
        unhealthy = unhealthy_servers(&health);
        health.all_good().then_some(health)
    };
    match polling.poll_until(|| cluster.health(), good).await {
        Err(StopReason::TimedOut { last_error: None, .. }) if !unhealthy.is_empty() => {
            Err(StopReason::Unhealthy(unhealthy))
        }
        seen => seen,
    }
}

/// Returns the unhealthy servers with their status.
#[inline]
pub(super) fn unhealthy_servers(health: &ClusterHealth) -> Vec<(ServerId, HealthStatus)> {
    let unhealthy = health.servers().filter(|(_, server)| !server.is_good());
    unhealthy.map(|(id, server)| (id.clone(), server.status.clone())).collect()
}

impl Cluster {
    /// Waits until every server with a health record is healthy.
    ///
    /// A server without a record is ignored.
    ///
    /// # Errors
    ///
    /// [`StopReason::Unhealthy`] with the unhealthy servers when the time is up; [`StopReason::TimedOut`] if health
    /// could not be read.
    #[inline]
    pub async fn wait_until_healthy(&self, options: PollOptions) -> Result<ClusterHealth, Incomplete<()>> {
        let mut polling = PollLoop::new(&self.database.transport, options, &Arc::default());
        wait(self, &mut polling).await.map_err(|reason| Incomplete::new((), reason))
    }
}
