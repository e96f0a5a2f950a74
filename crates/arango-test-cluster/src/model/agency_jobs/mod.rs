//! Jobs of the agency: moves of shards that wait, run for a while, and end.

mod task;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

pub(crate) use self::task::{MoveShard, Shards, Task};
use crate::clock::Clock;

/// The agency's list in which a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    ToDo,
    Pending,
    Finished,
    Failed,
}

impl Stage {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::ToDo => "ToDo",
            Self::Pending => "Pending",
            Self::Finished => "Finished",
            Self::Failed => "Failed",
        }
    }

    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Finished | Self::Failed)
    }
}

/// One job.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) task: Task,
    pub(crate) creator: String,
    pub(crate) stage: Stage,
    pub(crate) created: Instant,
    pub(crate) started: Option<Instant>,
    pub(crate) finished: Option<Instant>,
    pub(crate) reason: String,
    pub(crate) abort: bool,
    remaining: Duration,
}

/// All jobs, oldest first.
#[derive(Debug)]
pub(crate) struct AgencyJobs {
    pub(crate) jobs: Vec<Job>,
    move_time: Duration,
    at_once: usize,
}

/// How many ended jobs can still be asked for.
const KEPT: usize = 4096;

impl AgencyJobs {
    pub(crate) fn new(move_time: Duration, at_once: usize) -> Self {
        Self { jobs: Vec::new(), move_time, at_once }
    }

    pub(crate) fn add(&mut self, id: u64, task: Task, creator: &str, now: Instant) -> String {
        let id = id.to_string();
        self.jobs.push(Job {
            id: id.clone(),
            task,
            creator: creator.to_owned(),
            stage: Stage::ToDo,
            created: now,
            started: None,
            finished: None,
            reason: String::new(),
            abort: false,
            remaining: self.move_time,
        });
        id
    }

    pub(crate) fn find(&mut self, id: &str) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.id == id)
    }

    /// How many moves of shards stand in a list.
    pub(crate) fn moves(&self, stage: Stage) -> usize {
        self.jobs.iter().filter(|job| job.stage == stage && matches!(job.task, Task::MoveShard(_))).count()
    }

    /// Lets the supervision work from `now` on for `span`.
    pub(crate) fn work(&mut self, mut now: Instant, mut span: Duration, shards: &mut Shards<'_>) {
        loop {
            self.end_aborted(now);
            self.begin(now, shards);
            let pending = || self.jobs.iter().filter(|job| job.stage == Stage::Pending);
            let Some(step) = pending().map(|job| job.remaining).min().filter(|step| *step <= span) else {
                break;
            };
            (now, span) = (now + step, span.saturating_sub(step));
            for job in self.jobs.iter_mut().filter(|job| job.stage == Stage::Pending) {
                job.remaining = job.remaining.saturating_sub(step);
                if job.remaining.is_zero() {
                    let outcome = job.task.finish(shards);
                    job.end(outcome, now);
                }
            }
        }
        for job in self.jobs.iter_mut().filter(|job| job.stage == Stage::Pending) {
            job.remaining = job.remaining.saturating_sub(span);
        }
        while self.jobs.len() > KEPT && self.jobs[0].stage.is_over() {
            self.jobs.remove(0);
        }
    }

    fn end_aborted(&mut self, now: Instant) {
        for job in self.jobs.iter_mut().filter(|job| job.abort && !job.stage.is_over()) {
            job.end(Err("Killed via API"), now);
        }
    }

    /// Makes jobs pending in their order, as long as there is room and their shards are free.
    fn begin(&mut self, now: Instant, shards: &Shards<'_>) {
        let mut busy: BTreeSet<String> = BTreeSet::new();
        let mut running = 0;
        for job in self.jobs.iter().filter(|job| job.stage == Stage::Pending) {
            running += 1;
            busy.extend(job.task.shard());
        }
        for job in self.jobs.iter_mut().filter(|job| job.stage == Stage::ToDo) {
            if running >= self.at_once {
                break;
            }
            if job.task.shard().is_some_and(|shard| busy.contains(&shard)) {
                continue;
            }
            if let Err(reason) = job.task.check(shards) {
                job.end(Err(reason), now);
                continue;
            }
            (job.stage, job.started) = (Stage::Pending, Some(now));
            busy.extend(job.task.shard());
            running += 1;
        }
    }
}

impl Job {
    fn end(&mut self, outcome: Result<(), &str>, now: Instant) {
        self.finished = Some(now);
        self.stage = match outcome {
            Ok(()) => Stage::Finished,
            Err(reason) => {
                reason.clone_into(&mut self.reason);
                Stage::Failed
            }
        };
    }

    pub(crate) fn to_json(&self, clock: &Clock) -> Value {
        let mut object = match &self.task {
            Task::MoveShard(step) => {
                let mut object = json!({
                    "type": "moveShard", "database": step.database, "collection": step.collection, "shard": step.shard,
                    "fromServer": step.from, "toServer": step.to, "isLeader": step.is_leader,
                });
                if let Some(remains) = step.remains_follower {
                    object["remainsFollower"] = remains.into();
                    object["tryUndo"] = step.try_undo.into();
                }
                object
            }
            Task::CleanOutServer { server } => json!({ "type": "cleanOutServer", "server": server }),
            Task::ResignLeadership { server } => json!({ "type": "resignLeadership", "server": server }),
        };
        object["jobId"] = self.id.as_str().into();
        object["job"] = self.id.as_str().into();
        object["creator"] = self.creator.as_str().into();
        object["status"] = self.stage.text().into();
        object["error"] = false.into();
        object["timeCreated"] = clock.timestamp(self.created).into();
        let times = [("timeStarted", self.started), ("timeFinished", self.finished)];
        for (key, time) in times.into_iter().filter_map(|(key, time)| Some((key, time?))) {
            object[key] = clock.timestamp(time).into();
        }
        if !self.reason.is_empty() {
            object["reason"] = self.reason.as_str().into();
        }
        if self.abort {
            object["abort"] = true.into();
        }
        object
    }
}
