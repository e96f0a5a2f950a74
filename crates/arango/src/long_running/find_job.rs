//! Starting a job once, and finding it if the response to the start was lost.

use std::collections::HashMap;
use std::time::Duration;

use arango_cluster::{
    AgencyDump, AgencyJob, CleanOutServer, GetAgencyDump, JobId, JobType, MoveShard, ResignLeadership,
    ServerId,
};
use arango_transport::protocol::{
    ApiResponse, BuildError, Conclusion, ErrorObject, Failure, Metadata, Operation, OutputError,
    RequestProperties, Resolve,
};
use bytes::Bytes;
use http::Request;

use super::StopReason;
use super::poll_loop::PollLoop;
use super::preflight::Preflight;
use crate::handles::cluster::Cluster;

/// A coordinator gives the agency 20 seconds to accept a job. A job that is not listed after them was not accepted.
const JOB_APPEARS_TIMEOUT: Duration = Duration::from_secs(25);

/// An operation that starts a job.
pub(super) trait JobOperation: Operation<Output = JobId> + Copy {
    /// Returns the properties that identify the job.
    fn spec(&self) -> JobSpec;
}

impl JobOperation for MoveShard<'_> {
    #[inline]
    fn spec(&self) -> JobSpec {
        JobSpec {
            kind: JobType::MoveShard,
            shard: Some(self.shard().to_owned()),
            from: self.from().clone(),
            to: Some(self.to().clone()),
        }
    }
}

impl JobOperation for CleanOutServer<'_> {
    #[inline]
    fn spec(&self) -> JobSpec {
        JobSpec { kind: JobType::CleanOutServer, shard: None, from: self.server.clone(), to: None }
    }
}

impl JobOperation for ResignLeadership<'_> {
    #[inline]
    fn spec(&self) -> JobSpec {
        JobSpec { kind: JobType::ResignLeadership, shard: None, from: self.server.clone(), to: None }
    }
}

/// The properties that identify a job.
pub(super) struct JobSpec {
    kind: JobType,
    shard: Option<String>,
    /// The server that the job is about, or from which a shard is moved; by id or short name, like the next field.
    from: ServerId,
    to: Option<ServerId>,
}

impl JobSpec {
    #[inline]
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
    #[inline]
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
    #[inline]
    pub(super) fn from_dump(dump: &AgencyDump) -> Self {
        let over = dump.jobs().into_iter().map(|job| (job.id.clone(), job.is_over()));
        Self { finished: Some(over.collect()) }
    }

    /// Reads them from the agency. If that fails, a job that has ended cannot be distinguished from an older one.
    #[inline]
    pub(super) async fn read(cluster: &Cluster) -> Self {
        cluster.agency_dump().await.map_or(Self { finished: None }, |dump| Self::from_dump(&dump))
    }

    /// Returns the job in `dump` that a start most likely created, among those that match.
    ///
    /// An unfinished job is preferred to one that has ended, and a new job to one that was running before the start;
    /// among equals the newest.
    #[inline]
    fn find_started(&self, spec: &JobSpec, dump: &AgencyDump) -> Option<(Likelihood, JobId)> {
        let jobs = dump.jobs().into_iter().filter(|job| spec.matches(job, dump));
        let ranked = jobs.filter_map(|job| Some((self.likelihood(&job)?, job.time_created, job.id)));
        let best = ranked.max_by(|(one, at, _), (other, later, _)| one.cmp(other).then(at.cmp(later)));
        best.map(|(likelihood, _, id)| (likelihood, id))
    }

    /// `None` if the start cannot have created it.
    #[inline]
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
pub(super) async fn start_once<O: JobOperation>(
    cluster: &Cluster,
    polling: &mut PollLoop,
    operation: O,
    preflight: &Preflight<'_>,
) -> Result<JobId, StopReason> {
    let spec = operation.spec();
    loop {
        let dump = preflight.check(cluster, polling, |dump| spec.find_running(dump).is_some()).await?;
        if let Some(id) = spec.find_running(&dump) {
            return Ok(id);
        }
        polling.check_cancelled()?;
        let before = JobSnapshot::from_dump(&dump);
        match cluster.database.execute_resolving(StartJob::new(operation, &before)).await {
            Ok(id) => return Ok(id),
            Err(error) => polling.wait_before_retry(error, false).await?,
        }
    }
}

/// Returns an unfinished job that does the same.
#[inline]
pub(super) async fn find_running_job(
    cluster: &Cluster,
    polling: &mut PollLoop,
    spec: &JobSpec,
) -> Result<Option<JobId>, StopReason> {
    let dump = polling.poll_until(|| cluster.agency_dump(), Some).await?;
    Ok(spec.find_running(&dump))
}

/// The start of a job, with the jobs that the agency held before.
///
/// It is sent once, or again only if it certainly reached no server. If its response is lost, the agency is searched for
/// the job.
pub(super) struct StartJob<'a, O> {
    operation: O,
    spec: JobSpec,
    before: &'a JobSnapshot,
}

impl<'a, O: JobOperation> StartJob<'a, O> {
    pub(super) fn new(operation: O, before: &'a JobSnapshot) -> Self {
        Self { spec: operation.spec(), operation, before }
    }
}

impl<O: JobOperation> Operation for StartJob<'_, O> {
    type Output = JobId;

    const METADATA: Metadata = O::METADATA;

    fn properties(&self) -> RequestProperties {
        self.operation.properties()
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.operation.request()
    }

    fn output(&self, response: ApiResponse) -> Result<JobId, OutputError> {
        self.operation.output(response)
    }
}

impl<O: JobOperation> Resolve for StartJob<'_, O> {
    type Question = GetAgencyDump;

    fn question(&self, failure: &Failure) -> Option<GetAgencyDump> {
        failure.is_response_lost().then_some(GetAgencyDump)
    }

    fn conclusion(&self, _: &Failure, answer: Result<AgencyDump, &ErrorObject>) -> Conclusion<JobId> {
        let Ok(dump) = answer else { return Conclusion::CannotTell };
        match self.before.find_started(&self.spec, &dump) {
            // The job of the start may still appear.
            Some((Likelihood::FinishedSince, id)) => Conclusion::AskAgain { otherwise: Some(id) },
            Some((_, id)) => Conclusion::Executed(id),
            None => Conclusion::AskAgain { otherwise: None },
        }
    }

    fn resolution_timeout(&self) -> Duration {
        JOB_APPEARS_TIMEOUT
    }
}
