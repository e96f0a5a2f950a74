//! Executing one move of a rebalance.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arango_cluster::{AgencyDump, JobId, JobStatus, MoveShard, ShardMove};
use arango_transport::Error;
use futures_util::future::{Either, select};

use super::RebalanceStep;
use super::placement::{MoveAction, Placement};
use crate::handles::cluster::Cluster;
use crate::long_running::find_job::{JobOperation, JobSnapshot, StartJob};
use crate::long_running::poll_loop::PollLoop;
use crate::long_running::poller::ProgressSender;
use crate::long_running::preflight::Preflight;
use crate::long_running::{StopReason, job};

/// How long a move waits until its servers are healthy.
const HEALTHY_TIMEOUT: Duration = Duration::from_secs(60);

/// The outcome of a move.
pub(super) enum MoveOutcome {
    Completed,
    /// It was started, or may have been.
    NotCompleted(StopReason),
    NotStarted(StopReason),
}

impl From<Result<(), StopReason>> for MoveOutcome {
    fn from(ended: Result<(), StopReason>) -> Self {
        ended.map_or_else(Self::NotCompleted, |()| Self::Completed)
    }
}

/// The state shared by all moves of a rebalance.
pub(super) struct MoveExecutor {
    pub(super) cluster: Cluster,
    pub(super) polling: PollLoop,
    pub(super) progress: ProgressSender<RebalanceStep>,
    /// Whether a move has failed, so that no other is started.
    pub(super) has_failed: AtomicBool,
}

impl MoveExecutor {
    #[inline]
    pub(super) fn new(cluster: Cluster, polling: PollLoop, progress: ProgressSender<RebalanceStep>) -> Self {
        Self { cluster, polling, progress, has_failed: AtomicBool::new(false) }
    }

    #[inline]
    pub(super) async fn run(self: Arc<Self>, step: ShardMove) -> (ShardMove, MoveOutcome) {
        let outcome = self.execute(&step).await;
        (step, outcome)
    }

    #[inline]
    async fn execute(&self, step: &ShardMove) -> MoveOutcome {
        let mut polling = self.polling.fork();
        loop {
            let now = match self.check(&mut polling, step).await {
                Ok(now) => now,
                Err(stopped) => return MoveOutcome::NotStarted(stopped),
            };
            // Nothing is awaited between the check and the start, so the result of the check is still valid.
            let shard = MoveShard::from_plan(step);
            let shard = match now.action(step) {
                MoveAction::AlreadyDone => return MoveOutcome::Completed,
                MoveAction::Start => shard,
                MoveAction::StartWithoutFollower => shard.without_follower(),
                MoveAction::WatchExisting(job) => {
                    if let Some(ended) = self.watch_existing(step, &job).await {
                        return ended.into();
                    }
                    if let Err(stopped) = polling.pause().await {
                        return MoveOutcome::NotStarted(stopped);
                    }
                    continue;
                }
            };
            let error = match self.start(shard, &now.jobs()).await {
                Ok(job) => {
                    self.report_started(step, &job);
                    let ended = job::watch(&self.cluster, &job, &mut polling, |_| ()).await;
                    return ended.map(drop).into();
                }
                Err(error) => error,
            };
            match polling.wait_before_retry(error, false).await {
                Ok(()) => {}
                Err(stopped @ StopReason::Call(_)) => return MoveOutcome::NotCompleted(stopped),
                Err(stopped) => return MoveOutcome::NotStarted(stopped),
            }
        }
    }

    /// Reads the agency, and checks both servers' health if the move must be started.
    #[inline]
    async fn check(&self, polling: &mut PollLoop, step: &ShardMove) -> Result<Placement, StopReason> {
        let preflight = Preflight::Good([&step.from, &step.to], HEALTHY_TIMEOUT);
        let spec = MoveShard::from_plan(step).spec();
        let is_running = |dump: &AgencyDump| spec.find_running(dump).is_some();
        let now = preflight.check(&self.cluster, polling, is_running).await?;
        polling.check_cancelled()?;
        if self.has_failed.load(Ordering::Relaxed) {
            return Err(StopReason::Cancelled);
        }
        Ok(Placement(now))
    }

    /// Watches a job that another client has started, without cancelling it.
    ///
    /// `None` if it had failed before the first poll, or is no longer listed.
    #[inline]
    async fn watch_existing(&self, step: &ShardMove, job: &JobId) -> Option<Result<(), StopReason>> {
        let mut was_alive = false;
        let mut polling = self.polling.fork_uncancellable();
        let watch = job::watch(&self.cluster, job, &mut polling, |seen| {
            if !was_alive && seen.status != JobStatus::Failed {
                was_alive = true;
                self.report_started(step, job);
            }
        });
        let ended = match select(pin!(watch), pin!(self.polling.cancelled())).await {
            Either::Left((ended, _)) => ended.map(drop),
            Either::Right(((), _)) => return Some(Err(StopReason::Cancelled)),
        };
        let is_over = matches!(
            ended,
            Err(StopReason::JobFailed { .. } | StopReason::NoSuchJob(_) | StopReason::Cancelled)
        );
        (was_alive || !is_over).then_some(ended)
    }

    /// The limit ends polls, and never a start, whose outcome must be known.
    #[inline]
    async fn start(&self, shard: MoveShard<'_>, before: &JobSnapshot) -> Result<JobId, Error> {
        self.cluster.database.execute_resolving(StartJob::new(shard, before)).await
    }

    #[inline]
    fn report_started(&self, step: &ShardMove, job: &JobId) {
        self.progress.send(RebalanceStep::Started { shard_move: step.clone(), job: job.clone() });
    }
}
