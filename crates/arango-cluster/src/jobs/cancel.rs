//! Cancelling a job of the agency.

use std::time::Duration;

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

use crate::JobId;

/// The server gives the agency 60 seconds.
const SERVER_TIMEOUT: Duration = Duration::from_secs(75);

/// Wants a job of the agency cancelled: one that moves a shard or empties a DB-Server.
///
/// A success says only that the wish is written down. The supervision follows in one of its next rounds, and the job
/// ends as [`Failed`](crate::JobStatus::Failed): [`GetAgencyJob`](crate::GetAgencyJob) tells when. What was moved until
/// then stays where it is.
///
/// # Errors
///
/// 404 if there is no such job, and for a moment also for one that was just written down. 400 with error 10 if it is
/// over, or is of another type; 412 if it is just getting over. 403 without write access to `_system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelAgencyJob<'a> {
    /// The job.
    pub id: &'a JobId,
}

impl Operation for CancelAgencyJob<'_> {
    type Output = ();

    const METADATA: Metadata = Metadata::post("cluster.cancel_agency_job", "/_admin/cluster/cancelAgencyJob")
        .idempotent() // one flag of one job; a second time may find it over, with 400
        .server_timeout(SERVER_TIMEOUT)
        .permission(Permission::Admin);

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

    fn output(&self, response: ApiResponse) -> Result<(), DecodeError> {
        #[derive(Deserialize)]
        struct Body {
            #[serde(rename = "job")]
            _job: JobId,
            // `aborted`, which the job is not yet.
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
    use crate::testing::{assert_refuses, assert_sends, read};

    #[test]
    fn a_job_is_cancelled_by_its_id() {
        let id = JobId::from("1234567");
        let cancel = CancelAgencyJob { id: &id };
        assert_sends(&cancel, "POST", "/_admin/cluster/cancelAgencyJob", r#"{"id":"1234567"}"#);
        read(&cancel, r#"{"job":"1234567","status":"aborted","error":false}"#);
        assert_refuses(&CancelAgencyJob { id: &"".into() }, "`id` is empty");
    }
}
