//! Emptying a DB-Server.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;

use super::Named;
use crate::jobs::Scheduled;
use crate::{JobId, ServerId};

/// Begins to move everything off a DB-Server, so that it can be removed.
///
/// The answer is a [job](crate::GetAgencyJob). Once it is finished, the DB-Server is
/// [listed](crate::ServerCount::cleaned) as emptied and gets no new shards until it is
/// [taken off that list](crate::SetServerCount).
///
/// **The server does not look at the name**: an unknown one is a success here and a job that fails.
///
/// # Errors
///
/// 403 without write access to `_system`; 500 if the agency does not take the job within 20 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CleanOutServer<'a> {
    /// The DB-Server, by its id or its short name.
    pub server: &'a ServerId,
}

impl Operation for CleanOutServer<'_> {
    type Output = JobId;

    const METADATA: Metadata = Metadata::post("cluster.clean_out_server", "/_admin/cluster/cleanOutServer")
        .permission(Permission::Admin); // not idempotent: each time is a job of its own

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA)
            .json(&Named { server: self.server.given_or_short("server")? })
            .build()
    }

    fn output(&self, response: ApiResponse) -> Result<JobId, DecodeError> {
        response.json::<Scheduled>().map(|scheduled| scheduled.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_refuses, assert_sends, response};

    #[test]
    fn a_server_is_emptied_by_a_job() {
        let server = ServerId::from("PRMR-1");
        let empty = CleanOutServer { server: &server };
        assert_sends(&empty, "POST", "/_admin/cluster/cleanOutServer", r#"{"server":"PRMR-1"}"#);
        let id = empty.output(response(202, r#"{"error":false,"code":202,"id":"1234567"}"#)).unwrap();
        assert_eq!(id, "1234567".into());
        assert!(empty.output(response(202, r#"{"error":false,"code":202}"#)).is_err());
        assert_refuses(&CleanOutServer { server: &"".into() }, "`server` is empty");
    }
}
