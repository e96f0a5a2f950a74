//! Jobs of the agency: shard moves that wait, run for some time, and end.
//!
//! They belong to no coordinator. The supervision continues a job even if the coordinator that created it has stopped.

mod job;
mod outcome;
mod server_jobs;
mod task;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

pub(crate) use self::job::{Job, Stage};
pub use self::outcome::JobOutcome;
pub(crate) use self::task::{MoveShard, Shards, Task};

/// The timing of jobs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JobTiming {
    /// How long a job waits in `ToDo`, at least.
    pub(crate) todo_time: Duration,
    /// How long one shard move is pending.
    pub(crate) move_time: Duration,
    /// How many moves are pending at once.
    pub(crate) max_concurrent: usize,
}

/// All jobs, oldest first.
#[derive(Debug)]
pub(crate) struct AgencyJobs {
    pub(crate) jobs: Vec<Job>,
    pub(crate) timing: JobTiming,
    /// The outcome of jobs for which none is set.
    pub(crate) default_outcome: JobOutcome,
    /// The outcomes of the next jobs that are created.
    pub(crate) next_outcomes: VecDeque<JobOutcome>,
}

/// How many ended jobs can still be queried.
const MAX_ENDED_JOBS: usize = 4096;

impl AgencyJobs {
    pub(crate) fn new(timing: JobTiming) -> Self {
        Self { jobs: Vec::new(), timing, default_outcome: JobOutcome::Finish, next_outcomes: VecDeque::new() }
    }

    pub(crate) fn add(&mut self, id: u64, task: Task, creator: &str, now: Instant) -> String {
        let outcome = self.next_outcomes.pop_front().unwrap_or_else(|| self.default_outcome.clone());
        let job = Job::new(id.to_string(), task, creator, outcome, self.timing, now);
        let id = job.id.clone();
        self.jobs.push(job);
        id
    }

    pub(crate) fn find(&mut self, id: &str) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.id == id)
    }

    /// Returns how many shard moves are in a list.
    pub(crate) fn moves(&self, stage: Stage) -> usize {
        self.jobs.iter().filter(|job| job.stage == stage && job.task.as_move().is_some()).count()
    }

    /// Returns the pending moves, each with its progress.
    pub(crate) fn under_way(&self) -> impl Iterator<Item = (&MoveShard, f64)> {
        let pending = self.jobs.iter().filter(|job| job.stage == Stage::Pending);
        pending.filter_map(|job| Some((job.task.as_move()?, job.progress())))
    }

    /// Removes ended jobs, as the agency does after some time.
    pub(crate) fn forget_ended(&mut self) {
        self.jobs.retain(|job| !job.stage.is_over());
    }

    /// Runs the supervision from `now` for `span`.
    pub(crate) fn work(&mut self, mut now: Instant, mut span: Duration, shards: &mut Shards<'_>) {
        loop {
            self.end_aborted(now);
            while self.begin(now, shards) | self.end_clean_outs(now, shards) {}
            let Some(step) = self.next_step(now).filter(|step| *step <= span) else { break };
            (now, span) = (now + step, span.saturating_sub(step));
            for job in &mut self.jobs {
                job.proceed(step);
                if job.is_due() {
                    let outcome = job.execute(shards);
                    job.end(outcome, now);
                }
            }
        }
        self.jobs.iter_mut().for_each(|job| job.proceed(span));
        while self.jobs.len() > MAX_ENDED_JOBS && self.jobs[0].stage.is_over() {
            self.jobs.remove(0);
        }
    }

    /// Returns the time until the next event of a job.
    fn next_step(&self, now: Instant) -> Option<Duration> {
        let later = |at: Instant| Some(at.saturating_duration_since(now)).filter(|span| !span.is_zero());
        let steps = self.jobs.iter().filter(|job| !job.stage.is_over()).flat_map(|job| {
            let waits = (job.stage == Stage::ToDo).then(|| later(job.ready)).flatten();
            [waits, job.abort.and_then(later), job.is_running().then_some(job.remaining)]
        });
        steps.flatten().min()
    }

    fn end_aborted(&mut self, now: Instant) {
        let is_aborted = |job: &&mut Job| !job.stage.is_over() && job.abort.is_some_and(|abort| abort <= now);
        let mut aborted = Vec::new();
        for job in self.jobs.iter_mut().filter(is_aborted) {
            job.end(Err("Killed via API".to_owned()), now);
            aborted.push(job.id.clone());
        }
        for job in self.jobs.iter_mut().filter(|job| !job.stage.is_over()) {
            if job.parent.as_ref().is_some_and(|parent| aborted.contains(parent)) {
                job.end(Err("parent job was aborted".to_owned()), now);
            }
        }
    }

    /// Makes jobs pending in order. It stops when there is no room and skips jobs with busy shards. Returns whether a
    /// job was created or ended.
    fn begin(&mut self, now: Instant, shards: &Shards<'_>) -> bool {
        let mut busy: BTreeSet<String> = BTreeSet::new();
        let mut running = 0;
        for step in
            self.jobs.iter().filter(|job| job.stage == Stage::Pending).filter_map(|job| job.task.as_move())
        {
            running += 1;
            busy.insert(step.shard.clone());
        }
        let (limit, mut created, mut changed) = (self.timing.max_concurrent, Vec::new(), false);
        for job in self.jobs.iter_mut().filter(|job| job.is_ready(now)) {
            if let Some(step) = job.task.as_move() {
                if running >= limit || busy.contains(&step.shard) {
                    continue;
                }
                if let Err(reason) = step.check(shards) {
                    job.end(Err(reason.to_owned()), now);
                    changed = true;
                    continue;
                }
                busy.insert(step.shard.clone());
                running += 1;
                job.begin(now);
            } else {
                match server_jobs::steps(&job.task, shards) {
                    Err(reason) => job.end(Err(reason.to_owned()), now),
                    Ok(steps) => {
                        job.begin(now);
                        if job.outcome == JobOutcome::Finish {
                            created.extend(job.children(steps, self.timing, now));
                        }
                    }
                }
                changed = true;
            }
        }
        changed |= !created.is_empty();
        self.jobs.extend(created);
        changed
    }

    /// Ends the jobs whose moves have all ended.
    fn end_clean_outs(&mut self, now: Instant, shards: &mut Shards<'_>) -> bool {
        let mut ended = Vec::new();
        for job in self.jobs.iter().filter(|job| job.waits_for_children()) {
            let children = || self.jobs.iter().filter(|child| child.parent.as_ref() == Some(&job.id));
            if children().all(|child| child.stage.is_over()) {
                let failed = children().filter(|child| child.stage == Stage::Failed).count();
                ended.push((job.id.clone(), failed));
            }
        }
        for (id, failed) in &ended {
            let job = self.find(id).expect("the job was found before");
            let outcome =
                if *failed == 0 { Ok(()) } else { Err(format!("{failed} moves of shards have failed")) };
            if outcome.is_ok() {
                server_jobs::record_cleaned(&job.task, shards);
            }
            job.end(outcome, now);
        }
        !ended.is_empty()
    }
}
