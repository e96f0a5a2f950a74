//! A job in the agency's lists.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::JobTiming;
use super::outcome::JobOutcome;
use super::task::{MoveShard, Shards, Task};
use crate::config::clock::Clock;

/// The agency's list that a job is in.
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

/// A job of the agency.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) task: Task,
    pub(crate) creator: String,
    /// The job that created this one, if it was not a coordinator.
    pub(crate) parent: Option<String>,
    pub(crate) stage: Stage,
    pub(crate) outcome: JobOutcome,
    pub(crate) created: Instant,
    /// Until then it stays in `ToDo`.
    pub(super) ready: Instant,
    pub(crate) started: Option<Instant>,
    pub(crate) finished: Option<Instant>,
    pub(crate) reason: String,
    /// The round that aborts it, if a client has cancelled it.
    pub(crate) abort: Option<Instant>,
    length: Duration,
    pub(super) remaining: Duration,
}

impl Job {
    pub(super) fn new(
        id: String,
        task: Task,
        creator: &str,
        outcome: JobOutcome,
        timing: JobTiming,
        now: Instant,
    ) -> Self {
        Self {
            id,
            task,
            creator: creator.to_owned(),
            parent: None,
            stage: Stage::ToDo,
            outcome,
            created: now,
            ready: now + timing.todo_time,
            started: None,
            finished: None,
            reason: String::new(),
            abort: None,
            length: timing.move_time,
            remaining: timing.move_time,
        }
    }

    /// Returns the moves that this job creates.
    pub(super) fn children(&self, steps: Vec<MoveShard>, timing: JobTiming, now: Instant) -> Vec<Self> {
        let child = |(number, step): (usize, MoveShard)| {
            let id = format!("{}-{number}", self.id);
            let job = Self::new(id, Task::MoveShard(step), &self.id, JobOutcome::Finish, timing, now);
            Self { parent: Some(self.id.clone()), ..job }
        };
        steps.into_iter().enumerate().map(child).collect()
    }

    pub(super) fn begin(&mut self, now: Instant) {
        (self.stage, self.started) = (Stage::Pending, Some(now));
    }

    /// Returns whether it ends with its moves, not after its own time.
    pub(super) fn waits_for_children(&self) -> bool {
        self.stage == Stage::Pending
            && self.abort.is_none()
            && self.task.as_move().is_none()
            && self.outcome == JobOutcome::Finish
    }

    /// Returns whether its time runs. The supervision checks for a cancellation before it checks for completion.
    pub(super) fn is_running(&self) -> bool {
        self.stage == Stage::Pending
            && self.abort.is_none()
            && self.outcome != JobOutcome::Hang
            && !self.waits_for_children()
    }

    /// Returns whether it may become pending.
    pub(super) fn is_ready(&self, now: Instant) -> bool {
        self.stage == Stage::ToDo && self.abort.is_none() && self.ready <= now
    }

    pub(super) fn proceed(&mut self, span: Duration) {
        if self.is_running() {
            self.remaining = self.remaining.saturating_sub(span);
        }
    }

    pub(super) fn is_due(&self) -> bool {
        self.is_running() && self.remaining.is_zero()
    }

    /// Returns the elapsed share of its time.
    pub(super) fn progress(&self) -> f64 {
        if self.length.is_zero() { 1.0 } else { 1.0 - self.remaining.div_duration_f64(self.length) }
    }

    /// Does its work, at the end of its time.
    pub(super) fn execute(&self, shards: &mut Shards<'_>) -> Result<(), String> {
        match (&self.outcome, &self.task) {
            (JobOutcome::Fail { reason }, _) => Err(reason.clone()),
            (_, Task::MoveShard(step)) => step.finish(shards).map_err(str::to_owned),
            (_, Task::CleanOutServer { .. } | Task::ResignLeadership { .. }) => Ok(()),
        }
    }

    pub(super) fn end(&mut self, outcome: Result<(), String>, now: Instant) {
        self.finished = Some(now);
        self.stage = match outcome {
            Ok(()) => Stage::Finished,
            Err(reason) => {
                self.reason = reason;
                Stage::Failed
            }
        };
    }

    /// Returns the response of `queryAgencyJob`.
    pub(crate) fn to_json(&self, clock: &Clock) -> Value {
        let mut object = self.document(clock);
        object["job"] = self.id.as_str().into();
        object["status"] = self.stage.text().into();
        object["error"] = false.into();
        object
    }

    /// Returns its document in the agency.
    pub(crate) fn document(&self, clock: &Clock) -> Value {
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
            Task::CleanOutServer { server } => json!({ "type": self.task.kind(), "server": server }),
            Task::ResignLeadership { server, undo_moves } => {
                let mut object = json!({ "type": self.task.kind(), "server": server });
                if let Some(undo) = undo_moves {
                    object["undoMoves"] = (*undo).into();
                }
                object
            }
        };
        object["jobId"] = self.id.as_str().into();
        object["creator"] = self.creator.as_str().into();
        object["timeCreated"] = clock.timestamp(self.created).into();
        let times = [("timeStarted", self.started), ("timeFinished", self.finished)];
        for (key, time) in times.into_iter().filter_map(|(key, time)| Some((key, time?))) {
            object[key] = clock.timestamp(time).into();
        }
        if !self.reason.is_empty() {
            object["reason"] = self.reason.as_str().into();
        }
        if self.abort.is_some() {
            object["abort"] = true.into();
        }
        object
    }
}
