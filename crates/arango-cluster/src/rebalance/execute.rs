//! Executing the moves of a plan.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;

use crate::rebalance::ShardMove;

/// Starts moves, such as those of a [plan](crate::RebalancePlan).
///
/// The server responds once they are written, all or none of them, and returns no job ids: see
/// [`Imbalance::is_idle`](crate::Imbalance::is_idle) for when they are completed.
///
/// **The server does not validate the moves**: an impossible one, because the shard has moved meanwhile or does not
/// exist, is a success here and a job that fails later.
///
/// # Errors
///
/// 403 without write access to `_system`; 500 if the agency does not accept the moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExecuteMoves<'a> {
    /// The moves; an empty list is allowed and does nothing.
    pub moves: &'a [ShardMove],
}

impl Operation for ExecuteMoves<'_> {
    type Output = ();

    const METADATA: Metadata = Metadata::post("cluster.execute_moves", "/_admin/cluster/rebalance/execute")
        .since("3.10.0")
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        #[derive(Serialize)]
        struct Body<'a> {
            version: u8,
            moves: &'a [ShardMove],
        }
        RequestBuilder::new(Self::METADATA).json(&Body { version: 1, moves: self.moves }).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        response.acknowledged()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request_with_body, response};

    const PATH: &str = "/_admin/cluster/rebalance/execute";

    #[test]
    fn a_move_is_sent_with_all_its_fields() {
        let moves = [ShardMove {
            from: "PRMR-a".into(),
            to: "PRMR-c".into(),
            shard: "s1".to_owned(),
            collection: "1010001".to_owned(),
            database: "shop".to_owned(),
            is_leader: false,
        }];
        let body = concat!(
            r#"{"version":1,"moves":[{"from":"PRMR-a","to":"PRMR-c","shard":"s1","#,
            r#""collection":"1010001","database":"shop","isLeader":false}]}"#
        );
        assert_request_with_body(&ExecuteMoves { moves: &moves }, "POST", PATH, body);
    }

    #[test]
    fn an_empty_move_list_succeeds_with_another_status() {
        let nothing = ExecuteMoves { moves: &[] };
        assert_request_with_body(&nothing, "POST", PATH, r#"{"version":1,"moves":[]}"#);
        for (status, body) in [(200, r#"{"error":false,"code":200}"#), (202, r#"{"error":false,"code":202}"#)]
        {
            assert!(nothing.output(response(status, body)).is_ok());
        }
    }
}
