//! Background requests. Each belongs to the coordinator that received it.

use std::collections::BTreeMap;

use super::id_owner::{owned_id, owner};
use crate::http::reply::Reply;
use crate::journal::EntryId;

/// A background request whose result is kept.
#[derive(Debug)]
pub(crate) struct AsyncJob {
    pub(crate) user: Option<String>,
    /// The result, once there is one.
    pub(crate) result: Option<Reply>,
    pub(crate) since: u64,
    /// The request that runs.
    pub(crate) request: EntryId,
}

/// All background requests, by id.
#[derive(Debug, Default)]
pub(crate) struct AsyncJobs {
    pub(crate) jobs: BTreeMap<u64, AsyncJob>,
    last: u64,
}

impl AsyncJobs {
    /// Adds a job of coordinator `index`, begun at `since` seconds since the epoch.
    pub(crate) fn begin(&mut self, index: usize, user: Option<String>, since: u64, request: EntryId) -> u64 {
        self.last += 1;
        let id = owned_id(index, self.last);
        self.jobs.insert(id, AsyncJob { user, result: None, since, request });
        id
    }

    pub(crate) fn finish(&mut self, id: u64, reply: Reply) {
        if let Some(job) = self.jobs.get_mut(&id) {
            job.result = Some(reply);
        }
    }

    /// Removes the jobs of a coordinator whose process has ended.
    pub(crate) fn remove_of_coordinator(&mut self, index: usize) {
        self.jobs.retain(|id, _| owner(*id) != Some(index));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_end_with_their_coordinator() {
        let begin = |jobs: &mut AsyncJobs, index| jobs.begin(index, None, 0, EntryId::default());
        let mut jobs = AsyncJobs::default();
        let (first, second) = (begin(&mut jobs, 0), begin(&mut jobs, 1));
        jobs.remove_of_coordinator(0);

        assert!(!jobs.jobs.contains_key(&first) && jobs.jobs.contains_key(&second));
    }
}
