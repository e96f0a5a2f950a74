//! Making the moves of a plan.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;

use crate::ShardMove;

/// Begins to make moves, such as those of a [plan](crate::RebalancePlan).
///
/// The server answers once they are written down, all or none of them, and names no jobs: see
/// [`Imbalance::is_idle`](crate::Imbalance::is_idle) for when they are over.
///
/// **The server does not look at the moves**: one that cannot be made, because the shard has moved
/// since or never was there, is a success here and a job that fails later.
///
/// # Errors
///
/// 403 without write access to `_system`; 500 if the agency does not take the moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExecuteMoves<'a> {
    /// The moves; none is allowed and does nothing.
    pub moves: &'a [ShardMove],
}

impl Operation for ExecuteMoves<'_> {
    type Output = ();

    const METADATA: Metadata = Metadata::post("cluster.execute_moves", "/_admin/cluster/rebalance/execute")
        .since("3.10.0")
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        #[derive(Serialize)]
        struct Body<'a> {
            version: u8,
            moves: &'a [ShardMove],
        }
        RequestBuilder::new(Self::METADATA).json(&Body { version: 1, moves: self.moves }).build()
    }

    fn output(&self, response: ApiResponse) -> Result<(), DecodeError> {
        response.acknowledged()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_sends, response};

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
        assert_sends(&ExecuteMoves { moves: &moves }, "POST", PATH, body);
    }

    #[test]
    fn no_moves_are_a_success_of_another_status() {
        let nothing = ExecuteMoves { moves: &[] };
        assert_sends(&nothing, "POST", PATH, r#"{"version":1,"moves":[]}"#);
        for (status, body) in [(200, r#"{"error":false,"code":200}"#), (202, r#"{"error":false,"code":202}"#)]
        {
            assert!(nothing.output(response(status, body)).is_ok());
        }
    }
}
