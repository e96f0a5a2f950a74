//! Whether the cluster can lose a server for a while.

use arango_cluster::{HealthStatus, ServerId};

use crate::Cluster;
use crate::follow::looks::Looks;
use crate::follow::{Stopped, healthy, in_sync};

/// What is not as it has to be, as one look saw it.
#[derive(Default)]
struct Seen {
    sick: Vec<(ServerId, HealthStatus)>,
    behind: Vec<String>,
}

impl Seen {
    async fn look(cluster: &Cluster) -> Result<Self, arango_transport::Error> {
        let behind = in_sync::look(cluster).await?;
        // Second, since it is the one that changes by itself.
        let sick = healthy::sick_of(&cluster.health().await?);
        Ok(Self { sick, behind })
    }

    fn stopped(self) -> Option<Stopped> {
        if !self.sick.is_empty() {
            return Some(Stopped::Unhealthy(self.sick));
        }
        (!self.behind.is_empty()).then_some(Stopped::OutOfSync(self.behind))
    }
}

/// Looks until one look shows that every server is good and every shard in sync.
pub(super) async fn wait(cluster: &Cluster, looks: &mut Looks) -> Result<(), Stopped> {
    let mut last = Seen::default();
    looks.begin_anew();
    let well = |seen: Seen| {
        last = seen;
        (last.sick.is_empty() && last.behind.is_empty()).then_some(())
    };
    match looks.until(|| Seen::look(cluster), well).await {
        Err(Stopped::OutOfTime { last: None, limit }) => {
            Err(last.stopped().unwrap_or(Stopped::OutOfTime { last: None, limit }))
        }
        seen => seen,
    }
}
