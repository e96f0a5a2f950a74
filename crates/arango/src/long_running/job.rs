//! Watching one job of the agency.

use arango_cluster::{
    AgencyJob, CleanOutServer, JobId, JobStatus, MoveShard, ResignLeadership, ResignedLeaders, ServerId,
};
use arango_transport::{Error, ErrorKind};

use super::find_job::{JobOperation, JobSnapshot, StartJob};
use super::poll_loop::PollLoop;
use super::{Incomplete, PollOptions, Poller, StopReason};
use crate::handles::cluster::Cluster;

/// Polls a job of the agency.
///
/// It does so from the job's start, or by its id. Jobs belong to the cluster, so any coordinator can report them, and
/// polling fails over if one is lost. Outages of the agency are tolerated within the [limit](PollOptions::timeout).
/// Dropping the poller leaves the job running.
#[derive(Debug)]
#[must_use = "it polls only while it is awaited"]
pub struct JobPoller {
    id: JobId,
    poller: Poller<AgencyJob, Option<AgencyJob>>,
}

impl JobPoller {
    #[inline]
    fn new(cluster: &Cluster, id: JobId, options: PollOptions) -> Self {
        let (cluster, watched_id) = (cluster.clone(), id.clone());
        let poller = Poller::new(|progress, cancellation| async move {
            let mut polling = PollLoop::new(&cluster.database.transport, options, &cancellation);
            let mut seen = None;
            let ended = watch(&cluster, &watched_id, &mut polling, |job| {
                seen = Some(job.clone());
                progress.send(job.clone());
            })
            .await;
            (seen, ended.map(drop))
        });
        Self { id, poller }
    }

    /// Returns the job's id.
    ///
    /// Any client can watch the job by it: see [`Cluster::watch_job`].
    pub fn id(&self) -> &JobId {
        &self.id
    }

    /// Returns the job after each change.
    ///
    /// `None` once it has ended or polling has stopped.
    #[inline]
    pub async fn next(&mut self) -> Option<AgencyJob> {
        self.poller.next().await
    }

    /// Waits until the job has ended.
    ///
    /// # Errors
    ///
    /// If the supervision could not complete it, if it was cancelled, or if it could not be watched; with the last
    /// seen job, if there is one.
    #[inline]
    pub async fn wait(self) -> Result<AgencyJob, Incomplete<Option<AgencyJob>>> {
        self.poller.wait().await.map(expect_job)
    }

    /// Requests cancellation and waits until the job has ended.
    ///
    /// It ends in one of the supervision's next rounds.
    ///
    /// Shards that were moved until then stay where they are.
    ///
    /// # Errors
    ///
    /// [`StopReason::Cancelled`] if it was cancelled; a success means that it had completed before.
    /// [`StopReason::Call`] if it cannot be cancelled, such as a resignation. Else as [`wait`](Self::wait).
    #[inline]
    pub async fn cancel(self) -> Result<AgencyJob, Incomplete<Option<AgencyJob>>> {
        self.poller.cancel().await.map(expect_job)
    }
}

#[inline]
fn expect_job(job: Option<AgencyJob>) -> AgencyJob {
    job.expect("a job that has finished was seen")
}

/// Polls a job until it has ended, and reports each change.
pub(super) async fn watch(
    cluster: &Cluster,
    id: &JobId,
    polling: &mut PollLoop,
    mut report: impl FnMut(&AgencyJob),
) -> Result<AgencyJob, StopReason> {
    let mut last: Option<AgencyJob> = None;
    let (mut cancelled, mut refused) = (false, None);
    loop {
        match polling.poll_once(cluster.agency_job(id)).await {
            Ok(Some(job)) => {
                if last.as_ref().is_none_or(|last| *last != job) {
                    report(&job);
                    polling.reset();
                }
                if let Some(end) = outcome_of(&job) {
                    return end.map(|()| job);
                }
                if let Some(refused) = refused.take() {
                    return Err(StopReason::Call(refused));
                }
                last = Some(job);
            }
            Ok(None) => {}
            Err(StopReason::Call(error)) if error.kind() == ErrorKind::NotFound => {
                let id = id.clone();
                return Err(if last.is_some() {
                    StopReason::JobOutcomeUnknown(id)
                } else {
                    StopReason::NoSuchJob(id)
                });
            }
            Err(stopped) => return Err(stopped),
        }
        if polling.is_cancelled() && !cancelled {
            polling.reset();
            match polling.poll_once(cluster.cancel_agency_job(id)).await {
                Ok(sent) => cancelled = sent.is_some(),
                // Either it has ended by now, as the next poll shows, or it cannot be cancelled.
                Err(StopReason::Call(error))
                    if error.status().is_some_and(|status| status.as_u16() == 400) =>
                {
                    refused = Some(error);
                    continue;
                }
                // It was just created or is just ending: try again.
                Err(StopReason::Call(error))
                    if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PreconditionFailed) => {}
                Err(stopped) => return Err(stopped),
            }
        }
        polling.pause().await?;
    }
}

/// Returns the outcome of a job that has ended.
#[inline]
fn outcome_of(job: &AgencyJob) -> Option<Result<(), StopReason>> {
    match &job.status {
        JobStatus::Finished => Some(Ok(())),
        JobStatus::Failed if job.abort => Some(Err(StopReason::Cancelled)),
        JobStatus::Failed => {
            let reason = job.reason.clone().unwrap_or_default();
            Some(Err(StopReason::JobFailed { id: job.id.clone(), reason }))
        }
        _ => None,
    }
}

/// Jobs of the agency, started once and watched until they end.
///
/// Before a start is sent, the ids of the jobs in the agency are read. That needs write access to `_system`; without
/// it the start is sent nevertheless. If the response to a start was lost, the agency is searched for the job for up
/// to 25 seconds, and a job that had ended before the start is never taken for it. Of several jobs that do the same,
/// such as one that another client has just started, an unfinished one is preferred. If none is found, the error
/// reports an unknown [outcome](Error::outcome), and nothing was sent again. If the future of a start is dropped, the
/// job may have been started, and its id is lost.
impl Cluster {
    /// Watches a job that this or another client started before.
    ///
    /// Sends nothing before it is awaited.
    #[inline]
    pub fn watch_job(&self, id: &JobId, options: PollOptions) -> JobPoller {
        JobPoller::new(self, id.clone(), options)
    }

    /// Starts and watches a job that moves one copy of a shard.
    ///
    /// Sent once.
    #[inline]
    pub async fn move_shard_and_watch(
        &self,
        shard: MoveShard<'_>,
        options: PollOptions,
    ) -> Result<JobPoller, Error> {
        self.start_and_watch(shard, options).await
    }

    /// Starts and watches a job that moves everything off a DB-Server.
    ///
    /// Sent once.
    #[inline]
    pub async fn clean_out_server_and_watch(
        &self,
        server: &ServerId,
        options: PollOptions,
    ) -> Result<JobPoller, Error> {
        self.start_and_watch(CleanOutServer { server }, options).await
    }

    /// Starts and watches a job that moves all leaderships of a DB-Server.
    ///
    /// They move to followers.
    ///
    /// Sent once; it cannot be cancelled.
    #[inline]
    pub async fn resign_leadership_and_watch(
        &self,
        server: &ServerId,
        leaders: ResignedLeaders,
        options: PollOptions,
    ) -> Result<JobPoller, Error> {
        self.start_and_watch(ResignLeadership { server, leaders }, options).await
    }

    async fn start_and_watch(
        &self,
        operation: impl JobOperation,
        options: PollOptions,
    ) -> Result<JobPoller, Error> {
        let before = JobSnapshot::read(self).await;
        let id = self.database.execute_resolving(StartJob::new(operation, &before)).await?;
        Ok(self.watch_job(&id, options))
    }
}
