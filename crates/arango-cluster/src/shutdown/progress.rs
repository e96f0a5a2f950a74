//! What a soft shutdown waits for.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

use super::PATH;

/// What lives on a coordinator, and so what a soft shutdown waits for. The counts are true also if there is none.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ShutdownProgress {
    /// Whether a soft shutdown is under way.
    pub soft_shutdown_ongoing: bool,
    /// How many cursors there are.
    #[serde(rename = "AQLcursors")]
    pub aql_cursors: u64,
    /// How many transactions.
    pub transactions: u64,
    /// How many jobs that are not done.
    pub pending_jobs: u64,
    /// How many jobs that are done, and whose results nobody has fetched.
    pub done_jobs: u64,
    /// How many computations of Pregel. Gone since 3.12.
    pub pregel_conductors: Option<u64>,
    /// How many requests of users are being worked on. Old servers do not say.
    pub low_prio_ongoing_requests: Option<u64>,
    /// How many requests of users wait. Old servers do not say.
    pub low_prio_queued_requests: Option<u64>,
    /// Whether nothing is left: if a soft shutdown is under way, the coordinator stops about two seconds later.
    pub all_clear: bool,
}

/// Asks the coordinator that answers what its soft shutdown waits for.
///
/// # Errors
///
/// 403 without write access to `_system`; 405 from a server that is no coordinator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetShutdownProgress;

impl Operation for GetShutdownProgress {
    type Output = ShutdownProgress;

    const METADATA: Metadata = Metadata::get("server.shutdown_progress", PATH)
        .scope(Scope::Coordinator)
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<ShutdownProgress, DecodeError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, read, response};

    #[test]
    fn what_is_waited_for_is_counted() {
        assert_asks(&GetShutdownProgress, "GET", PATH);
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
    fn old_servers_count_other_things() {
        let old = r#"{"softShutdownOngoing":false,"AQLcursors":0,"transactions":0,"pendingJobs":0,"doneJobs":0,
            "pregelConductors":7,"allClear":true}"#;
        let progress = read(&GetShutdownProgress, old);
        assert_eq!((progress.pregel_conductors, progress.low_prio_ongoing_requests), (Some(7), None));
        let bent = old.replace("\"transactions\":0", "\"transactions\":\"x\"");
        assert_eq!(GetShutdownProgress.output(response(200, &bent)).unwrap_err().path(), "transactions");
    }
}
