//! Restarting servers one by one.

mod restart_server;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arango_cluster::{ServerId, ServerRole};
use arango_transport::{BoxError, BoxFuture};
use tokio::time::Instant;

use self::restart_server::ServerRestart;
use super::poll_loop::PollLoop;
use super::{PollOptions, Poller, StopReason, healthy, in_sync};
use crate::handles::cluster::Cluster;

/// Restarts servers one by one: DB-Servers first, then coordinators; see [`Cluster::rolling_restart`].
#[must_use = "it restarts nothing until it is run"]
pub struct RollingRestart {
    cluster: Cluster,
    roles: Vec<ServerRole>,
    skip: Vec<ServerId>,
    maintenance: Duration,
    restart_timeout: Duration,
}

/// A step of a rolling restart.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestartStep {
    /// Its leaderships were moved to other servers, and it is in maintenance.
    Prepared(ServerId),
    /// The agency has no reboot id of it, as for every agent.
    ///
    /// It counts as restarted once it responds and is healthy, although it is unknown whether its process was
    /// replaced.
    NoRebootId(ServerId),
    /// The caller's function is called next to restart it.
    ///
    /// The step is returned before that, so it can be logged first. If the caller then waits before it asks for the next
    /// step, the check is repeated.
    Restarting(ServerId),
    /// It was down for longer than its [maintenance](RollingRestart::maintenance).
    ///
    /// So its shards may have moved.
    MaintenanceExpired(ServerId),
    /// Its reboot id shows more than one start.
    ///
    /// It may crash, or is also restarted by another program.
    MultipleRestarts(ServerId),
    /// A new process responds, and the cluster is healthy again.
    ///
    /// All servers are healthy, and all shards are in sync.
    Restarted(ServerId),
}

impl fmt::Display for RestartStep {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (server, step) = match self {
            Self::Prepared(server) => (server, "is in maintenance and leads no shards"),
            Self::NoRebootId(server) => (server, "has no reboot id, so a restart cannot be proved"),
            Self::Restarting(server) => (server, "is restarted now"),
            Self::MaintenanceExpired(server) => (server, "was down for longer than its maintenance"),
            Self::MultipleRestarts(server) => (server, "has started more than once"),
            Self::Restarted(server) => (server, "is back, and the cluster is healthy"),
        };
        write!(f, "{server} {step}")
    }
}

/// The caller's function that restarts a server.
type RestartFn = Arc<dyn Fn(ServerId) -> BoxFuture<'static, Result<(), BoxError>> + Send + Sync>;

impl RollingRestart {
    /// Sets the roles to restart, in this order.
    ///
    /// Default: DB-Servers, then coordinators.
    ///
    /// Agents are not restarted by default, and count as restarted when they respond: whether the agency would lose
    /// its majority is not checked.
    pub fn roles(mut self, roles: impl IntoIterator<Item = ServerRole>) -> Self {
        self.roles = roles.into_iter().collect();
        self
    }

    /// Skips these servers. Default: none.
    ///
    /// To resume a restart that stopped, pass its [progress](super::Incomplete::progress), or the servers that it
    /// reported as [restarted](RestartStep::Restarted). A server that was down when it stopped must be running again
    /// first, and then be included. An id that no server has ends the operation before it starts, with
    /// [`StopReason::UnknownServer`].
    pub fn skip(mut self, servers: impl IntoIterator<Item = ServerId>) -> Self {
        self.skip.extend(servers);
        self
    }

    /// Sets the duration of a DB-Server's maintenance while it is down.
    ///
    /// Default: 10 minutes. The maintenance of a server that is down can be neither ended nor extended, so this is how
    /// long it outlasts a server that does not return. A server that returns later is reported with
    /// [`RestartStep::MaintenanceExpired`].
    pub fn maintenance(mut self, each: Duration) -> Self {
        self.maintenance = each;
        self
    }

    /// Limits the time until a server is back and in sync.
    ///
    /// Includes all shards. Default: 10 minutes.
    ///
    /// It starts when the caller's function has returned. No server is restarted unless this much is left of the
    /// limit of the [`PollOptions`]; else the operation ends with [`StopReason::TimedOut`]. A server whose restart
    /// has begun gets all of it, even beyond that limit.
    pub fn restart_timeout(mut self, limit: Duration) -> Self {
        self.restart_timeout = limit;
        self
    }

    /// Restarts the servers with the function `restart`.
    ///
    /// Its future completes when the process has been started again; it need not respond yet. A server has returned
    /// when its reboot id has increased: one whose process was never replaced ends the operation with
    /// [`StopReason::NotRestarted`]. A coordinator that only hung until the supervision declared it failed cannot be
    /// distinguished from one that was restarted.
    ///
    /// Nothing starts unless every server is healthy and every shard in sync, and nothing continues before they are
    /// again, both in one check. Such a check is the last call before each resignation and each restart: it is at
    /// most ten seconds old when `restart` is called, or it is repeated. The result is the list of restarted servers;
    /// at the first failure, the servers before it. Cancellation stops before the next restart. The future of a
    /// restart is dropped with the handle.
    pub fn run<F>(
        self,
        options: PollOptions,
        restart: impl Fn(ServerId) -> F + Send + Sync + 'static,
    ) -> Poller<RestartStep, Vec<ServerId>>
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        let restart: RestartFn = Arc::new(move |server| Box::pin(restart(server)));
        Poller::new(|progress, cancellation| async move {
            let deadline = Instant::now() + options.timeout;
            let mut polling = PollLoop::new(&self.cluster.database.transport, options, &cancellation);
            let mut restarted = Vec::new();
            let ended = async {
                for server in self.servers(&mut polling).await? {
                    polling.check_cancelled()?;
                    let server_restart = ServerRestart {
                        settings: &self,
                        options,
                        deadline,
                        server: &server,
                        progress: &progress,
                    };
                    server_restart.restart(&polling, &restart).await?;
                    progress.send(RestartStep::Restarted(server.clone()));
                    restarted.push(server);
                }
                Ok(())
            }
            .await;
            (restarted, ended)
        })
    }

    /// Returns the servers in their order; fails unless every server is healthy and every shard in sync.
    #[inline]
    async fn servers(&self, polling: &mut PollLoop) -> Result<Vec<ServerId>, StopReason> {
        let cluster = &self.cluster;
        let health = polling.poll_until(|| cluster.health(), Some).await?;
        if !health.all_good() {
            return Err(StopReason::Unhealthy(healthy::unhealthy_servers(&health)));
        }
        if let Some(unknown) = self.skip.iter().find(|server| health.get(server).is_none()) {
            return Err(StopReason::UnknownServer(unknown.clone()));
        }
        let out_of_sync = polling.poll_until(|| in_sync::find_out_of_sync(cluster), Some).await?;
        if !out_of_sync.is_empty() {
            return Err(StopReason::OutOfSync(out_of_sync));
        }
        let with_role = |role: &ServerRole| {
            let role = role.clone();
            health.servers().filter(move |(_, server)| server.role == role).map(|(id, _)| id.clone())
        };
        Ok(self.roles.iter().flat_map(with_role).filter(|server| !self.skip.contains(server)).collect())
    }
}

impl fmt::Debug for RollingRestart {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { roles, skip, .. } = self;
        f.debug_struct("RollingRestart").field("roles", roles).field("skip", skip).finish_non_exhaustive()
    }
}

impl Cluster {
    /// Returns a rolling restart of servers, for example for an upgrade.
    ///
    /// Before a DB-Server is restarted, followers take over its leaderships, and it is put into
    /// [maintenance](Self::hold_server_maintenance), so that its shards are not moved while it is down. A client that
    /// is lost meanwhile leaves nothing behind that does not end by itself; another client can resume,
    /// [skipping](RollingRestart::skip) the servers that are done.
    ///
    /// ```no_run
    /// # use arango::long_running::PollOptions;
    /// # async fn restart(server: &str) -> Result<(), std::io::Error> { Ok(()) }
    /// # async fn example(cluster: arango::Cluster) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut restart = cluster.rolling_restart().run(PollOptions::default(), |server| async move {
    ///     restart(server.as_str()).await?; // by systemd, Kubernetes, …
    ///     Ok(())
    /// });
    /// while let Some(step) = restart.next().await {
    ///     println!("{step:?}");
    /// }
    /// println!("{} servers were restarted", restart.wait().await?.len());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn rolling_restart(&self) -> RollingRestart {
        let minutes = Duration::from_secs(600);
        RollingRestart {
            cluster: self.clone(),
            roles: vec![ServerRole::DbServer, ServerRole::Coordinator],
            skip: Vec::new(),
            maintenance: minutes,
            restart_timeout: minutes,
        }
    }
}
