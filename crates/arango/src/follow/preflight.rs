//! What has to be seen right before something is done to the cluster, and for how long it holds.

use std::time::Duration;

use arango_cluster::{AgencyDump, HealthStatus, ServerHealth, ServerId, ServerRole};
use arango_transport::Error;
use tokio::time::Instant;

use super::looks::Looks;
use super::{Stopped, in_sync};
use crate::Cluster;

/// The longest time from the beginning of a look at health and shards to what is done because of it. Afterwards it is
/// looked again.
pub(super) const VALID_FOR: Duration = Duration::from_secs(10);

/// The same for a dump of the agency, which may be large: it tells which jobs there are, and no health.
const DUMP_VALID_FOR: Duration = Duration::from_secs(60);

/// What has to hold before something is done to the cluster.
pub(super) enum Preflight<'a> {
    /// Every server is good and every shard in sync. Waits for that for so long.
    AllInSync(Duration),
    /// Every DB-Server but this one is good.
    OtherDbServersGood(&'a ServerId),
    /// These servers are good. Waits for that for so long.
    Good([&'a ServerId; 2], Duration),
}

/// What one look saw.
struct Seen {
    began: Instant,
    sick: Vec<(ServerId, HealthStatus)>,
    behind: Vec<String>,
}

impl Seen {
    fn is_as_required(&self) -> bool {
        self.sick.is_empty() && self.behind.is_empty()
    }

    /// Why nothing may be done, if there is no time for another look.
    fn stopped(self) -> Stopped {
        if !self.sick.is_empty() {
            return Stopped::Unhealthy(self.sick);
        }
        if !self.behind.is_empty() {
            return Stopped::OutOfSync(self.behind);
        }
        Stopped::Outdated { age: self.began.elapsed() }
    }
}

impl Preflight<'_> {
    /// Looks until all is as required, and ends right then; before that it reads the agency, also again if that is too
    /// long ago by then. With a dump that makes what was to be done needless it ends at once.
    pub(super) async fn look(
        &self,
        cluster: &Cluster,
        looks: &mut Looks,
        is_needless: impl Fn(&AgencyDump) -> bool,
    ) -> Result<AgencyDump, Stopped> {
        let asked = || async {
            let asked = Instant::now();
            Ok((asked, cluster.agency_dump().await?))
        };
        loop {
            let (asked, dump) = looks.until(asked, Some).await?;
            if is_needless(&dump) {
                return Ok(dump);
            }
            self.wait(cluster, looks, VALID_FOR).await?;
            if asked.elapsed() <= DUMP_VALID_FOR {
                return Ok(dump);
            }
        }
    }

    /// Looks until one look shows that all is as required, and began no longer than `max_age` ago.
    pub(super) async fn wait(
        &self,
        cluster: &Cluster,
        looks: &mut Looks,
        max_age: Duration,
    ) -> Result<(), Stopped> {
        let mut looks = match self {
            Self::AllInSync(within) | Self::Good(_, within) => looks.no_longer_than(*within),
            Self::OtherDbServersGood(_) => looks.beside(),
        };
        let mut last = None;
        let holds = |seen: Seen| {
            let holds = seen.is_as_required() && seen.began.elapsed() <= max_age;
            last = Some(seen);
            holds.then_some(())
        };
        match looks.until(|| self.seen(cluster), holds).await {
            Err(Stopped::OutOfTime { last: None, limit }) => {
                Err(last.map_or(Stopped::OutOfTime { last: None, limit }, Seen::stopped))
            }
            ended => ended,
        }
    }

    async fn seen(&self, cluster: &Cluster) -> Result<Seen, Error> {
        let began = Instant::now();
        let behind = match self {
            Self::AllInSync(_) => in_sync::look(cluster).await?,
            _ => Vec::new(),
        };
        // Last, since health is what changes by itself.
        let health = cluster.health().await?;
        let sick = health.servers().filter(|(id, server)| self.is_about(id, server) && !server.is_good());
        let sick = sick.map(|(id, server)| (id.clone(), server.status.clone())).collect();
        Ok(Seen { began, sick, behind })
    }

    fn is_about(&self, id: &ServerId, server: &ServerHealth) -> bool {
        match self {
            Self::AllInSync(_) => true,
            Self::OtherDbServersGood(one) => server.role == ServerRole::DbServer && id != *one,
            Self::Good(servers, _) => servers.contains(&id),
        }
    }
}
