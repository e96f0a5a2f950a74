//! Moving everything off a DB-Server.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;

use super::ServerBody;
use crate::jobs::{JobId, Scheduled};
use crate::server::ServerId;

/// Starts to move everything off a DB-Server.
///
/// The DB-Server can be removed afterwards. The response contains the id of a [job](crate::GetAgencyJob). Once the job
/// has finished, the DB-Server is [listed](crate::ServerCount::cleaned) as cleaned out and gets no new shards until it
/// is [removed from that list](crate::SetServerCount).
///
/// **The server does not validate the name**: an unknown one is a success here and a job that fails.
///
/// # Errors
///
/// 403 without write access to `_system`; 500 if the agency does not accept the job within 20 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CleanOutServer<'a> {
    /// The DB-Server, by its id or its short name.
    pub server: &'a ServerId,
}

impl Operation for CleanOutServer<'_> {
    type Output = JobId;

    const METADATA: Metadata = Metadata::post("cluster.clean_out_server", "/_admin/cluster/cleanOutServer")
        .permission(Permission::Admin); // not idempotent: each request creates another job

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA)
            .json(&ServerBody { server: self.server.checked_id_or_short_name("server")? })
            .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<JobId, OutputError> {
        response.json::<Scheduled>().map(|scheduled| scheduled.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request_with_body, response};

    #[test]
    fn a_server_is_cleaned_out_by_a_job() {
        let server = ServerId::from("PRMR-1");
        let empty = CleanOutServer { server: &server };
        assert_request_with_body(&empty, "POST", "/_admin/cluster/cleanOutServer", r#"{"server":"PRMR-1"}"#);
        let id = empty.output(response(202, r#"{"error":false,"code":202,"id":"1234567"}"#)).unwrap();
        assert_eq!(id, "1234567".into());
        assert!(empty.output(response(202, r#"{"error":false,"code":202}"#)).is_err());
        assert_rejected(&CleanOutServer { server: &"".into() }, "`server` is empty");
    }
}
