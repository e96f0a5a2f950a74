//! Starting a job once, and finding it if the response to the start was lost.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arango_cluster::{AgencyDump, AgencyJob, JobId, JobType, MoveShard, ServerId};
use arango_transport::{Error, ErrorKind, Outcome};

use super::poll_loop::PollLoop;
use super::preflight::Preflight;
use super::{PollOptions, StopReason};
use crate::handles::cluster::Cluster;

/// A coordinator gives the agency 20 seconds to accept a job. A job that is not listed after them was not accepted.
const JOB_APPEARS_TIMEOUT: Duration = Duration::from_secs(25);

/// The properties that identify a job.
pub(super) struct JobSpec {
    kind: JobType,
    shard: Option<String>,
    /// The server that the job is about, or from which a shard is moved; by id or short name, like the next field.
    from: ServerId,
    to: Option<ServerId>,
}

impl JobSpec {
    pub(super) fn move_shard(shard: &MoveShard<'_>) -> Self {
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

    pub(super) fn matches(&self, job: &AgencyJob, dump: &AgencyDump) -> bool {
        let same = |named: &ServerId, id: Option<&ServerId>| {
            id.is_some_and(|id| named == id || dump.short_name(id) == Some(named.as_str()))
        };
        job.kind == self.kind
            && job.shard == self.shard
            && same(&self.from, job.from_server.as_ref().or(job.server.as_ref()))
            && self.to.as_ref().is_none_or(|to| same(to, job.to_server.as_ref()))
    }

    /// Returns an unfinished job in the agency that does the same, regardless of who started it.
    pub(super) fn find_running(&self, dump: &AgencyDump) -> Option<JobId> {
        let jobs = dump.jobs().into_iter();
        jobs.filter(|job| !job.is_over() && self.matches(job, dump)).map(|job| job.id).next()
    }
}

/// The jobs that the agency held before a start.
///
/// A job that had ended before the start is never taken for the job of that start. Clocks are not compared.
pub(super) struct JobSnapshot {
    /// Whether each of them had ended; `None` if the agency could not be read.
    finished: Option<HashMap<JobId, bool>>,
}

impl JobSnapshot {
    pub(super) fn from_dump(dump: &AgencyDump) -> Self {
        let over = dump.jobs().into_iter().map(|job| (job.id.clone(), job.is_over()));
        Self { finished: Some(over.collect()) }
    }

    /// Reads them from the agency. If that fails, a job that has ended cannot be distinguished from an older one.
    pub(super) async fn read(cluster: &Cluster) -> Self {
        cluster.agency_dump().await.map_or(Self { finished: None }, |dump| Self::from_dump(&dump))
    }

    /// Returns the job in `dump` that a start most likely created, among those that match.
    ///
    /// An unfinished job is preferred to one that has ended, and a new job to one that was running before the start;
    /// among equals the newest.
    fn find_started(&self, spec: &JobSpec, dump: &AgencyDump) -> Option<(Likelihood, JobId)> {
        let jobs = dump.jobs().into_iter().filter(|job| spec.matches(job, dump));
        let ranked = jobs.filter_map(|job| Some((self.likelihood(&job)?, job.time_created, job.id)));
        let best = ranked.max_by(|(one, at, _), (other, later, _)| one.cmp(other).then(at.cmp(later)));
        best.map(|(likelihood, _, id)| (likelihood, id))
    }

    /// `None` if the start cannot have created it.
    fn likelihood(&self, job: &AgencyJob) -> Option<Likelihood> {
        let was_over = self.finished.as_ref().map(|before| before.get(&job.id).copied());
        match (was_over, job.is_over()) {
            (Some(None), false) => Some(Likelihood::New),
            (Some(Some(false)) | None, false) => Some(Likelihood::Running),
            (Some(None), true) => Some(Likelihood::NewFinished),
            (Some(Some(false)), true) => Some(Likelihood::FinishedSince),
            (Some(Some(true)), _) | (None, true) => None,
        }
    }
}

/// How likely a job belongs to a start whose response was lost, the least likely first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likelihood {
    /// It was running before the start and has ended since; the job of the start may still appear.
    FinishedSince,
    /// It did not exist before the start, and has ended.
    NewFinished,
    /// It is running, and existed before the start, or may have.
    Running,
    /// It did not exist before the start, and is running.
    New,
}

/// Returns a matching unfinished job, or starts one right after `preflight` has passed.
///
/// A start that failed transiently and was not executed is retried after another preflight check.
pub(super) async fn start_once<F>(
    cluster: &Cluster,
    polling: &mut PollLoop,
    start: impl Fn() -> F,
    spec: &JobSpec,
    preflight: &Preflight<'_>,
) -> Result<JobId, StopReason>
where
    F: Future<Output = Result<JobId, Error>>,
{
    loop {
        let dump = preflight.check(cluster, polling, |dump| spec.find_running(dump).is_some()).await?;
        if let Some(id) = spec.find_running(&dump) {
            return Ok(id);
        }
        polling.check_cancelled()?;
        match start_job(cluster, start(), spec, &JobSnapshot::from_dump(&dump)).await {
            Ok(id) => return Ok(id),
            Err(error) => polling.wait_before_retry(error, false).await?,
        }
    }
}

/// Returns an unfinished job that does the same.
pub(super) async fn find_running_job(
    cluster: &Cluster,
    polling: &mut PollLoop,
    spec: &JobSpec,
) -> Result<Option<JobId>, StopReason> {
    let dump = polling.poll_until(|| cluster.agency_dump(), Some).await?;
    Ok(spec.find_running(&dump))
}

/// Starts a job. The start is sent once, or again only if it certainly reached no server.
pub(super) async fn start_job(
    cluster: &Cluster,
    start: impl Future<Output = Result<JobId, Error>>,
    spec: &JobSpec,
    before: &JobSnapshot,
) -> Result<JobId, Error> {
    match start.await {
        Err(error) if may_have_started(&error) => find_started_job(cluster, spec, before).await.ok_or(error),
        result => result,
    }
}

/// Returns whether the start may have created a job whose id was not received.
fn may_have_started(error: &Error) -> bool {
    use ErrorKind as K;
    // Of the executed starts, only those that were not refused.
    let is_unread = matches!(
        error.kind(),
        K::BodyInterrupted | K::BodyTimeout | K::BodyTooLarge | K::Decode | K::ResponseDropped
    );
    error.outcome() == Outcome::Unknown || (error.outcome() == Outcome::Executed && is_unread)
}

/// Polls the agency until the job is listed or can no longer appear.
async fn find_started_job(cluster: &Cluster, spec: &JobSpec, before: &JobSnapshot) -> Option<JobId> {
    let options = PollOptions::default().timeout(JOB_APPEARS_TIMEOUT);
    let mut polling = PollLoop::new(&cluster.database.transport, options, &Arc::default());
    let mut ran_before = None;
    let started = |dump: AgencyDump| {
        let (likelihood, id) = before.find_started(spec, &dump)?;
        if likelihood == Likelihood::FinishedSince {
            ran_before = Some(id);
            return None;
        }
        Some(id)
    };
    polling.poll_until(|| cluster.agency_dump(), started).await.ok().or(ran_before)
}
