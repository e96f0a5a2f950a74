//! How one move of a rebalance is made.

use std::pin::pin;
use std::sync::Arc;

use arango_cluster::{JobId, JobStatus, MoveShard, ShardMove};
use futures_util::future::{Either, select};

use super::MoveStep;
use super::placed::{Placed, Way};
use crate::Cluster;
use crate::follow::find::{Wanted, begin};
use crate::follow::following::News;
use crate::follow::looks::Looks;
use crate::follow::{Stopped, job};

/// What all moves of a rebalance have in common.
pub(super) struct Making {
    pub(super) cluster: Cluster,
    pub(super) looks: Looks,
    pub(super) news: News<MoveStep>,
}

impl Making {
    pub(super) async fn one(self: Arc<Self>, step: ShardMove, way: Way) -> (ShardMove, Result<(), Stopped>) {
        let result = self.make(&step, way).await;
        (step, result)
    }

    async fn make(&self, step: &ShardMove, mut way: Way) -> Result<(), Stopped> {
        let mut looks = self.looks.beside();
        let shard = MoveShard::of(step);
        let job = loop {
            match way {
                Way::Begin => break self.begin(shard).await?,
                Way::BeginLeavingNoFollower => break self.begin(shard.leaving_no_follower()).await?,
                Way::Follow(job) => {
                    if let Some(ended) = self.follow_another(step, &job).await {
                        return ended;
                    }
                }
            }
            looks.pause().await?;
            let now = looks.until(|| self.cluster.agency_dump(), |dump| Some(Placed::new(dump))).await?;
            looks.not_cancelled()?;
            way = now.way(step);
            if !matches!(way, Way::Follow(_)) && now.is_made(step) {
                return Ok(());
            }
        };
        self.tell(step, &job);
        job::follow(&self.cluster, &job, &mut looks, |_| ()).await.map(drop)
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
    async fn begin(&self, shard: MoveShard<'_>) -> Result<JobId, Stopped> {
        let wanted = Wanted::move_of(&shard);
        begin(&self.cluster, self.cluster.move_shard(shard), &wanted).await.map_err(Stopped::Call)
    }

    fn tell(&self, step: &ShardMove, job: &JobId) {
        self.news.tell(MoveStep::Begun { step: step.clone(), job: job.clone() });
    }
}
