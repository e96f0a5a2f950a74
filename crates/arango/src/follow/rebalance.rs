//! A rebalance that is looked at before it is made, and followed while it is.

mod making;
mod placed;

use std::collections::HashSet;
use std::sync::Arc;

use arango_cluster::{JobId, RebalanceOptions, RebalancePlan, ShardMove};
use arango_transport::Error;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use self::making::Making;
use self::placed::Placed;
use super::looks::Looks;
use super::{Following, Pace, Stopped};
use crate::Cluster;

/// A rebalance that was planned, and that nobody has begun.
///
/// Plans grow old: moves that others make meanwhile make those of the plan fail.
#[derive(Debug, Clone)]
#[must_use = "a plan moves nothing"]
pub struct PreparedRebalance {
    cluster: Cluster,
    plan: RebalancePlan,
    at_once: usize,
}

/// What a rebalance has come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RebalanceReport {
    /// The moves that were made.
    pub made: Vec<ShardMove>,
    /// The moves that were begun and not made.
    pub not_made: Vec<ShardMove>,
    /// The moves that were not begun.
    pub not_begun: Vec<ShardMove>,
}

/// A step of a rebalance.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MoveStep {
    /// A move was begun, here or by somebody else.
    Begun {
        /// The move.
        step: ShardMove,
        /// The job that makes it.
        job: JobId,
    },
    /// A move was made.
    Made {
        /// The move.
        step: ShardMove,
        /// How many are made by now, this one counted.
        made: usize,
        /// How many there are to make.
        of: usize,
    },
    /// A move was not made; no other is begun after it.
    NotMade {
        /// The move.
        step: ShardMove,
    },
}

impl PreparedRebalance {
    /// The moves, and how leaders and shards are spread before and after them.
    pub fn plan(&self) -> &RebalancePlan {
        &self.plan
    }

    /// Sets how many moves may be under way at once, at least one. Default: 4.
    pub fn at_once(mut self, moves: usize) -> Self {
        self.at_once = moves.max(1);
        self
    }

    /// Makes the moves, so many at once, each as a job of its own that is begun once and followed to its end. Of the moves
    /// of one shard each waits for the one before it.
    ///
    /// The first that fails ends it: no other is begun, and those that are under way are followed to their ends. Cancelled,
    /// it cancels those that it has begun. Dropped, it leaves those to the supervision, and begins no other: at most
    /// [so many](Self::at_once) are under way.
    ///
    /// It has no id to be found again by. To go on with one that was lost, [wait](Cluster::wait_until_idle) for what is
    /// under way and plan again: what was made is not planned again.
    ///
    /// A move of this plan that somebody else has begun when this begins is followed, and not begun again. If its job is
    /// over by the time that it is looked at, and did not succeed or is forgotten, what the agency holds then decides
    /// whether the move was made, which is told as [`MoveStep::Made`] alone, or is begun here. Cancelled, this stops
    /// following such a job, and leaves it to whoever began it: the move is told of as not made.
    pub fn execute(self, pace: Pace) -> Following<MoveStep, RebalanceReport> {
        let Self { cluster, plan, at_once } = self;
        Following::new(|news, wish| async move {
            let looks = Looks::new(&cluster.database.transport, pace, &wish);
            let (of, mut why) = (plan.moves.len(), None);
            let mut report = RebalanceReport { not_begun: plan.moves, ..RebalanceReport::default() };
            if report.not_begun.is_empty() {
                return (report, Ok(()));
            }
            let mut placed = match looks.beside().until(|| cluster.agency_dump(), Some).await {
                Ok(dump) => Placed::new(dump),
                Err(stopped) => return (report, Err(stopped)),
            };
            let making = Arc::new(Making { cluster, looks, news: news.clone() });
            let (mut running, mut busy) = (FuturesUnordered::new(), HashSet::new());
            loop {
                while running.len() < at_once && why.is_none() && !making.looks.is_cancelled() {
                    // A move of a shard can build on the one before it.
                    let free = |step: &ShardMove| !busy.contains(&step.shard);
                    let Some(next) = report.not_begun.iter().position(free) else { break };
                    let step = report.not_begun.remove(next);
                    busy.insert(step.shard.clone());
                    let way = placed.way(&step);
                    running.push(Arc::clone(&making).one(step, way));
                }
                let Some((step, result)) = running.next().await else { break };
                busy.remove(&step.shard);
                match result {
                    Ok(()) => {
                        placed.made(&step);
                        report.made.push(step.clone());
                        news.tell(MoveStep::Made { step, made: report.made.len(), of });
                    }
                    Err(stopped) => {
                        report.not_made.push(step.clone());
                        news.tell(MoveStep::NotMade { step });
                        why.get_or_insert(stopped);
                    }
                }
            }
            if !report.not_begun.is_empty() {
                why.get_or_insert(Stopped::Cancelled);
            }
            (report, why.map_or(Ok(()), Err))
        })
    }
}

/// Rebalancing, step by step.
impl Cluster {
    /// Plans a rebalance and moves nothing: [`PreparedRebalance::execute`] does, after a look at the plan.
    ///
    /// ```no_run
    /// # use arango::{Cluster, cluster::RebalanceOptions, follow::Pace};
    /// # async fn example(cluster: Cluster) -> Result<(), Box<dyn std::error::Error>> {
    /// let prepared = cluster.prepare_rebalance(&RebalanceOptions::new()).await?;
    /// println!("{} moves", prepared.plan().moves.len());
    /// let report = prepared.at_once(2).execute(Pace::default()).finished().await?;
    /// println!("{} made", report.made.len());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn prepare_rebalance(&self, options: &RebalanceOptions) -> Result<PreparedRebalance, Error> {
        let plan = self.rebalance_plan(options).await?;
        Ok(PreparedRebalance { cluster: self.clone(), plan, at_once: 4 })
    }
}
