//! Moving leaderships off a DB-Server.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;

use crate::jobs::{JobId, Scheduled};
use crate::server::ServerId;

/// What happens later to the leaderships that were moved off a DB-Server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ResignedLeaders {
    /// They stay on the new leaders.
    #[default]
    Stay,
    /// The supervision tries to move them back.
    ///
    /// Old servers ignore this; the first version that supports it is not documented.
    MoveBack,
}

/// Moves all leaderships of a DB-Server to in-sync followers.
///
/// The DB-Server can then be restarted. No data is copied.
///
/// The response contains the id of a [job](crate::GetAgencyJob), which cannot be
/// [cancelled](crate::CancelAgencyJob).
///
/// **The server does not validate the name**: an unknown one is a success here and a job that fails.
///
/// # Errors
///
/// 403 without write access to `_system`; 500 if the agency does not accept the job within 20 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResignLeadership<'a> {
    /// The DB-Server, by its id or its short name.
    pub server: &'a ServerId,
    /// What happens to the leaderships later.
    pub leaders: ResignedLeaders,
}

impl Operation for ResignLeadership<'_> {
    type Output = JobId;

    const METADATA: Metadata =
        Metadata::post("cluster.resign_leadership", "/_admin/cluster/resignLeadership")
            .permission(Permission::Admin); // not idempotent: each request creates another job

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a> {
            server: &'a ServerId,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            undo_moves: bool,
        }
        let server = self.server.checked_id_or_short_name("server")?;
        let undo_moves = self.leaders == ResignedLeaders::MoveBack;
        RequestBuilder::new(Self::METADATA).json(&Body { server, undo_moves }).build()
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

    const PATH: &str = "/_admin/cluster/resignLeadership";

    #[test]
    fn leaders_are_moved_back_only_on_request() {
        let server = ServerId::from("DBServer0001");
        let mut resign = ResignLeadership { server: &server, leaders: ResignedLeaders::default() };
        assert_request_with_body(&resign, "POST", PATH, r#"{"server":"DBServer0001"}"#);
        resign.leaders = ResignedLeaders::MoveBack;
        assert_request_with_body(&resign, "POST", PATH, r#"{"server":"DBServer0001","undoMoves":true}"#);
        let id = resign.output(response(202, r#"{"error":false,"code":202,"id":"7"}"#)).unwrap();
        assert_eq!(id, "7".into());
        let unnamed = ResignLeadership { server: &"".into(), leaders: ResignedLeaders::Stay };
        assert_rejected(&unnamed, "`server` is empty");
    }
}
