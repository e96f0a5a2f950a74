//! Where the copies of shards lie right before a move is begun, and whether somebody has begun it already.

use arango_cluster::{AgencyDump, JobId, MoveShard, ServerId, ShardMove};

use crate::follow::find::{JobsBefore, Wanted};

/// What the agency held at one moment.
pub(super) struct Placed(pub(super) AgencyDump);

/// How a move is made.
pub(super) enum Way {
    /// Not at all: the copies lie as if it had been made.
    IsMade,
    /// By the job that somebody else has begun.
    Follow(JobId),
    /// By a job of its own.
    Begin,
    /// The same, and the leader gives up its copy.
    BeginLeavingNoFollower,
}

impl Placed {
    /// How a move comes to what the plan reckons with: a leader that goes where no copy is gives up its own, and one that
    /// goes to a follower changes places with it.
    pub(super) fn way(&self, step: &ShardMove) -> Way {
        let wanted = Wanted::move_of(&MoveShard::of(step));
        if let Some(job) = wanted.running_in(&self.0) {
            return Way::Follow(job);
        }
        if self.is_made(step) {
            return Way::IsMade;
        }
        let is_new = |copies: Vec<ServerId>| !copies.contains(&step.to);
        // Where that is not known nothing is given up.
        if step.is_leader && self.copies(step).is_some_and(is_new) {
            Way::BeginLeavingNoFollower
        } else {
            Way::Begin
        }
    }

    /// Whether the copies lie as if the move had been made.
    fn is_made(&self, step: &ShardMove) -> bool {
        self.copies(step).is_some_and(|copies| {
            if step.is_leader {
                copies.first() == Some(&step.to)
            } else {
                copies.contains(&step.to) && !copies.contains(&step.from)
            }
        })
    }

    /// The jobs that were there.
    pub(super) fn jobs(&self) -> JobsBefore {
        JobsBefore::of(&self.0)
    }

    fn copies(&self, step: &ShardMove) -> Option<Vec<ServerId>> {
        self.0.planned_copies(&step.database, &step.collection, &step.shard)
    }
}
