//! Controls and lists the agency's jobs.

use std::fmt;
use std::time::Duration;

use crate::server::cluster::{ClusterInner, TestCluster};
use crate::state::State;
use crate::state::agency_jobs::{Job, JobOutcome};

/// The jobs of a cluster's agency; see [`TestCluster::agency_jobs`].
///
/// They are shard moves, and jobs that take servers out of use. They belong to the agency: the loss of the coordinator
/// that created one changes nothing. They do not progress while the supervision is in maintenance or the [agency is
/// down](TestCluster::agency_down).
pub struct AgencyJobs<'a> {
    shared: &'a ClusterInner,
}

/// Snapshot of one job.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AgencyJob {
    /// The id for `queryAgencyJob`. The id of a job created by another job begins with that job's id.
    pub id: String,
    /// `moveShard`, `cleanOutServer` or `resignLeadership`.
    pub kind: &'static str,
    /// `ToDo`, `Pending`, `Finished` or `Failed`.
    pub status: &'static str,
    /// Why it failed; empty unless it has failed.
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
    pub(crate) fn new(shared: &'a ClusterInner) -> Self {
        Self { shared }
    }

    /// Returns all jobs that can still be queried, oldest first.
    ///
    /// The list includes jobs whose ids are in no response, such as those of a rebalance.
    pub fn list(&self) -> Vec<AgencyJob> {
        self.with(|state| state.jobs.jobs.iter().map(AgencyJob::from).collect())
    }

    /// Sets how long a future move stays pending; see [`Builder::move_time`](crate::Builder::move_time).
    pub fn set_move_time(&self, time: Duration) {
        self.with(|state| state.jobs.timing.move_time = time);
    }

    /// Sets how long a future job stays in `ToDo`, at least. Default: zero.
    pub fn set_todo_time(&self, time: Duration) {
        self.with(|state| state.jobs.timing.todo_time = time);
    }

    /// Sets how many moves are pending at once, at least one; see
    /// [`Builder::max_concurrent_moves`](crate::Builder::max_concurrent_moves).
    pub fn set_max_concurrent(&self, count: usize) {
        self.with(|state| state.jobs.timing.max_concurrent = count.max(1));
    }

    /// Sets the outcome of the next job that is created.
    ///
    /// Several calls apply to several jobs, in order.
    pub fn set_next_outcome(&self, outcome: JobOutcome) {
        self.with(|state| state.jobs.next_outcomes.push_back(outcome));
    }

    /// Sets the outcome of every job created from now on.
    ///
    /// An outcome set with [`set_next_outcome`](Self::set_next_outcome) has precedence.
    pub fn set_outcome(&self, outcome: JobOutcome) {
        self.with(|state| state.jobs.default_outcome = outcome);
    }

    /// Sets the outcome of one job. Returns `false` if no unfinished job has this id.
    pub fn set_job_outcome(&self, id: &str, outcome: JobOutcome) -> bool {
        self.with(|state| {
            let job = state.jobs.find(id).filter(|job| !job.stage.is_over());
            job.map(|job| job.outcome = outcome).is_some()
        })
    }

    /// Forgets the ended jobs, as an agency does after a while. Queries for them get 404.
    pub fn forget_ended(&self) {
        self.with(|state| state.jobs.forget_ended());
    }

    /// Locks the state and advances it to the current time.
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
    /// Returns the jobs of this cluster's agency.
    pub fn agency_jobs(&self) -> AgencyJobs<'_> {
        AgencyJobs::new(&self.shared)
    }
}
