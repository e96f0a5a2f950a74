//! A rebalance that is looked at before it is made, and followed while it is.

mod making;
mod placed;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arango_cluster::{JobId, RebalanceOptions, RebalancePlan, ShardMove};
use arango_transport::Error;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use self::making::{Making, Outcome};
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
    /// Right before each move is begun, the agency is looked at for where the copies lie and which jobs there are, and health
    /// for whether both servers are good. What was seen of health is at most ten seconds old then, and what was seen of the
    /// agency a minute, or it is looked again. A server that is not good is waited for for a minute; then no move is begun any
    /// more, and it ends with [`Stopped::Unhealthy`].
    ///
    /// A move that somebody else has begun when its turn comes is followed, and not begun again; one that is made already is
    /// told as [`MoveStep::Made`] alone. If the job of somebody else ends without success or is forgotten before it was seen
    /// running, what the agency holds then decides whether the move was made or is begun here. Cancelled, this stops
    /// following such a job, and leaves it to whoever began it: the move is told of as not made.
    pub fn execute(self, pace: Pace) -> Following<MoveStep, RebalanceReport> {
        let Self { cluster, plan, at_once } = self;
        Following::new(|news, wish| async move {
            let looks = Looks::new(&cluster.database.transport, pace, &wish);
            let (of, mut why) = (plan.moves.len(), None);
            let mut report = RebalanceReport::default();
            // Each with its index in the plan.
            let mut not_begun: Vec<_> = plan.moves.into_iter().enumerate().collect();
            let making = Arc::new(Making::new(cluster, looks, news.clone()));
            let (mut running, mut busy) = (FuturesUnordered::new(), HashSet::new());
            loop {
                while running.len() < at_once && why.is_none() && !making.looks.is_cancelled() {
                    // A move of a shard can build on the one before it.
                    let free = |(_, step): &(usize, ShardMove)| !busy.contains(&step.shard);
                    let Some(next) = not_begun.iter().position(free) else { break };
                    let (index, step) = not_begun.remove(next);
                    busy.insert(step.shard.clone());
                    let one = Arc::clone(&making).one(step);
                    running.push(async move { (index, one.await) });
                }
                let Some((index, (step, outcome))) = running.next().await else { break };
                busy.remove(&step.shard);
                making.has_failed.fetch_or(!matches!(outcome, Outcome::Made), Ordering::Relaxed);
                match outcome {
                    Outcome::Made => {
                        report.made.push(step.clone());
                        news.tell(MoveStep::Made { step, made: report.made.len(), of });
                    }
                    Outcome::NotBegun(stopped) => {
                        let at = not_begun.partition_point(|(other, _)| *other < index);
                        not_begun.insert(at, (index, step));
                        why.get_or_insert(stopped);
                    }
                    Outcome::NotMade(stopped) => {
                        report.not_made.push(step.clone());
                        news.tell(MoveStep::NotMade { step });
                        why.get_or_insert(stopped);
                    }
                }
            }
            report.not_begun = not_begun.into_iter().map(|(_, step)| step).collect();
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
