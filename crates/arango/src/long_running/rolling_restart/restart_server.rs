//! Restarting one server, and waiting until it is back.

use std::sync::Arc;
use std::time::Duration;

use arango_cluster::{ResignLeadership, ResignedLeaders, ServerId, ServerRole};
use tokio::time::Instant;

use super::{RestartFn, RestartStep, RollingRestart};
use crate::long_running::find_job::start_once;
use crate::long_running::poll_loop::PollLoop;
use crate::long_running::poller::ProgressSender;
use crate::long_running::preflight::Preflight;
use crate::long_running::{MaintenanceGuard, PollOptions, StopReason, healthy, job};

/// If the caller asks for the next step within this time, the check before the restart is not repeated.
const AT_ONCE: Duration = Duration::from_millis(100);

/// One server of a rolling restart.
pub(super) struct ServerRestart<'a> {
    pub(super) settings: &'a RollingRestart,
    pub(super) options: PollOptions,
    /// When the whole operation must have ended.
    pub(super) deadline: Instant,
    pub(super) server: &'a ServerId,
    pub(super) progress: &'a ProgressSender<RestartStep>,
}

impl ServerRestart<'_> {
    #[inline]
    pub(super) async fn restart(&self, polling: &PollLoop, restart: &RestartFn) -> Result<(), StopReason> {
        let (cluster, server) = (&self.settings.cluster, self.server);
        self.check_time_left()?;
        let maintenance = match server.kind() {
            Some(ServerRole::DbServer) => Some(self.prepare(polling).await?),
            _ => None,
        };
        let before = self.announce(polling).await?;
        restart(server.clone())
            .await
            .map_err(|source| StopReason::RestartFailed { server: server.clone(), source })?;
        // Cancellation and the overall limit take effect only after this server is back.
        let options = self.options.timeout(self.settings.restart_timeout);
        let mut polling = PollLoop::new(&cluster.database.transport, options, &Arc::default());
        self.wait_for_new_process(&mut polling, before).await?;
        healthy::wait(cluster, &mut polling).await?;
        if let Some(maintenance) = maintenance {
            self.end_maintenance(maintenance).await?;
        }
        self.preflight().wait(cluster, &mut polling, Duration::MAX).await?;
        self.report_multiple_restarts(&mut polling, before).await;
        Ok(())
    }

    fn preflight(&self) -> Preflight<'static> {
        Preflight::AllInSync(self.settings.restart_timeout)
    }

    /// Fails unless there is enough time to wait for its return.
    fn check_time_left(&self) -> Result<(), StopReason> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left >= self.settings.restart_timeout {
            return Ok(());
        }
        Err(StopReason::TimedOut { limit: self.options.timeout, last_error: None })
    }

    /// Moves its leaderships to other servers, and puts it into maintenance.
    #[inline]
    async fn prepare(&self, polling: &PollLoop) -> Result<MaintenanceGuard, StopReason> {
        let (cluster, server) = (&self.settings.cluster, self.server);
        let resigning = ResignLeadership { server, leaders: ResignedLeaders::MoveBack };
        let id = start_once(cluster, &mut polling.fork(), resigning, &self.preflight()).await?;
        job::watch(cluster, &id, &mut polling.fork_uncancellable(), |_| ()).await?;
        polling.check_cancelled()?;
        let mut polling = polling.fork();
        let guard = loop {
            match cluster.hold_server_maintenance(server, self.settings.maintenance).await {
                Ok(guard) => break guard,
                Err(error) => polling.wait_before_retry(error, true).await?,
            }
        };
        self.progress.send(RestartStep::Prepared(server.clone()));
        Ok(guard)
    }

    /// Announces the restart after the preflight check. Returns its reboot id before the restart.
    #[inline]
    async fn announce(&self, polling: &PollLoop) -> Result<Option<u64>, StopReason> {
        let before = self.reboot_id_before(polling).await?;
        if before.is_none() {
            self.progress.send(RestartStep::NoRebootId(self.server.clone()));
        }
        self.progress.send(RestartStep::Restarting(self.server.clone()));
        let announced_at = Instant::now();
        // Returns the steps to the caller, who may ask late for the next one.
        tokio::task::yield_now().await;
        if announced_at.elapsed() > AT_ONCE {
            return self.reboot_id_before(polling).await;
        }
        polling.check_cancelled()?;
        Ok(before)
    }

    /// Returns its reboot id before the restart, after the preflight check. No step is in progress until here.
    #[inline]
    async fn reboot_id_before(&self, polling: &PollLoop) -> Result<Option<u64>, StopReason> {
        let cluster = &self.settings.cluster;
        let dump = self.preflight().check(cluster, &mut polling.fork(), |_| false).await?;
        // Nothing is awaited between here and the restart, so the result of the check is still valid.
        polling.check_cancelled()?;
        self.check_time_left()?;
        Ok(dump.reboot_id(self.server))
    }

    /// Waits until a new process responds: its health may still be that of the previous process.
    #[inline]
    async fn wait_for_new_process(
        &self,
        polling: &mut PollLoop,
        before: Option<u64>,
    ) -> Result<(), StopReason> {
        let (cluster, server) = (&self.settings.cluster, self.server);
        if server.kind() == Some(ServerRole::Agent) {
            return Ok(()); // agents cannot be called through a coordinator; health covers them
        }
        // The large agency dump is read only once the server responds, and a server that responds after the id has
        // increased is the new process. The exception is a coordinator that only hung: its id increases when the
        // supervision declares it failed.
        let poll = || async {
            cluster.server_version(server).await?;
            let dump = cluster.agency_dump().await?;
            cluster.server_version(server).await?;
            Ok(dump)
        };
        loop {
            let after = polling.poll_once(poll()).await?.map(|dump| dump.reboot_id(server));
            if after.is_some_and(|after| before.is_none() || after > before) {
                return Ok(());
            }
            let is_old = after.flatten().is_some();
            match polling.pause().await {
                Err(StopReason::TimedOut { .. }) if is_old => {
                    return Err(StopReason::NotRestarted(server.clone()));
                }
                paused => paused?,
            }
        }
    }

    /// Ends the maintenance. One that the server ended itself because of a long downtime is no error.
    #[inline]
    async fn end_maintenance(&self, maintenance: MaintenanceGuard) -> Result<(), StopReason> {
        let was_held = maintenance.is_held();
        match maintenance.end().await {
            Err(_) if !was_held => self.progress.send(RestartStep::MaintenanceExpired(self.server.clone())),
            ended => ended.map_err(StopReason::Call)?,
        }
        Ok(())
    }

    /// Reports more than one start, if the agency shows it: the server is back nevertheless.
    #[inline]
    async fn report_multiple_restarts(&self, polling: &mut PollLoop, before: Option<u64>) {
        let Some(before) = before else { return };
        let Ok(Some(dump)) = polling.poll_once(self.settings.cluster.agency_dump()).await else { return };
        // The id of a coordinator that the supervision declared failed has increased once more than it was started.
        let explained = if self.server.kind() == Some(ServerRole::Coordinator) { 2 } else { 1 };
        if dump.reboot_id(self.server).is_some_and(|after| after.saturating_sub(before) > explained) {
            self.progress.send(RestartStep::MultipleRestarts(self.server.clone()));
        }
    }
}
