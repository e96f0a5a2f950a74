//! Restarting servers one by one.

mod one;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arango_cluster::{ServerId, ServerRole};
use arango_transport::{BoxError, BoxFuture};
use tokio::time::Instant;

use self::one::One;
use super::looks::Looks;
use super::{Following, Pace, Stopped, healthy, in_sync};
use crate::Cluster;

/// Restarts servers one by one: DB-Servers first, then coordinators; see [`Cluster::rolling_restart`].
#[must_use = "it restarts nothing until it is run"]
pub struct RollingRestart {
    cluster: Cluster,
    roles: Vec<ServerRole>,
    skipping: Vec<ServerId>,
    maintenance: Duration,
    back_within: Duration,
}

/// A step of a rolling restart.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestartStep {
    /// Others have taken over what this DB-Server leads, and it is in maintenance.
    Prepared(ServerId),
    /// The agency tells no reboot id of it, as of no agent: it counts as back once it answers and is good, although nobody
    /// can tell that its process was ended.
    Unidentified(ServerId),
    /// The caller is to restart it now.
    Restarting(ServerId),
    /// It was away for longer than its [maintenance](RollingRestart::maintenance) lasted, so others may have taken its places.
    MaintenanceLost(ServerId),
    /// By its reboot id it has started more than once since: it may crash, or somebody else restarts it too.
    RestartedAgain(ServerId),
    /// Another process than before answers, all servers are good, and all shards are in sync.
    Back(ServerId),
}

/// What restarts a server.
type Restart = Arc<dyn Fn(ServerId) -> BoxFuture<'static, Result<(), BoxError>> + Send + Sync>;

impl RollingRestart {
    /// Restarts the servers of these roles, in this order. Default: DB-Servers, then coordinators.
    ///
    /// Agents are not asked for here, and are good when they answer: whether the agency would lose its majority is not
    /// looked at.
    pub fn roles(mut self, roles: impl IntoIterator<Item = ServerRole>) -> Self {
        self.roles = roles.into_iter().collect();
        self
    }

    /// Passes over these: to go on where a restart stopped, with what [was done](super::Unfinished::done) until then, or
    /// with the servers that it told to be [back](RestartStep::Back). Default: none.
    ///
    /// Whoever was away when it stopped has to be back first, and belongs to them then. A name that no server has ends the
    /// work before it begins, with [`Stopped::UnknownServer`].
    pub fn skipping(mut self, servers: impl IntoIterator<Item = ServerId>) -> Self {
        self.skipping.extend(servers);
        self
    }

    /// Sets for how long a DB-Server is in maintenance at a time, while it is away. Default: 10 minutes.
    ///
    /// A server that is away cannot be taken out of it, nor can it be made to last longer, so this is how long it outlasts
    /// one that does not return. One that returns later still is told of, with [`RestartStep::MaintenanceLost`].
    pub fn maintenance(mut self, each: Duration) -> Self {
        self.maintenance = each;
        self
    }

    /// Limits how long each server may take until it is back and all shards are in sync, from the end of the restart that
    /// the caller made. Default: 10 minutes.
    ///
    /// No server is begun unless so much is left of the limit of the [`Pace`]; else it ends with [`Stopped::OutOfTime`]. One
    /// that was begun has all of it, also beyond that limit.
    pub fn back_within(mut self, limit: Duration) -> Self {
        self.back_within = limit;
        self
    }

    /// Restarts them, each with `restart`, whose future ends when the process has been started again; it need not answer yet.
    /// A server has returned when its reboot id has risen: one whose process was never ended ends the work with
    /// [`Stopped::NotRestarted`]. A coordinator that only hung until the supervision gave it up as failed cannot be told from
    /// one that was restarted.
    ///
    /// Nothing is begun unless every server is good and every shard in sync, and nothing goes on before they are again, both
    /// at one look. Such a look is the last thing before each resignation and each restart: what it saw is at most ten
    /// seconds old when `restart` is called, or it is made again. It ends with the servers that were restarted; at the first that
    /// fails, with those before it. Cancelled, it stops before the next restart. The future of a restart is dropped with the
    /// handle.
    pub fn run<F>(
        self,
        pace: Pace,
        restart: impl Fn(ServerId) -> F + Send + Sync + 'static,
    ) -> Following<RestartStep, Vec<ServerId>>
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        let restart: Restart = Arc::new(move |server| Box::pin(restart(server)));
        Following::new(|news, wish| async move {
            let ends = Instant::now() + pace.limit;
            let mut looks = Looks::new(&self.cluster.database.transport, pace, &wish);
            let mut restarted = Vec::new();
            let ended = async {
                for server in self.servers(&mut looks).await? {
                    looks.not_cancelled()?;
                    let one = One { plan: &self, pace, ends, server: &server, news: &news };
                    one.restart(&looks, &restart).await?;
                    news.tell(RestartStep::Back(server.clone()));
                    restarted.push(server);
                }
                Ok(())
            }
            .await;
            (restarted, ended)
        })
    }

    /// The servers in their order; fails unless the cluster is in a state to lose one for a while.
    async fn servers(&self, looks: &mut Looks) -> Result<Vec<ServerId>, Stopped> {
        let cluster = &self.cluster;
        let health = looks.until(|| cluster.health(), Some).await?;
        if !health.all_good() {
            return Err(Stopped::Unhealthy(healthy::sick_of(&health)));
        }
        if let Some(nobody) = self.skipping.iter().find(|server| health.get(server).is_none()) {
            return Err(Stopped::UnknownServer(nobody.clone()));
        }
        let behind = looks.until(|| in_sync::look(cluster), Some).await?;
        if !behind.is_empty() {
            return Err(Stopped::OutOfSync(behind));
        }
        let of = |role: &ServerRole| {
            let role = role.clone();
            health.servers().filter(move |(_, server)| server.role == role).map(|(id, _)| id.clone())
        };
        Ok(self.roles.iter().flat_map(of).filter(|server| !self.skipping.contains(server)).collect())
    }
}

impl fmt::Debug for RollingRestart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { roles, skipping, .. } = self;
        f.debug_struct("RollingRestart")
            .field("roles", roles)
            .field("skipping", skipping)
            .finish_non_exhaustive()
    }
}

impl Cluster {
    /// Begins a restart of servers one by one, such as for an upgrade.
    ///
    /// Before a DB-Server is restarted, followers take over what it leads, and it is put into
    /// [maintenance](Self::hold_server_maintenance), so that nobody takes its shards over while it is away. A client that is
    /// lost on the way leaves nothing behind that does not end by itself; another goes on,
    /// [skipping](RollingRestart::skipping) what is done.
    ///
    /// ```no_run
    /// # use arango::follow::Pace;
    /// # async fn restart(server: &str) -> Result<(), std::io::Error> { Ok(()) }
    /// # async fn example(cluster: arango::Cluster) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut restart = cluster.rolling_restart().run(Pace::default(), |server| async move {
    ///     restart(server.as_str()).await?; // by systemd, Kubernetes, …
    ///     Ok(())
    /// });
    /// while let Some(step) = restart.next().await {
    ///     println!("{step:?}");
    /// }
    /// println!("{} were restarted", restart.finished().await?.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn rolling_restart(&self) -> RollingRestart {
        let minutes = Duration::from_secs(600);
        RollingRestart {
            cluster: self.clone(),
            roles: vec![ServerRole::DbServer, ServerRole::Coordinator],
            skipping: Vec::new(),
            maintenance: minutes,
            back_within: minutes,
        }
    }
}
