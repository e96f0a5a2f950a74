//! Starting a job once, and finding it where the answer to the start was lost.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arango_cluster::{AgencyDump, AgencyJob, JobId, JobType, MoveShard, ServerId};
use arango_transport::{Error, ErrorKind, Outcome};

use super::looks::Looks;
use super::preflight::Preflight;
use super::{Pace, Stopped};
use crate::Cluster;

/// A coordinator gives the agency 20 seconds to take a job; what is not there after them will not come.
const APPEARS_WITHIN: Duration = Duration::from_secs(25);

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

    /// The job in what the agency holds that does it already and is not over, whoever began it.
    pub(super) fn running_in(&self, dump: &AgencyDump) -> Option<JobId> {
        let jobs = dump.jobs().into_iter();
        jobs.filter(|job| !job.is_over() && self.is(job, dump)).map(|job| job.id).next()
    }
}

/// The jobs that the agency held before a start.
///
/// A job that was over before the start is never taken for the job of that start. Clocks play no part in it.
pub(super) struct JobsBefore {
    /// Whether each of them was over; `None` if the agency could not be read.
    over: Option<HashMap<JobId, bool>>,
}

impl JobsBefore {
    pub(super) fn of(dump: &AgencyDump) -> Self {
        let over = dump.jobs().into_iter().map(|job| (job.id.clone(), job.is_over()));
        Self { over: Some(over.collect()) }
    }

    /// Reads them from the agency. If that fails, a job that is over cannot be told from an older one.
    pub(super) async fn read(cluster: &Cluster) -> Self {
        cluster.agency_dump().await.map_or(Self { over: None }, |dump| Self::of(&dump))
    }

    /// The job in `dump` that a start most likely began, of those that do what was wanted: one that is not over before one
    /// that is, and a new one before one that was running before the start; of equals the newest.
    fn started(&self, wanted: &Wanted, dump: &AgencyDump) -> Option<(Likelihood, JobId)> {
        let jobs = dump.jobs().into_iter().filter(|job| wanted.is(job, dump));
        let ranked = jobs.filter_map(|job| Some((self.likelihood(&job)?, job.time_created, job.id)));
        let best = ranked.max_by(|(one, at, _), (other, later, _)| one.cmp(other).then(at.cmp(later)));
        best.map(|(likelihood, _, id)| (likelihood, id))
    }

    /// `None` if the start cannot have begun it.
    fn likelihood(&self, job: &AgencyJob) -> Option<Likelihood> {
        let was_over = self.over.as_ref().map(|before| before.get(&job.id).copied());
        match (was_over, job.is_over()) {
            (Some(None), false) => Some(Likelihood::New),
            (Some(Some(false)) | None, false) => Some(Likelihood::Running),
            (Some(None), true) => Some(Likelihood::NewAndOver),
            (Some(Some(false)), true) => Some(Likelihood::RanBefore),
            (Some(Some(true)), _) | (None, true) => None,
        }
    }
}

/// How likely it is that a job is the one of a start whose answer was lost, the least likely first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likelihood {
    /// It was running before the start and has ended since; the job of the start may still appear.
    RanBefore,
    /// It was not there before the start, and is over.
    NewAndOver,
    /// It is running, and was before the start, or may have been.
    Running,
    /// It was not there before the start, and is running.
    New,
}

/// The job that does it: one that is there and not over, or a new one, which is started right after `preflight` was
/// seen to hold. A start that was not executed, because of something that passes, is made again after another look.
pub(super) async fn begin_once<F>(
    cluster: &Cluster,
    looks: &mut Looks,
    start: impl Fn() -> F,
    wanted: &Wanted,
    preflight: &Preflight<'_>,
) -> Result<JobId, Stopped>
where
    F: Future<Output = Result<JobId, Error>>,
{
    loop {
        let dump = preflight.look(cluster, looks, |dump| wanted.running_in(dump).is_some()).await?;
        if let Some(id) = wanted.running_in(&dump) {
            return Ok(id);
        }
        looks.not_cancelled()?;
        match begin(cluster, start(), wanted, &JobsBefore::of(&dump)).await {
            Ok(id) => return Ok(id),
            Err(error) => looks.pass_over(error, false).await?,
        }
    }
}

/// A job that does it already.
pub(super) async fn running(
    cluster: &Cluster,
    looks: &mut Looks,
    wanted: &Wanted,
) -> Result<Option<JobId>, Stopped> {
    let dump = looks.until(|| cluster.agency_dump(), Some).await?;
    Ok(wanted.running_in(&dump))
}

/// Starts a job. It is sent once, or again if it is proved that nobody has seen it.
pub(super) async fn begin(
    cluster: &Cluster,
    start: impl Future<Output = Result<JobId, Error>>,
    wanted: &Wanted,
    before: &JobsBefore,
) -> Result<JobId, Error> {
    match start.await {
        Err(error) if hides_id(&error) => find(cluster, wanted, before).await.ok_or(error),
        answered => answered,
    }
}

/// Whether the start may have begun a job whose id was not read.
fn hides_id(error: &Error) -> bool {
    use ErrorKind as K;
    // Of what was executed, only what is no refusal.
    let is_unread = matches!(
        error.kind(),
        K::BodyInterrupted | K::BodyTimeout | K::BodyTooLarge | K::Decode | K::ResponseDropped
    );
    error.outcome() == Outcome::Unknown || (error.outcome() == Outcome::Executed && is_unread)
}

/// Looks for the job in the agency until it is there or will not come.
async fn find(cluster: &Cluster, wanted: &Wanted, before: &JobsBefore) -> Option<JobId> {
    let pace = Pace::default().limit(APPEARS_WITHIN);
    let mut looks = Looks::new(&cluster.database.transport, pace, &Arc::default());
    let mut ran_before = None;
    let started = |dump: AgencyDump| {
        let (likelihood, id) = before.started(wanted, &dump)?;
        if likelihood == Likelihood::RanBefore {
            ran_before = Some(id);
            return None;
        }
        Some(id)
    };
    looks.until(|| cluster.agency_dump(), started).await.ok().or(ran_before)
}
