//! Jobs of the agency, as a test steers and reads them.

use std::fmt;
use std::time::Duration;

use crate::cluster::{Shared, TestCluster};
use crate::model::agency_jobs::{Job, JobFate};
use crate::state::State;

/// The jobs of a cluster's agency: moves of shards, and what takes servers out of use; see [`TestCluster::agency_jobs`].
///
/// They live in the agency: the death of the coordinator that was asked for one changes nothing. They stand still while
/// the supervision is in maintenance, and while the [agency is down](TestCluster::agency_down).
pub struct AgencyJobs<'a> {
    shared: &'a Shared,
}

/// One job as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AgencyJob {
    /// What `queryAgencyJob` asks by. Those that another job has asked for begin with its id.
    pub id: String,
    /// `moveShard`, `cleanOutServer` or `resignLeadership`.
    pub kind: &'static str,
    /// `ToDo`, `Pending`, `Finished` or `Failed`.
    pub status: &'static str,
    /// Why it failed; empty if it has not.
    pub reason: String,
}

impl From<&Job> for AgencyJob {
    fn from(job: &Job) -> Self {
        Self {
            id: job.id.clone(),
            kind: job.task.kind(),
            status: job.stage.text(),
            reason: job.reason.clone(),
        }
    }
}

impl<'a> AgencyJobs<'a> {
    pub(crate) fn new(shared: &'a Shared) -> Self {
        Self { shared }
    }

    /// All that can still be asked for, oldest first: also those whose ids no answer has told, as of a rebalance.
    pub fn list(&self) -> Vec<AgencyJob> {
        self.with(|state| state.jobs.jobs.iter().map(AgencyJob::from).collect())
    }

    /// Sets how long a move that is not made yet stays pending; see [`Builder::move_time`](crate::Builder::move_time).
    pub fn set_move_time(&self, time: Duration) {
        self.with(|state| state.jobs.pace.move_time = time);
    }

    /// Sets how long a job that is not made yet stays to be done, at least. Default: no time at all.
    pub fn set_wait(&self, time: Duration) {
        self.with(|state| state.jobs.pace.wait = time);
    }

    /// Sets how many moves are pending at once, at least one; see [`Builder::moves_at_once`](crate::Builder::moves_at_once).
    pub fn set_at_once(&self, count: usize) {
        self.with(|state| state.jobs.pace.at_once = count.max(1));
    }

    /// Decides what becomes of the next job that somebody asks for. Several decisions are for several jobs, in their order.
    pub fn next(&self, fate: JobFate) {
        self.with(|state| state.jobs.next_fates.push_back(fate));
    }

    /// Decides what becomes of every job that somebody asks for from now on, unless [`next`](Self::next) says otherwise.
    pub fn every(&self, fate: JobFate) {
        self.with(|state| state.jobs.fate = fate);
    }

    /// Decides what becomes of a job; `false` if there is none with this id that has not ended.
    pub fn decide(&self, id: &str, fate: JobFate) -> bool {
        self.with(|state| {
            let job = state.jobs.find(id).filter(|job| !job.stage.is_over());
            job.map(|job| job.fate = fate).is_some()
        })
    }

    /// Forgets the jobs that have ended, as an agency does after a while: whoever asks for one gets 404.
    pub fn forget_ended(&self) {
        self.with(|state| state.jobs.forget_ended());
    }

    /// Enters the state as it is now.
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.shared.state();
        let now = state.clock.now();
        state.advance(now);
        change(&mut state)
    }
}

impl fmt::Debug for AgencyJobs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgencyJobs")
            .field("jobs", &self.shared.state().jobs.jobs.len())
            .finish_non_exhaustive()
    }
}

impl TestCluster {
    /// The jobs of this cluster's agency: how quickly they run, and what becomes of them.
    pub fn agency_jobs(&self) -> AgencyJobs<'_> {
        AgencyJobs::new(&self.shared)
    }
}
