//! How one move of a rebalance is made.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arango_cluster::{AgencyDump, JobId, JobStatus, MoveShard, ShardMove};
use arango_transport::Error;
use futures_util::future::{Either, select};

use super::MoveStep;
use super::placed::{Placed, Way};
use crate::Cluster;
use crate::follow::find::{JobsBefore, Wanted, begin};
use crate::follow::following::News;
use crate::follow::looks::Looks;
use crate::follow::preflight::Preflight;
use crate::follow::{Stopped, job};

/// How long a move waits for its servers to be good.
const GOOD_WITHIN: Duration = Duration::from_secs(60);

/// What a move has come to.
pub(super) enum Outcome {
    Made,
    /// It was begun, or may have been.
    NotMade(Stopped),
    NotBegun(Stopped),
}

impl From<Result<(), Stopped>> for Outcome {
    fn from(ended: Result<(), Stopped>) -> Self {
        ended.map_or_else(Self::NotMade, |()| Self::Made)
    }
}

/// What all moves of a rebalance have in common.
pub(super) struct Making {
    pub(super) cluster: Cluster,
    pub(super) looks: Looks,
    pub(super) news: News<MoveStep>,
    /// Whether one was not made, so that no other is begun.
    pub(super) has_failed: AtomicBool,
}

impl Making {
    pub(super) fn new(cluster: Cluster, looks: Looks, news: News<MoveStep>) -> Self {
        Self { cluster, looks, news, has_failed: AtomicBool::new(false) }
    }

    pub(super) async fn one(self: Arc<Self>, step: ShardMove) -> (ShardMove, Outcome) {
        let outcome = self.make(&step).await;
        (step, outcome)
    }

    async fn make(&self, step: &ShardMove) -> Outcome {
        let mut looks = self.looks.beside();
        loop {
            let now = match self.look(&mut looks, step).await {
                Ok(now) => now,
                Err(stopped) => return Outcome::NotBegun(stopped),
            };
            // Nothing is waited for from the look to the start: what was seen is still true.
            let shard = MoveShard::of(step);
            let shard = match now.way(step) {
                Way::IsMade => return Outcome::Made,
                Way::Begin => shard,
                Way::BeginLeavingNoFollower => shard.leaving_no_follower(),
                Way::Follow(job) => {
                    if let Some(ended) = self.follow_another(step, &job).await {
                        return ended.into();
                    }
                    if let Err(stopped) = looks.pause().await {
                        return Outcome::NotBegun(stopped);
                    }
                    continue;
                }
            };
            let error = match self.begin(shard, &now.jobs()).await {
                Ok(job) => {
                    self.tell(step, &job);
                    let ended = job::follow(&self.cluster, &job, &mut looks, |_| ()).await;
                    return ended.map(drop).into();
                }
                Err(error) => error,
            };
            match looks.pass_over(error, false).await {
                Ok(()) => {}
                Err(stopped @ Stopped::Call(_)) => return Outcome::NotMade(stopped),
                Err(stopped) => return Outcome::NotBegun(stopped),
            }
        }
    }

    /// Looks at what the agency holds, and then whether both servers are good if the move has to be begun.
    async fn look(&self, looks: &mut Looks, step: &ShardMove) -> Result<Placed, Stopped> {
        let preflight = Preflight::Good([&step.from, &step.to], GOOD_WITHIN);
        let wanted = Wanted::move_of(&MoveShard::of(step));
        let is_running = |dump: &AgencyDump| wanted.running_in(dump).is_some();
        let now = preflight.look(&self.cluster, looks, is_running).await?;
        looks.not_cancelled()?;
        if self.has_failed.load(Ordering::Relaxed) {
            return Err(Stopped::Cancelled);
        }
        Ok(Placed(now))
    }

    /// Follows a job that somebody else has begun, and does not cancel it. `None` if it was over before it was looked at
    /// and has not succeeded, or is forgotten.
    async fn follow_another(&self, step: &ShardMove, job: &JobId) -> Option<Result<(), Stopped>> {
        let mut was_alive = false;
        let mut looks = self.looks.undisturbed();
        let follow = job::follow(&self.cluster, job, &mut looks, |seen| {
            if !was_alive && seen.status != JobStatus::Failed {
                was_alive = true;
                self.tell(step, job);
            }
        });
        let ended = match select(pin!(follow), pin!(self.looks.cancelled())).await {
            Either::Left((ended, _)) => ended.map(drop),
            Either::Right(((), _)) => return Some(Err(Stopped::Cancelled)),
        };
        let is_over =
            matches!(ended, Err(Stopped::JobFailed { .. } | Stopped::NoSuchJob(_) | Stopped::Cancelled));
        (was_alive || !is_over).then_some(ended)
    }

    /// The limit cuts off looks, and never a start: what comes of that has to be known.
    async fn begin(&self, shard: MoveShard<'_>, before: &JobsBefore) -> Result<JobId, Error> {
        let wanted = Wanted::move_of(&shard);
        begin(&self.cluster, self.cluster.move_shard(shard), &wanted, before).await
    }

    fn tell(&self, step: &ShardMove, job: &JobId) {
        self.news.tell(MoveStep::Begun { step: step.clone(), job: job.clone() });
    }
}
