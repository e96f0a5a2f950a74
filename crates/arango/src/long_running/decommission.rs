//! Removing a DB-Server from the cluster.

use std::fmt;

use arango_cluster::{
    AgencyJob, CleanOutServer, ClusterHealth, JobId, ResignLeadership, ResignedLeaders, ServerId, ServerRole,
};
use arango_transport::{ErrorKind, Outcome};
use tokio::time::Instant;

use super::find_job::{JobOperation, find_running_job, start_once};
use super::poll_loop::PollLoop;
use super::poller::ProgressSender;
use super::preflight::{Preflight, VALID_FOR};
use super::{PollOptions, Poller, StopReason, healthy, job};
use crate::handles::cluster::Cluster;

/// The progress of removing a DB-Server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecommissionReport {
    /// The last job that was watched: it can be [watched again](Cluster::watch_job).
    pub job: Option<JobId>,
    /// Whether it holds no shards, and gets none.
    pub cleaned_out: bool,
    /// Whether the cluster no longer lists it.
    pub removed: bool,
}

/// A step of removing a DB-Server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecommissionStep {
    /// The job that moves its leaderships, or then its shards, has progressed.
    JobUpdated(Box<AgencyJob>),
    /// It holds no shards.
    ///
    /// **The operator must stop it now**: only a failed server can be removed.
    CleanedOut,
    /// It was removed, or did not exist.
    Removed,
}

impl fmt::Display for DecommissionStep {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::JobUpdated(job) => job.fmt(f),
            Self::CleanedOut => f.write_str("it holds no shards: stop it now"),
            Self::Removed => f.write_str("the cluster does not list it"),
        }
    }
}

impl Cluster {
    /// Removes a DB-Server, by its id, from the cluster.
    ///
    /// First other servers take over its leaderships, then its shards are moved off. Once the operator has stopped
    /// it, it is removed.
    ///
    /// It starts from the current state, so it can be repeated from any point and by any client: a running job that
    /// does the same is watched instead of started again, and completed steps are skipped. So an id that the cluster does
    /// not list counts as removed, also a misspelt one. A server that holds shards is never removed.
    ///
    /// No job is started while another DB-Server is unhealthy. If one is unhealthy at the beginning, the operation
    /// ends with [`StopReason::Unhealthy`]; later it waits for that server. Health is checked right before each job,
    /// and health and shards right before the removal. The result of a check is at most ten seconds old when it is
    /// used; otherwise the check is repeated.
    ///
    /// Cancellation cancels the job that moves its shards, or starts no further step; shards that were moved stay
    /// where they are. A server that was [cleaned out](arango_cluster::ServerCount::cleaned) can be used again with
    /// [`set_server_count`](Self::set_server_count).
    #[inline]
    pub fn decommission_server(
        &self,
        server: &ServerId,
        options: PollOptions,
    ) -> Poller<DecommissionStep, DecommissionReport> {
        let (cluster, server) = (self.clone(), server.clone());
        Poller::new(move |progress, cancellation| async move {
            let mut polling = PollLoop::new(&cluster.database.transport, options, &cancellation);
            let mut operation = DecommissionOperation {
                cluster: &cluster,
                server: &server,
                progress: &progress,
                report: DecommissionReport::default(),
            };
            let ended = operation.run(&mut polling).await;
            (operation.report, ended)
        })
    }
}

/// Whether a server can be removed.
enum RemovalState {
    AlreadyRemoved,
    NotYet,
    /// Health allows it; `shards` is the number of shard copies on it by the shard statistics.
    Allowed {
        shards: u64,
    },
}

struct DecommissionOperation<'a> {
    cluster: &'a Cluster,
    server: &'a ServerId,
    progress: &'a ProgressSender<DecommissionStep>,
    report: DecommissionReport,
}

impl DecommissionOperation<'_> {
    #[inline]
    async fn run(&mut self, polling: &mut PollLoop) -> Result<(), StopReason> {
        if self.server.kind() != Some(ServerRole::DbServer) {
            return Err(StopReason::NotADbServer(self.server.clone()));
        }
        let health = self.health(polling).await?;
        if health.get(self.server).is_none() {
            self.mark_removed();
            return Ok(());
        }
        if !self.is_cleaned_out(polling).await? {
            self.check_other_servers(&health)?;
            self.clean_out(polling).await?;
        }
        self.report.cleaned_out = true;
        self.progress.send(DecommissionStep::CleanedOut);
        self.remove(polling).await
    }

    #[inline]
    async fn clean_out(&mut self, polling: &mut PollLoop) -> Result<(), StopReason> {
        let (cluster, server) = (self.cluster, self.server);
        let preflight = Preflight::OtherDbServersGood(server);
        let cleaning = CleanOutServer { server };
        if find_running_job(cluster, polling, &cleaning.spec()).await?.is_none() {
            let resigning = ResignLeadership { server, leaders: ResignedLeaders::Stay };
            let id = start_once(cluster, polling, resigning, &preflight).await?;
            // It cannot be cancelled, and ends soon.
            self.watch(&mut polling.fork_uncancellable(), id).await?;
        }
        let id = start_once(cluster, polling, cleaning, &preflight).await?;
        self.watch(polling, id).await?;
        // Shards that were placed on it meanwhile, or that the job left.
        let left = self.shards(polling).await?;
        if left == 0 {
            return Ok(());
        }
        Err(StopReason::HoldsShards { server: self.server.clone(), shards: left })
    }

    /// Removes it once it has failed and the agency reports that it holds no shards.
    #[inline]
    async fn remove(&mut self, polling: &mut PollLoop) -> Result<(), StopReason> {
        polling.reset();
        let (cluster, server) = (self.cluster, self.server);
        while self.wait_until_removable(polling).await? {
            polling.check_cancelled()?;
            match cluster.remove_server(server).await {
                Err(error) if error.kind() == ErrorKind::NotFound => break,
                // An intermediary may name ArangoDB in an empty success, and a failure may have an unknown outcome. The next
                // poll shows whether the server was removed; it is also the way to wait while removal is not allowed yet.
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::PreconditionFailed || error.is_transient() => {}
                Err(error) if error.outcome() == Outcome::Unknown => {}
                Err(error) => return Err(StopReason::Call(error)),
            }
            polling.pause().await?;
        }
        self.mark_removed();
        Ok(())
    }

    /// Polls until it may be removed, or is removed. Returns right after the poll, which began at most [`VALID_FOR`]
    /// ago.
    #[inline]
    async fn wait_until_removable(&self, polling: &mut PollLoop) -> Result<bool, StopReason> {
        let (cluster, server) = (self.cluster, self.server);
        let poll = || async {
            let started_at = Instant::now();
            let health = cluster.health().await?;
            let Some(record) = health.get(server) else {
                return Ok((started_at, RemovalState::AlreadyRemoved));
            };
            if !record.can_be_deleted {
                return Ok((started_at, RemovalState::NotYet));
            }
            let held = cluster.shard_statistics(Some(server)).await?;
            Ok((started_at, RemovalState::Allowed { shards: held.leaders + held.followers }))
        };
        let decided = |(started_at, removal): (Instant, RemovalState)| match removal {
            RemovalState::AlreadyRemoved => Some(Ok(false)),
            RemovalState::NotYet => None,
            RemovalState::Allowed { shards: 0 } => (started_at.elapsed() <= VALID_FOR).then_some(Ok(true)),
            RemovalState::Allowed { shards } => {
                Some(Err(StopReason::HoldsShards { server: server.clone(), shards }))
            }
        };
        polling.poll_until(poll, decided).await?
    }

    /// Fails if a DB-Server that could take over is unhealthy.
    #[inline]
    fn check_other_servers(&self, health: &ClusterHealth) -> Result<(), StopReason> {
        let mut unhealthy = healthy::unhealthy_servers(health);
        unhealthy.retain(|(id, _)| id != self.server && id.kind() == Some(ServerRole::DbServer));
        if unhealthy.is_empty() { Ok(()) } else { Err(StopReason::Unhealthy(unhealthy)) }
    }

    #[inline]
    fn mark_removed(&mut self) {
        (self.report.cleaned_out, self.report.removed) = (true, true);
        self.progress.send(DecommissionStep::Removed);
    }

    #[inline]
    async fn watch(&mut self, polling: &mut PollLoop, id: JobId) -> Result<(), StopReason> {
        polling.reset();
        self.report.job = Some(id.clone());
        let report =
            |job: &AgencyJob| self.progress.send(DecommissionStep::JobUpdated(Box::new(job.clone())));
        job::watch(self.cluster, &id, polling, report).await.map(drop)
    }

    #[inline]
    async fn health(&self, polling: &mut PollLoop) -> Result<ClusterHealth, StopReason> {
        polling.poll_until(|| self.cluster.health(), Some).await
    }

    /// Returns whether it is marked as cleaned out and holds no shards.
    #[inline]
    async fn is_cleaned_out(&self, polling: &mut PollLoop) -> Result<bool, StopReason> {
        let cleaned = polling.poll_until(|| self.cluster.server_count(), |count| Some(count.cleaned)).await?;
        Ok(cleaned.contains(self.server) && self.shards(polling).await? == 0)
    }

    #[inline]
    async fn shards(&self, polling: &mut PollLoop) -> Result<u64, StopReason> {
        let counts = polling.poll_until(|| self.cluster.shard_statistics(Some(self.server)), Some).await?;
        Ok(counts.leaders + counts.followers)
    }
}
