//! Jobs of the agency: moves of shards that wait, run for a while, and end.
//!
//! They belong to no coordinator. Whoever was asked for one may die; the supervision goes on with it.

mod fate;
mod job;
mod leaving;
mod task;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

pub use self::fate::JobFate;
pub(crate) use self::job::{Job, Stage};
pub(crate) use self::task::{MoveShard, Shards, Task};

/// How quickly jobs go from list to list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// How long a job waits at least before it becomes pending.
    pub(crate) wait: Duration,
    /// How long one move of a shard is pending.
    pub(crate) move_time: Duration,
    /// How many moves are pending at once.
    pub(crate) at_once: usize,
}

/// All jobs, oldest first.
#[derive(Debug)]
pub(crate) struct AgencyJobs {
    pub(crate) jobs: Vec<Job>,
    pub(crate) pace: Pace,
    /// What becomes of jobs for which nothing else is decided.
    pub(crate) fate: JobFate,
    /// Decided for the jobs that are asked for next.
    pub(crate) next_fates: VecDeque<JobFate>,
}

/// How many ended jobs can still be asked for.
const KEPT: usize = 4096;

impl AgencyJobs {
    pub(crate) fn new(pace: Pace) -> Self {
        Self { jobs: Vec::new(), pace, fate: JobFate::Finish, next_fates: VecDeque::new() }
    }

    pub(crate) fn add(&mut self, id: u64, task: Task, creator: &str, now: Instant) -> String {
        let fate = self.next_fates.pop_front().unwrap_or_else(|| self.fate.clone());
        let job = Job::new(id.to_string(), task, creator, fate, self.pace, now);
        let id = job.id.clone();
        self.jobs.push(job);
        id
    }

    pub(crate) fn find(&mut self, id: &str) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.id == id)
    }

    /// How many moves of shards stand in a list.
    pub(crate) fn moves(&self, stage: Stage) -> usize {
        self.jobs.iter().filter(|job| job.stage == stage && job.task.as_move().is_some()).count()
    }

    /// The moves that are under way, each with the share of it that is done.
    pub(crate) fn under_way(&self) -> impl Iterator<Item = (&MoveShard, f64)> {
        let pending = self.jobs.iter().filter(|job| job.stage == Stage::Pending);
        pending.filter_map(|job| Some((job.task.as_move()?, job.share_done())))
    }

    /// Takes ended jobs from the agency's lists, as it does after a while.
    pub(crate) fn forget_ended(&mut self) {
        self.jobs.retain(|job| !job.stage.is_over());
    }

    /// Lets the supervision work from `now` on for `span`.
    pub(crate) fn work(&mut self, mut now: Instant, mut span: Duration, shards: &mut Shards<'_>) {
        loop {
            self.end_aborted(now);
            while self.begin(now, shards) | self.end_leaving(now, shards) {}
            let Some(step) = self.next_step(now).filter(|step| *step <= span) else { break };
            (now, span) = (now + step, span.saturating_sub(step));
            for job in &mut self.jobs {
                job.proceed(step);
                if job.is_due() {
                    let outcome = job.outcome(shards);
                    job.end(outcome, now);
                }
            }
        }
        self.jobs.iter_mut().for_each(|job| job.proceed(span));
        while self.jobs.len() > KEPT && self.jobs[0].stage.is_over() {
            self.jobs.remove(0);
        }
    }

    /// How long it is until something happens to a job.
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

    /// Makes jobs pending in their order, as long as there is room and their shards are free; says whether any job came to
    /// be or ended by that.
    fn begin(&mut self, now: Instant, shards: &Shards<'_>) -> bool {
        let mut busy: BTreeSet<String> = BTreeSet::new();
        let mut running = 0;
        for step in
            self.jobs.iter().filter(|job| job.stage == Stage::Pending).filter_map(|job| job.task.as_move())
        {
            running += 1;
            busy.insert(step.shard.clone());
        }
        let (at_once, mut born, mut changed) = (self.pace.at_once, Vec::new(), false);
        for job in self.jobs.iter_mut().filter(|job| job.is_ready(now)) {
            if let Some(step) = job.task.as_move() {
                if running >= at_once || busy.contains(&step.shard) {
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
                match leaving::steps(&job.task, shards) {
                    Err(reason) => job.end(Err(reason.to_owned()), now),
                    Ok(steps) => {
                        job.begin(now);
                        if job.fate == JobFate::Finish {
                            born.extend(job.children(steps, self.pace, now));
                        }
                    }
                }
                changed = true;
            }
        }
        changed |= !born.is_empty();
        self.jobs.extend(born);
        changed
    }

    /// Ends the jobs all of whose moves have ended.
    fn end_leaving(&mut self, now: Instant, shards: &mut Shards<'_>) -> bool {
        let mut ended = Vec::new();
        for job in self.jobs.iter().filter(|job| job.waits_for_children()) {
            let children = || self.jobs.iter().filter(|child| child.parent.as_ref() == Some(&job.id));
            if children().all(|child| child.stage.is_over()) {
                let failed = children().filter(|child| child.stage == Stage::Failed).count();
                ended.push((job.id.clone(), failed));
            }
        }
        for (id, failed) in &ended {
            let job = self.find(id).expect("it was found the line before");
            let outcome =
                if *failed == 0 { Ok(()) } else { Err(format!("{failed} moves of shards have failed")) };
            if outcome.is_ok() {
                leaving::note(&job.task, shards);
            }
            job.end(outcome, now);
        }
        !ended.is_empty()
    }
}
