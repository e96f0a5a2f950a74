//! The progress of a soft shutdown.

use arango_protocol::{ApiResponse, Metadata, Operation, OutputError, Permission, Scope};
use serde::{Deserialize, Serialize};

use super::PATH;

/// What a soft shutdown of a coordinator waits for.
///
/// The counts are also valid without a shutdown.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ShutdownProgress {
    /// Whether a soft shutdown is in progress.
    pub soft_shutdown_ongoing: bool,
    /// The number of cursors.
    #[serde(rename = "AQLcursors")]
    pub aql_cursors: u64,
    /// The number of transactions.
    pub transactions: u64,
    /// The number of jobs that have not completed.
    pub pending_jobs: u64,
    /// The number of completed jobs whose results were not fetched.
    pub done_jobs: u64,
    /// The number of Pregel computations. Removed in 3.12.
    pub pregel_conductors: Option<u64>,
    /// The number of client requests in progress. Missing from old servers.
    pub low_prio_ongoing_requests: Option<u64>,
    /// The number of queued client requests. Missing from old servers.
    pub low_prio_queued_requests: Option<u64>,
    /// Whether nothing is left.
    ///
    /// During a soft shutdown, the coordinator then stops after about two seconds.
    pub all_clear: bool,
}

/// Reads what the soft shutdown of the responding coordinator waits for.
///
/// # Errors
///
/// 403 without write access to `_system`; 405 from a server other than a coordinator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetShutdownProgress;

impl Operation for GetShutdownProgress {
    type Output = ShutdownProgress;

    const METADATA: Metadata = Metadata::get("server.shutdown_progress", PATH)
        .scope(Scope::Coordinator)
        .permission(Permission::Admin);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<ShutdownProgress, OutputError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read, response};

    #[test]
    fn shutdown_blockers_are_counted() {
        assert_request(&GetShutdownProgress, "GET", PATH);
        let progress = read(
            &GetShutdownProgress,
            r#"{"softShutdownOngoing":true,"AQLcursors":1,"transactions":2,"pendingJobs":3,"doneJobs":4,
                "lowPrioOngoingRequests":5,"lowPrioQueuedRequests":6,"allClear":false}"#,
        );
        assert!(progress.soft_shutdown_ongoing && !progress.all_clear);
        assert_eq!((progress.aql_cursors, progress.transactions), (1, 2));
        assert_eq!((progress.pending_jobs, progress.done_jobs, progress.pregel_conductors), (3, 4, None));
        assert_eq!(
            (progress.low_prio_ongoing_requests, progress.low_prio_queued_requests),
            (Some(5), Some(6))
        );
    }

    #[test]
    fn old_servers_report_other_counters() {
        let old = r#"{"softShutdownOngoing":false,"AQLcursors":0,"transactions":0,"pendingJobs":0,"doneJobs":0,
            "pregelConductors":7,"allClear":true}"#;
        let progress = read(&GetShutdownProgress, old);
        assert_eq!((progress.pregel_conductors, progress.low_prio_ongoing_requests), (Some(7), None));
        let malformed = old.replace("\"transactions\":0", "\"transactions\":\"x\"");
        assert_eq!(GetShutdownProgress.output(response(200, &malformed)).unwrap_err().path(), "transactions");
    }
}
