//! Taking leadership off a DB-Server.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;

use crate::jobs::Scheduled;
use crate::{JobId, ServerId};

/// Says what becomes of leaders that were taken off a DB-Server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Leaders {
    /// They stay where they went.
    #[default]
    Stay,
    /// The supervision tries to move them back. Servers too old to know this leave them where they went; the first
    /// that does is not documented.
    Return,
}

/// Lets followers that are in sync take over all that a DB-Server leads, so that it can be restarted.
///
/// Nothing is copied. The answer is a [job](crate::GetAgencyJob), which cannot be
/// [cancelled](crate::CancelAgencyJob).
///
/// **The server does not look at the name**: an unknown one is a success here and a job that fails.
///
/// # Errors
///
/// 403 without write access to `_system`; 500 if the agency does not take the job within 20 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResignLeadership<'a> {
    /// The DB-Server, by its id or its short name.
    pub server: &'a ServerId,
    /// What becomes of the leaders later on.
    pub leaders: Leaders,
}

impl Operation for ResignLeadership<'_> {
    type Output = JobId;

    const METADATA: Metadata =
        Metadata::post("cluster.resign_leadership", "/_admin/cluster/resignLeadership")
            .permission(Permission::Admin); // not idempotent: each time is a job of its own

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a> {
            server: &'a ServerId,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            undo_moves: bool,
        }
        let server = self.server.given_or_short("server")?;
        let undo_moves = self.leaders == Leaders::Return;
        RequestBuilder::new(Self::METADATA).json(&Body { server, undo_moves }).build()
    }

    fn output(&self, response: ApiResponse) -> Result<JobId, DecodeError> {
        response.json::<Scheduled>().map(|scheduled| scheduled.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_refuses, assert_sends, response};

    const PATH: &str = "/_admin/cluster/resignLeadership";

    #[test]
    fn leaders_stay_unless_they_are_to_return() {
        let server = ServerId::from("DBServer0001");
        let mut resign = ResignLeadership { server: &server, leaders: Leaders::default() };
        assert_sends(&resign, "POST", PATH, r#"{"server":"DBServer0001"}"#);
        resign.leaders = Leaders::Return;
        assert_sends(&resign, "POST", PATH, r#"{"server":"DBServer0001","undoMoves":true}"#);
        let id = resign.output(response(202, r#"{"error":false,"code":202,"id":"7"}"#)).unwrap();
        assert_eq!(id, "7".into());
        let nobody = ResignLeadership { server: &"".into(), leaders: Leaders::Stay };
        assert_refuses(&nobody, "`server` is empty");
    }
}
