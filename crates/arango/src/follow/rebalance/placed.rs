//! Where the copies of shards lie while a plan is made, and which of its moves somebody has begun already.

use std::collections::HashMap;

use arango_cluster::{AgencyDump, AgencyJob, JobId, MoveShard, ServerId, ShardMove};

use crate::follow::find::Wanted;

/// What the agency held at one moment, and what has changed by the moves that were made since.
pub(super) struct Placed {
    dump: AgencyDump,
    /// The jobs that were not over then, by the shards that they move.
    running: HashMap<String, Vec<AgencyJob>>,
    since: HashMap<String, Vec<ServerId>>,
}

/// How a move is made.
pub(super) enum Way {
    /// By the job that somebody else has begun.
    Follow(JobId),
    /// By a job of its own.
    Begin,
    /// The same, and the leader gives up its copy.
    BeginLeavingNoFollower,
}

impl Placed {
    pub(super) fn new(dump: AgencyDump) -> Self {
        let mut running = HashMap::<_, Vec<_>>::new();
        for job in dump.jobs().into_iter().filter(|job| !job.is_over()) {
            if let Some(shard) = job.shard.clone() {
                running.entry(shard).or_default().push(job);
            }
        }
        Self { dump, running, since: HashMap::new() }
    }

    /// How a move comes to what the plan reckons with: a leader that goes where no copy is gives up its own, and one that
    /// goes to a follower changes places with it.
    pub(super) fn way(&self, step: &ShardMove) -> Way {
        let wanted = Wanted::move_of(&MoveShard::of(step));
        let mut running = self.running.get(&step.shard).into_iter().flatten();
        if let Some(job) = running.find(|job| wanted.is(job, &self.dump)) {
            return Way::Follow(job.id.clone());
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
    pub(super) fn is_made(&self, step: &ShardMove) -> bool {
        self.copies(step).is_some_and(|copies| {
            if step.is_leader {
                copies.first() == Some(&step.to)
            } else {
                copies.contains(&step.to) && !copies.contains(&step.from)
            }
        })
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
