//! Where the copies of shards lie while a plan is made, and which of its moves somebody has begun already.

use std::collections::HashMap;

use arango_cluster::{AgencyDump, JobId, MoveShard, ServerId, ShardMove};

use crate::follow::find::Wanted;

/// What the agency held before the first move, and what has changed by those that were made since.
pub(super) struct Placed {
    dump: AgencyDump,
    since: HashMap<String, Vec<ServerId>>,
}

/// How a move is made.
pub(super) enum Way {
    /// By the job that somebody has begun.
    Follow(JobId),
    /// By a job of its own.
    Begin,
    /// The same, and the leader gives up its copy.
    BeginLeavingNoFollower,
}

impl Placed {
    pub(super) fn new(dump: AgencyDump) -> Self {
        Self { dump, since: HashMap::new() }
    }

    /// How a move comes to what the plan reckons with: a leader that goes where no copy is gives up its own, and one that
    /// goes to a follower changes places with it.
    pub(super) fn way(&self, step: &ShardMove) -> Way {
        if let Some(job) = Wanted::move_of(&MoveShard::of(step)).among(&self.dump, None) {
            return Way::Follow(job);
        }
        let is_new = |copies: Vec<ServerId>| !copies.contains(&step.to);
        // Where that is not known nothing is given up.
        if step.is_leader && self.copies(step).is_some_and(is_new) {
            Way::BeginLeavingNoFollower
        } else {
            Way::Begin
        }
    }

    /// Takes note of a move that was made.
    pub(super) fn made(&mut self, step: &ShardMove) {
        let Some(mut copies) = self.copies(step) else { return };
        let place = |server: &ServerId| copies.iter().position(|copy| copy == server);
        match (place(&step.from), place(&step.to)) {
            (Some(from), Some(to)) => copies.swap(from, to),
            (Some(from), None) => copies[from] = step.to.clone(),
            (None, _) => {}
        }
        self.since.insert(step.shard.clone(), copies);
    }

    fn copies(&self, step: &ShardMove) -> Option<Vec<ServerId>> {
        let now = self.since.get(&step.shard).cloned();
        now.or_else(|| self.dump.planned_copies(&step.database, &step.collection, &step.shard))
    }
}
