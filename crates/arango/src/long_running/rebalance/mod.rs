//! A rebalance that can be inspected before it is executed, and watched while it runs.

mod execute_move;
mod placement;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arango_cluster::{JobId, RebalanceOptions, RebalancePlan, ShardMove};
use arango_transport::Error;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use self::execute_move::{MoveExecutor, MoveOutcome};
use super::poll_loop::PollLoop;
use super::{PollOptions, Poller, StopReason};
use crate::handles::cluster::Cluster;

/// A planned rebalance that has not been started.
///
/// Plans become outdated: moves by other clients make moves of the plan fail.
#[derive(Debug, Clone)]
#[must_use = "a plan does nothing until it is executed"]
pub struct PreparedRebalance {
    cluster: Cluster,
    plan: RebalancePlan,
    max_concurrent: usize,
}

/// The progress of a rebalance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RebalanceReport {
    /// The moves that were completed.
    pub completed: Vec<ShardMove>,
    /// The moves that were started and not completed.
    pub not_completed: Vec<ShardMove>,
    /// The moves that were not started.
    pub not_started: Vec<ShardMove>,
}

/// A step of a rebalance.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RebalanceStep {
    /// A move was started, by this or another client.
    Started {
        /// The move.
        shard_move: ShardMove,
        /// The job that executes it.
        job: JobId,
    },
    /// A move was completed.
    Completed {
        /// The move.
        shard_move: ShardMove,
        /// How many moves are completed by now, including this one.
        completed: usize,
        /// How many moves there are in total.
        total: usize,
    },
    /// A move was not completed; no other is started after it.
    NotCompleted {
        /// The move.
        shard_move: ShardMove,
    },
}

impl fmt::Display for RebalanceStep {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { shard_move, job } => write!(f, "{shard_move}: started by job {job}"),
            Self::Completed { shard_move, completed, total } => {
                write!(f, "{shard_move}: completed, {completed} of {total}")
            }
            Self::NotCompleted { shard_move } => write!(f, "{shard_move}: not completed"),
        }
    }
}

impl PreparedRebalance {
    /// Returns the plan: the moves, and the imbalance before and after them.
    pub fn plan(&self) -> &RebalancePlan {
        &self.plan
    }

    /// Sets the maximum number of concurrent moves, at least one. Default: 4.
    #[inline]
    pub fn max_concurrent(mut self, moves: usize) -> Self {
        self.max_concurrent = moves.max(1);
        self
    }

    /// Executes the moves with limited concurrency.
    ///
    /// Each is a job that is started once and watched.
    ///
    /// Moves of the same shard are executed one after the other.
    ///
    /// After the first failure no other move is started, and moves in progress are watched until they end.
    /// Cancellation cancels the moves that it has started. Dropping the handle leaves those to the supervision and
    /// starts no other: at most [this many](Self::max_concurrent) are in progress.
    ///
    /// A rebalance has no id. To resume a lost one, [wait](Cluster::wait_until_idle) for the unfinished moves and
    /// plan again: completed moves are not planned again.
    ///
    /// Right before each start, the placement of the copies and the jobs are read from the agency, and health shows
    /// whether both servers are healthy. Health is at most ten seconds old then, and the agency dump a minute;
    /// otherwise they are read again. An unhealthy server is waited for for a minute; after that no move is started
    /// any more, and the rebalance ends with [`StopReason::Unhealthy`].
    ///
    /// A move that another client has already started is watched instead of started again. A move that is already
    /// completed is only reported as [`RebalanceStep::Completed`]. If the job of another client fails or is deleted
    /// before it was seen running, the agency decides whether the move was completed or is started here. Cancellation
    /// stops watching such a job without cancelling it: the move is reported as not completed.
    #[inline]
    pub fn execute(self, options: PollOptions) -> Poller<RebalanceStep, RebalanceReport> {
        let Self { cluster, plan, max_concurrent } = self;
        Poller::new(|progress, cancellation| async move {
            let polling = PollLoop::new(&cluster.database.transport, options, &cancellation);
            let (total, mut reason) = (plan.moves.len(), None);
            let mut report = RebalanceReport::default();
            // Each with its index in the plan.
            let mut not_started: Vec<_> = plan.moves.into_iter().enumerate().collect();
            let executor = Arc::new(MoveExecutor::new(cluster, polling, progress.clone()));
            let (mut running, mut busy_shards) = (FuturesUnordered::new(), HashSet::new());
            loop {
                while running.len() < max_concurrent && reason.is_none() && !executor.polling.is_cancelled() {
                    // A move of a shard may depend on the previous one.
                    let is_free = |(_, step): &(usize, ShardMove)| !busy_shards.contains(&step.shard);
                    let Some(next) = not_started.iter().position(is_free) else { break };
                    let (index, step) = not_started.remove(next);
                    busy_shards.insert(step.shard.clone());
                    let run = Arc::clone(&executor).run(step);
                    running.push(async move { (index, run.await) });
                }
                let Some((index, (step, outcome))) = running.next().await else { break };
                busy_shards.remove(&step.shard);
                executor.has_failed.fetch_or(!matches!(outcome, MoveOutcome::Completed), Ordering::Relaxed);
                match outcome {
                    MoveOutcome::Completed => {
                        report.completed.push(step.clone());
                        progress.send(RebalanceStep::Completed {
                            shard_move: step,
                            completed: report.completed.len(),
                            total,
                        });
                    }
                    MoveOutcome::NotStarted(stopped) => {
                        let at = not_started.partition_point(|(other, _)| *other < index);
                        not_started.insert(at, (index, step));
                        reason.get_or_insert(stopped);
                    }
                    MoveOutcome::NotCompleted(stopped) => {
                        report.not_completed.push(step.clone());
                        progress.send(RebalanceStep::NotCompleted { shard_move: step });
                        reason.get_or_insert(stopped);
                    }
                }
            }
            report.not_started = not_started.into_iter().map(|(_, step)| step).collect();
            if !report.not_started.is_empty() {
                reason.get_or_insert(StopReason::Cancelled);
            }
            (report, reason.map_or(Ok(()), Err))
        })
    }
}

/// Rebalancing, step by step.
impl Cluster {
    /// Plans a rebalance without moving anything; [`PreparedRebalance::execute`] executes the plan.
    ///
    /// ```no_run
    /// # use arango::{Cluster, cluster::RebalanceOptions, long_running::PollOptions};
    /// # async fn example(cluster: Cluster) -> Result<(), Box<dyn std::error::Error>> {
    /// let prepared = cluster.prepare_rebalance(&RebalanceOptions::new()).await?;
    /// println!("{} moves", prepared.plan().moves.len());
    /// let report = prepared.max_concurrent(2).execute(PollOptions::default()).wait().await?;
    /// println!("{} completed", report.completed.len());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn prepare_rebalance(&self, options: &RebalanceOptions) -> Result<PreparedRebalance, Error> {
        let plan = self.rebalance_plan_with(options).await?;
        Ok(PreparedRebalance { cluster: self.clone(), plan, max_concurrent: 4 })
    }
}
