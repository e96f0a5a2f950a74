//! Cancelling a job of the agency.

use std::time::Duration;

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

use crate::jobs::JobId;

/// The server waits for the agency for up to 60 seconds.
const SERVER_TIMEOUT: Duration = Duration::from_secs(75);

/// Requests cancellation of a job.
///
/// The job must be one that moves a shard or cleans out a DB-Server. A success only means that the request is written.
/// The supervision follows in one of its next rounds, and the job ends as [`Failed`](crate::JobStatus::Failed):
/// [`GetAgencyJob`](crate::GetAgencyJob) shows when. Shards that were moved until then stay where they are.
///
/// # Errors
///
/// 404 if there is no such job, and for a moment also for a job that was just created. 400 with error 10 if it has
/// ended, or is of another type; 412 if it is just ending. 403 without write access to `_system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelAgencyJob<'a> {
    /// The job.
    pub id: &'a JobId,
}

impl Operation for CancelAgencyJob<'_> {
    type Output = ();

    const METADATA: Metadata = Metadata::post("cluster.cancel_agency_job", "/_admin/cluster/cancelAgencyJob")
        .idempotent() // sets one flag of one job; a repeated request may return 400 if the job has ended
        .server_timeout(SERVER_TIMEOUT)
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        #[derive(Serialize)]
        struct Body<'a> {
            id: &'a JobId,
        }
        if self.id.as_str().is_empty() {
            return Err(BuildError::Field { field: "id", reason: "is empty" });
        }
        RequestBuilder::new(Self::METADATA).json(&Body { id: self.id }).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        #[derive(Deserialize)]
        struct Body {
            #[serde(rename = "job")]
            _job: JobId,
            // `aborted`, although the job is not aborted yet.
            #[serde(rename = "status")]
            _status: String,
        }
        response.acknowledged()?;
        response.json::<Body>().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request_with_body, read};

    #[test]
    fn a_job_is_cancelled_by_its_id() {
        let id = JobId::from("1234567");
        let cancel = CancelAgencyJob { id: &id };
        assert_request_with_body(&cancel, "POST", "/_admin/cluster/cancelAgencyJob", r#"{"id":"1234567"}"#);
        read(&cancel, r#"{"job":"1234567","status":"aborted","error":false}"#);
        assert_rejected(&CancelAgencyJob { id: &"".into() }, "`id` is empty");
    }
}
