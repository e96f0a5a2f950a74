//! The placement of a shard right before a move, and jobs that already execute it.

use arango_cluster::{AgencyDump, JobId, MoveShard, ServerId, ShardMove};

use crate::long_running::find_job::{JobOperation, JobSnapshot};

/// A dump of the agency at one moment.
pub(super) struct Placement(pub(super) AgencyDump);

/// How a move is executed.
pub(super) enum MoveAction {
    /// Not at all: the placement is that after the move.
    AlreadyDone,
    /// By the job that another client has started.
    WatchExisting(JobId),
    /// By a new job.
    Start,
    /// By a new job that also removes the leader's copy.
    StartWithoutFollower,
}

impl Placement {
    /// Returns how to reach the placement that the plan expects.
    ///
    /// A leader that moves to a server without a copy gives up its own copy, and one that moves to a follower swaps
    /// roles with it.
    #[inline]
    pub(super) fn action(&self, step: &ShardMove) -> MoveAction {
        let spec = MoveShard::from_plan(step).spec();
        if let Some(job) = spec.find_running(&self.0) {
            return MoveAction::WatchExisting(job);
        }
        if self.is_done(step) {
            return MoveAction::AlreadyDone;
        }
        let is_new = |copies: Vec<ServerId>| !copies.contains(&step.to);
        // If the placement is unknown, no copy is given up.
        if step.is_leader && self.copies(step).is_some_and(is_new) {
            MoveAction::StartWithoutFollower
        } else {
            MoveAction::Start
        }
    }

    /// Returns whether the placement is already that after the move.
    #[inline]
    fn is_done(&self, step: &ShardMove) -> bool {
        self.copies(step).is_some_and(|copies| {
            if step.is_leader {
                copies.first() == Some(&step.to)
            } else {
                copies.contains(&step.to) && !copies.contains(&step.from)
            }
        })
    }

    /// The jobs in the dump.
    #[inline]
    pub(super) fn jobs(&self) -> JobSnapshot {
        JobSnapshot::from_dump(&self.0)
    }

    #[inline]
    fn copies(&self, step: &ShardMove) -> Option<Vec<ServerId>> {
        self.0.planned_copies(&step.database, &step.collection, &step.shard)
    }
}
