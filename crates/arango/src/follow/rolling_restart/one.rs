//! Restarting one server, and waiting until it is back.

use std::sync::Arc;
use std::time::Duration;

use arango_cluster::{Leaders, ServerId, ServerRole};
use tokio::time::Instant;

use super::{Restart, RestartStep, RollingRestart};
use crate::follow::find::{Wanted, begin_once};
use crate::follow::following::News;
use crate::follow::looks::Looks;
use crate::follow::preflight::Preflight;
use crate::follow::{MaintenanceGuard, Pace, Stopped, healthy, job};

/// One server of a rolling restart.
pub(super) struct One<'a> {
    pub(super) plan: &'a RollingRestart,
    pub(super) pace: Pace,
    /// When the whole is to be over.
    pub(super) ends: Instant,
    pub(super) server: &'a ServerId,
    pub(super) news: &'a News<RestartStep>,
}

impl One<'_> {
    pub(super) async fn restart(&self, looks: &Looks, restart: &Restart) -> Result<(), Stopped> {
        let (cluster, server) = (&self.plan.cluster, self.server);
        self.has_time()?;
        let maintenance = match server.kind() {
            Some(ServerRole::DbServer) => Some(self.prepare(looks).await?),
            _ => None,
        };
        let before = self.before(looks).await?;
        self.news.tell(RestartStep::Restarting(server.clone()));
        restart(server.clone())
            .await
            .map_err(|source| Stopped::Restart { server: server.clone(), source })?;
        // Whoever wants it cancelled waits until this one is back, and so does the limit of the whole.
        let pace = self.pace.limit(self.plan.back_within);
        let mut looks = Looks::new(&cluster.database.transport, pace, &Arc::default());
        self.answers(&mut looks, before).await?;
        healthy::wait(cluster, &mut looks).await?;
        if let Some(maintenance) = maintenance {
            self.end(maintenance).await?;
        }
        self.preflight().wait(cluster, &mut looks, Duration::MAX).await?;
        self.tell_if_again(&mut looks, before).await;
        Ok(())
    }

    fn preflight(&self) -> Preflight<'static> {
        Preflight::AllInSync(self.plan.back_within)
    }

    /// Fails unless there is the time to see it back.
    fn has_time(&self) -> Result<(), Stopped> {
        let left = self.ends.saturating_duration_since(Instant::now());
        if left >= self.plan.back_within {
            return Ok(());
        }
        Err(Stopped::OutOfTime { limit: self.pace.limit, last: None })
    }

    /// Has others take over what it leads, and puts it into maintenance.
    async fn prepare(&self, looks: &Looks) -> Result<MaintenanceGuard, Stopped> {
        let (cluster, server) = (&self.plan.cluster, self.server);
        let wanted = Wanted::resignation(server);
        let start = || cluster.resign_leadership(server, Leaders::Return);
        let id = begin_once(cluster, &mut looks.beside(), start, &wanted, &self.preflight()).await?;
        job::follow(cluster, &id, &mut looks.undisturbed(), |_| ()).await?;
        looks.not_cancelled()?;
        let mut looks = looks.beside();
        let held = loop {
            match cluster.hold_server_maintenance(server, self.plan.maintenance).await {
                Ok(held) => break held,
                Err(error) => looks.pass_over(error, true).await?,
            }
        };
        self.news.tell(RestartStep::Prepared(server.clone()));
        Ok(held)
    }

    /// Its reboot id before the restart, once all is as it has to be for that. Nothing is half done until here.
    async fn before(&self, looks: &Looks) -> Result<Option<u64>, Stopped> {
        let cluster = &self.plan.cluster;
        let dump = self.preflight().look(cluster, &mut looks.beside(), |_| false).await?;
        // Nothing is waited for from here to the restart: what was seen is still true.
        looks.not_cancelled()?;
        self.has_time()?;
        let before = dump.reboot_id(self.server);
        if before.is_none() {
            self.news.tell(RestartStep::Unidentified(self.server.clone()));
        }
        Ok(before)
    }

    /// Waits until another process answers than before: what is said of its health may be said of the one before it.
    async fn answers(&self, looks: &mut Looks, before: Option<u64>) -> Result<(), Stopped> {
        let (cluster, server) = (&self.plan.cluster, self.server);
        if server.kind() == Some(ServerRole::Agent) {
            return Ok(()); // cannot be asked; health asks it
        }
        // The agency is not asked for all that it holds while nobody answers; and who answers after the id has risen is the
        // one for whom it rose. But for a coordinator that only hung: its id rises when the supervision gives it up.
        let look = || async {
            cluster.server_version(server).await?;
            let dump = cluster.agency_dump().await?;
            cluster.server_version(server).await?;
            Ok(dump)
        };
        loop {
            let after = looks.ask(look()).await?.map(|dump| dump.reboot_id(server));
            if after.is_some_and(|after| before.is_none() || after > before) {
                return Ok(());
            }
            let is_old = after.flatten().is_some();
            match looks.pause().await {
                Err(Stopped::OutOfTime { .. }) if is_old => {
                    return Err(Stopped::NotRestarted(server.clone()));
                }
                paused => paused?,
            }
        }
    }

    /// Takes it out of maintenance. One that was away for too long was taken out by the server, which is no reason to stop.
    async fn end(&self, maintenance: MaintenanceGuard) -> Result<(), Stopped> {
        let was_held = maintenance.is_held();
        match maintenance.end().await {
            Err(_) if !was_held => self.news.tell(RestartStep::MaintenanceLost(self.server.clone())),
            ended => ended.map_err(Stopped::Call)?,
        }
        Ok(())
    }

    /// Tells of more starts than one, if the agency tells: it is back all the same.
    async fn tell_if_again(&self, looks: &mut Looks, before: Option<u64>) {
        let Some(before) = before else { return };
        let Ok(Some(dump)) = looks.ask(self.plan.cluster.agency_dump()).await else { return };
        // That of a coordinator that the supervision gave up as failed has risen once more than it was started.
        let explained = if self.server.kind() == Some(ServerRole::Coordinator) { 2 } else { 1 };
        if dump.reboot_id(self.server).is_some_and(|after| after.saturating_sub(before) > explained) {
            self.news.tell(RestartStep::RestartedAgain(self.server.clone()));
        }
    }
}
