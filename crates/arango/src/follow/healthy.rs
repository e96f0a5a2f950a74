//! Waiting until every server is good.

use std::sync::Arc;

use arango_cluster::{ClusterHealth, HealthStatus, ServerId};

use super::looks::Looks;
use super::{Pace, Stopped, Unfinished};
use crate::Cluster;

/// Looks until every server that has a record is good.
pub(super) async fn wait(cluster: &Cluster, looks: &mut Looks) -> Result<ClusterHealth, Stopped> {
    let mut sick = Vec::new();
    let good = |health: ClusterHealth| {
        sick = sick_of(&health);
        health.all_good().then_some(health)
    };
    match looks.until(|| cluster.health(), good).await {
        Err(Stopped::OutOfTime { last: None, .. }) if !sick.is_empty() => Err(Stopped::Unhealthy(sick)),
        seen => seen,
    }
}

/// Those that are not good, and how they are.
pub(super) fn sick_of(health: &ClusterHealth) -> Vec<(ServerId, HealthStatus)> {
    let sick = health.servers().filter(|(_, server)| !server.is_good());
    sick.map(|(id, server)| (id.clone(), server.status.clone())).collect()
}

impl Cluster {
    /// Waits until every server that has a record is good. A server that has none is not missed.
    ///
    /// # Errors
    ///
    /// With [`Stopped::Unhealthy`], which names those that are not, if there is no time left; with [`Stopped::OutOfTime`]
    /// if nobody could tell.
    pub async fn wait_until_healthy(&self, pace: Pace) -> Result<ClusterHealth, Unfinished<()>> {
        let mut looks = Looks::new(&self.database.transport, pace, &Arc::default());
        wait(self, &mut looks).await.map_err(|why| Unfinished::new((), why))
    }
}
