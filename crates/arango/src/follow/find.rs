//! Starting a job once, and finding it where the answer to the start was lost.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arango_cluster::{AgencyDump, AgencyJob, JobId, JobType, MoveShard, ServerId, Timestamp};
use arango_transport::{Error, Outcome};

use super::looks::Looks;
use super::{Pace, Stopped};
use crate::Cluster;

/// A coordinator gives the agency 20 seconds to take a job; what is not there after them will not come.
const APPEARS_WITHIN: Duration = Duration::from_secs(25);

/// How far the clocks of the agency and of this client may be apart.
const SKEW: Duration = Duration::from_secs(60);

/// What tells a job from others.
pub(super) struct Wanted {
    kind: JobType,
    shard: Option<String>,
    /// The server that it is about, or from which a shard is moved; by its id or its short name, as the next.
    from: ServerId,
    to: Option<ServerId>,
}

impl Wanted {
    pub(super) fn move_of(shard: &MoveShard<'_>) -> Self {
        Self {
            kind: JobType::MoveShard,
            shard: Some(shard.shard().to_owned()),
            from: shard.from().clone(),
            to: Some(shard.to().clone()),
        }
    }

    pub(super) fn clean_out(server: &ServerId) -> Self {
        Self { kind: JobType::CleanOutServer, shard: None, from: server.clone(), to: None }
    }

    pub(super) fn resignation(server: &ServerId) -> Self {
        Self { kind: JobType::ResignLeadership, ..Self::clean_out(server) }
    }

    pub(super) fn is(&self, job: &AgencyJob, dump: &AgencyDump) -> bool {
        let same = |named: &ServerId, id: Option<&ServerId>| {
            id.is_some_and(|id| named == id || dump.short_name(id) == Some(named.as_str()))
        };
        job.kind == self.kind
            && job.shard == self.shard
            && same(&self.from, job.from_server.as_ref().or(job.server.as_ref()))
            && self.to.as_ref().is_none_or(|to| same(to, job.to_server.as_ref()))
    }

    /// The job in what the agency holds: one that is not over, whoever began it, since it does what was wanted; else
    /// the newest that was written down since `began`.
    pub(super) fn among(&self, dump: &AgencyDump, began: Option<SystemTime>) -> Option<JobId> {
        let jobs: Vec<_> = dump.jobs().into_iter().filter(|job| self.is(job, dump)).collect();
        let is_new = |job: &&AgencyJob| {
            let created = job.time_created.as_ref().and_then(Timestamp::time);
            created.zip(began).is_some_and(|(created, began)| created + SKEW >= began)
        };
        let running = jobs.iter().find(|job| !job.is_over());
        let ended = || jobs.iter().filter(is_new).max_by(|a, b| a.time_created.cmp(&b.time_created));
        running.or_else(ended).map(|job| job.id.clone())
    }
}

/// The job that does it: one that somebody has begun and that is not over, or a new one.
pub(super) async fn begin_once(
    cluster: &Cluster,
    looks: &mut Looks,
    start: impl Future<Output = Result<JobId, Error>>,
    wanted: &Wanted,
) -> Result<JobId, Stopped> {
    if let Some(id) = running(cluster, looks, wanted).await? {
        return Ok(id);
    }
    looks.not_cancelled()?;
    begin(cluster, start, wanted).await.map_err(Stopped::Call)
}

/// A job that does it already.
pub(super) async fn running(
    cluster: &Cluster,
    looks: &mut Looks,
    wanted: &Wanted,
) -> Result<Option<JobId>, Stopped> {
    let dump = looks.until(|| cluster.agency_dump(), Some).await?;
    Ok(wanted.among(&dump, None))
}

/// Starts a job. It is sent once, or again if it is proved that nobody has seen it.
pub(super) async fn begin(
    cluster: &Cluster,
    start: impl Future<Output = Result<JobId, Error>>,
    wanted: &Wanted,
) -> Result<JobId, Error> {
    let began = SystemTime::now();
    match start.await {
        Err(error) if error.outcome() == Outcome::Unknown => find(cluster, wanted, began).await.ok_or(error),
        answered => answered,
    }
}

/// Looks for the job in the agency until it is there or will not come.
async fn find(cluster: &Cluster, wanted: &Wanted, began: SystemTime) -> Option<JobId> {
    let pace = Pace::default().limit(APPEARS_WITHIN);
    let mut looks = Looks::new(&cluster.database.transport, pace, &Arc::default());
    let wanted = |dump| wanted.among(&dump, Some(began));
    looks.until(|| cluster.agency_dump(), wanted).await.ok()
}
