//! Restarting one server, and waiting until it is back.

use arango_cluster::{Leaders, ServerId, ServerRole};

use super::{Restart, RestartStep, RollingRestart};
use crate::follow::find::{Wanted, begin};
use crate::follow::following::News;
use crate::follow::looks::Looks;
use crate::follow::{MaintenanceGuard, Stopped, healthy, in_sync, job};

/// One server of a rolling restart.
pub(super) struct One<'a> {
    pub(super) plan: &'a RollingRestart,
    pub(super) server: &'a ServerId,
    pub(super) news: &'a News<RestartStep>,
}

impl One<'_> {
    pub(super) async fn restart(&self, looks: &Looks, restart: &Restart) -> Result<(), Stopped> {
        let server = self.server;
        let maintenance = match server.kind() {
            Some(ServerRole::DbServer) => Some(self.prepare(looks).await?),
            _ => None,
        };
        self.news.tell(RestartStep::Restarting(server.clone()));
        restart(server.clone())
            .await
            .map_err(|source| Stopped::Restart { server: server.clone(), source })?;
        // Whoever wants it cancelled waits until this one is back.
        let mut looks = looks.no_longer_than(self.plan.back_within).undisturbed();
        self.answers(&mut looks).await?;
        healthy::wait(&self.plan.cluster, &mut looks).await?;
        if let Some(maintenance) = maintenance {
            maintenance.end().await.map_err(Stopped::Call)?;
        }
        in_sync::wait(&self.plan.cluster, &mut looks).await
    }

    /// Has others take over what it leads, and puts it into maintenance.
    async fn prepare(&self, looks: &Looks) -> Result<MaintenanceGuard, Stopped> {
        let (cluster, server) = (&self.plan.cluster, self.server);
        let wanted = Wanted::resignation(server);
        let start = cluster.resign_leadership(server, Leaders::Return);
        let id = begin(cluster, start, &wanted).await.map_err(Stopped::Call)?;
        job::follow(cluster, &id, &mut looks.undisturbed(), |_| ()).await?;
        looks.not_cancelled()?;
        let held = cluster.hold_server_maintenance(server, self.plan.maintenance).await;
        self.news.tell(RestartStep::Prepared(server.clone()));
        held.map_err(Stopped::Call)
    }

    /// Waits until the process itself answers: that it is good may be said of the one before it.
    async fn answers(&self, looks: &mut Looks) -> Result<(), Stopped> {
        let (cluster, server) = (&self.plan.cluster, self.server);
        if server.kind() == Some(ServerRole::Agent) {
            return Ok(()); // cannot be asked; health asks it
        }
        looks.begin_anew();
        looks.until(|| cluster.server_version(server), |_| Some(())).await
    }
}
