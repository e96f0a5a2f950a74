//! Planning moves, with or without making them.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

use crate::{LeaderImbalance, RebalanceOptions, ServerId, ShardImbalance};

/// What a rebalance moves, and what comes of it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct RebalancePlan {
    /// How leaders and shards are spread now.
    #[serde(rename = "imbalanceBefore")]
    pub before: Spread,
    /// How they will be once every move is made.
    #[serde(rename = "imbalanceAfter")]
    pub after: Spread,
    /// The moves; none if nothing can be made better.
    pub moves: Vec<ShardMove>,
}

/// How unevenly leaders and shards are spread over the DB-Servers.
///
/// Its lists are ordered as those of [`Imbalance`](crate::Imbalance).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Spread {
    /// How unevenly leaders are spread.
    pub leader: LeaderImbalance,
    /// How unevenly shards are spread.
    pub shards: ShardImbalance,
}

/// One move of a shard from one DB-Server to another.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShardMove {
    /// The DB-Server that gives it up, by its id.
    pub from: ServerId,
    /// The DB-Server that takes it over, by its id.
    pub to: ServerId,
    /// The shard, such as `s1010002`.
    pub shard: String,
    /// The collection, **by its id**, decimal digits. Its name would make a job that fails.
    pub collection: String,
    /// The database, by its name.
    pub database: String,
    /// Whether the leader is moved, be it to a follower or to a DB-Server without a copy.
    pub is_leader: bool,
}

/// Plans a rebalance without making it: nothing changes.
///
/// A plan can be made with [`ExecuteMoves`](crate::ExecuteMoves), whole or in parts.
///
/// # Errors
///
/// 500 for an option the server does not know; 403 without write access to `_system`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlanRebalance<'a> {
    /// What it may do.
    pub options: &'a RebalanceOptions,
}

impl Operation for PlanRebalance<'_> {
    type Output = RebalancePlan;

    const METADATA: Metadata = Metadata::post("cluster.plan_rebalance", "/_admin/cluster/rebalance")
        .safe() // a question that is too long for a GET
        .since("3.10.0")
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).json(self.options.checked()?).build()
    }

    fn output(&self, response: ApiResponse) -> Result<RebalancePlan, DecodeError> {
        response.json_result()
    }
}

/// Plans a rebalance and begins to make it.
///
/// The server answers (202) once the moves are written down; see
/// [`Imbalance::is_idle`](crate::Imbalance::is_idle) for when they are over.
///
/// # Errors
///
/// As [`PlanRebalance`], and 500 if the agency does not take the moves within 20 seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rebalance<'a> {
    /// What it may do.
    pub options: &'a RebalanceOptions,
}

impl Operation for Rebalance<'_> {
    type Output = RebalancePlan;

    const METADATA: Metadata = Metadata::put("cluster.rebalance", "/_admin/cluster/rebalance")
        .since("3.10.0")
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).json(self.options.checked()?).build()
    }

    fn output(&self, response: ApiResponse) -> Result<RebalancePlan, DecodeError> {
        response.json_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_refuses, read, response, sent};

    const PLAN: &str = r#"{"error":false,"code":202,"result":{
        "imbalanceBefore":{"leader":{"weightUsed":[2,0],"targetWeight":[1,1],"numberShards":[2,0],
            "leaderDupl":[0,0],"totalWeight":2,"imbalance":2,"totalShards":2},
            "shards":{"sizeUsed":[2097152,0],"targetSize":[1048576,1048576],"numberShards":[2,0],
            "totalUsed":2097152,"totalShards":2,"imbalance":2199023255552}},
        "imbalanceAfter":{"leader":{"weightUsed":[1,1],"targetWeight":[1,1],"numberShards":[1,1],
            "leaderDupl":[0,0],"totalWeight":2,"imbalance":0,"totalShards":2},
            "shards":{"sizeUsed":[1048576,1048576],"targetSize":[1048576,1048576],"numberShards":[1,1],
            "totalUsed":2097152,"totalShards":2,"imbalance":0}},
        "moves":[{"from":"PRMR-a","to":"PRMR-c","shard":"s1010002","collection":"1010001",
            "database":"shop","isLeader":true,"new":1}]}}"#;

    #[test]
    fn planning_and_making_differ_in_the_method_alone() {
        let options = RebalanceOptions::new();
        let (method, uri, body) = sent(&PlanRebalance { options: &options }).unwrap();
        assert_eq!((method.as_str(), uri.as_str()), ("POST", "/_admin/cluster/rebalance"));
        assert!(body.starts_with(r#"{"version":1,"#), "{body}");
        assert_eq!(sent(&Rebalance { options: &options }).unwrap(), ("PUT".to_owned(), uri, body));
    }

    #[test]
    fn neither_sends_what_the_server_would_refuse() {
        let options = RebalanceOptions::new().maximum_moves(5001);
        assert_refuses(&PlanRebalance { options: &options }, "`maximum_moves` is more than 5000");
        assert_refuses(&Rebalance { options: &options }, "`maximum_moves` is more than 5000");
    }

    #[test]
    fn a_plan_is_read_whatever_the_status() {
        let options = RebalanceOptions::new();
        let plan = read(&PlanRebalance { options: &options }, PLAN);
        assert_eq!((plan.before.leader.imbalance, plan.after.leader.imbalance), (2.0, 0.0));
        assert_eq!(plan.before.shards.number_shards, [2, 0]);
        let expected = ShardMove {
            from: "PRMR-a".into(),
            to: "PRMR-c".into(),
            shard: "s1010002".to_owned(),
            collection: "1010001".to_owned(),
            database: "shop".to_owned(),
            is_leader: true,
        };
        assert_eq!(plan.moves, [expected]);
        assert_eq!(Rebalance { options: &options }.output(response(202, PLAN)).unwrap(), plan);
    }
}
