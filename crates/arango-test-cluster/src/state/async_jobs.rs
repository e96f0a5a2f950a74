//! Requests that run in the background, each known to the coordinator that took it.

use std::collections::BTreeMap;

use super::owner::{id_of, owner};
use crate::http::reply::Reply;

/// One background request whose result is kept.
#[derive(Debug)]
pub(crate) struct AsyncJob {
    pub(crate) user: Option<String>,
    /// What it answered, once it has.
    pub(crate) result: Option<Reply>,
    pub(crate) since: u64,
}

/// All of them, by id.
#[derive(Debug, Default)]
pub(crate) struct AsyncJobs {
    pub(crate) jobs: BTreeMap<u64, AsyncJob>,
    last: u64,
}

impl AsyncJobs {
    /// Begins a job of coordinator `index`, at `since` seconds of the epoch.
    pub(crate) fn begin(&mut self, index: usize, user: Option<String>, since: u64) -> u64 {
        self.last += 1;
        let id = id_of(index, self.last);
        self.jobs.insert(id, AsyncJob { user, result: None, since });
        id
    }

    pub(crate) fn finish(&mut self, id: u64, reply: Reply) {
        if let Some(job) = self.jobs.get_mut(&id) {
            job.result = Some(reply);
        }
    }

    /// Ends with the process that held them.
    pub(crate) fn forget_of(&mut self, index: usize) {
        self.jobs.retain(|id, _| owner(*id) != Some(index));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_end_with_their_coordinator() {
        let mut jobs = AsyncJobs::default();
        let (first, second) = (jobs.begin(0, None, 0), jobs.begin(1, None, 0));
        jobs.forget_of(0);

        assert!(!jobs.jobs.contains_key(&first) && jobs.jobs.contains_key(&second));
    }
}
