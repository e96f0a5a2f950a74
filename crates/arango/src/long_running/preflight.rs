//! Checks right before a change of the cluster, and how long their results are valid.

use std::time::Duration;

use arango_cluster::{AgencyDump, HealthStatus, ServerHealth, ServerId, ServerRole};
use arango_transport::Error;
use tokio::time::Instant;

use super::poll_loop::PollLoop;
use super::{StopReason, in_sync};
use crate::handles::cluster::Cluster;

/// The longest time from the start of a check to the change that depends on it.
///
/// After that the check is repeated.
pub(super) const VALID_FOR: Duration = Duration::from_secs(10);

/// The same for an agency dump, which may be large: it lists the jobs, not health.
const DUMP_VALID_FOR: Duration = Duration::from_secs(60);

/// The condition for a change of the cluster.
pub(super) enum Preflight<'a> {
    /// Every server is healthy and every shard in sync. Waits for this long.
    AllInSync(Duration),
    /// Every DB-Server but this one is healthy.
    OtherDbServersGood(&'a ServerId),
    /// These servers are healthy. Waits for this long.
    Good([&'a ServerId; 2], Duration),
}

/// The result of one check.
struct Observation {
    started_at: Instant,
    unhealthy: Vec<(ServerId, HealthStatus)>,
    out_of_sync: Vec<String>,
}

impl Observation {
    fn is_satisfied(&self) -> bool {
        self.unhealthy.is_empty() && self.out_of_sync.is_empty()
    }

    /// Returns why the change is not allowed, if there is no time for another check.
    #[inline]
    fn stop_reason(self) -> StopReason {
        if !self.unhealthy.is_empty() {
            return StopReason::Unhealthy(self.unhealthy);
        }
        if !self.out_of_sync.is_empty() {
            return StopReason::OutOfSync(self.out_of_sync);
        }
        StopReason::StaleHealthCheck { age: self.started_at.elapsed() }
    }
}

impl Preflight<'_> {
    /// Polls until the condition holds, and returns right then.
    ///
    /// The agency is read before, and again if its dump is too old by then. If the dump shows that the change is not
    /// needed, it returns at once.
    pub(super) async fn check(
        &self,
        cluster: &Cluster,
        polling: &mut PollLoop,
        is_needless: impl Fn(&AgencyDump) -> bool,
    ) -> Result<AgencyDump, StopReason> {
        let read_dump = || async {
            let requested_at = Instant::now();
            Ok((requested_at, cluster.agency_dump().await?))
        };
        loop {
            let (requested_at, dump) = polling.poll_until(read_dump, Some).await?;
            if is_needless(&dump) {
                return Ok(dump);
            }
            self.wait(cluster, polling, VALID_FOR).await?;
            if requested_at.elapsed() <= DUMP_VALID_FOR {
                return Ok(dump);
            }
        }
    }

    /// Polls until one check that began at most `max_age` ago shows that the condition holds.
    #[inline]
    pub(super) async fn wait(
        &self,
        cluster: &Cluster,
        polling: &mut PollLoop,
        max_age: Duration,
    ) -> Result<(), StopReason> {
        let mut polling = match self {
            Self::AllInSync(within) | Self::Good(_, within) => polling.fork_with_timeout(*within),
            Self::OtherDbServersGood(_) => polling.fork(),
        };
        let mut last = None;
        let holds = |seen: Observation| {
            let holds = seen.is_satisfied() && seen.started_at.elapsed() <= max_age;
            last = Some(seen);
            holds.then_some(())
        };
        match polling.poll_until(|| self.observe(cluster), holds).await {
            Err(StopReason::TimedOut { last_error: None, limit }) => {
                Err(last.map_or(StopReason::TimedOut { last_error: None, limit }, Observation::stop_reason))
            }
            ended => ended,
        }
    }

    #[inline]
    async fn observe(&self, cluster: &Cluster) -> Result<Observation, Error> {
        let started_at = Instant::now();
        let out_of_sync = match self {
            Self::AllInSync(_) => in_sync::find_out_of_sync(cluster).await?,
            _ => Vec::new(),
        };
        // Last, since health changes by itself.
        let health = cluster.health().await?;
        let unhealthy = health.servers().filter(|(id, server)| self.covers(id, server) && !server.is_good());
        let unhealthy = unhealthy.map(|(id, server)| (id.clone(), server.status.clone())).collect();
        Ok(Observation { started_at, unhealthy, out_of_sync })
    }

    #[inline]
    fn covers(&self, id: &ServerId, server: &ServerHealth) -> bool {
        match self {
            Self::AllInSync(_) => true,
            Self::OtherDbServersGood(one) => server.role == ServerRole::DbServer && id != *one,
            Self::Good(servers, _) => servers.contains(&id),
        }
    }
}
