//! Planning moves, with or without executing them.

use std::fmt;

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

use crate::rebalance::{LeaderImbalance, RebalanceOptions, ShardImbalance};
use crate::server::ServerId;

/// A planned rebalance: the moves and their effect.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct RebalancePlan {
    /// The imbalance now.
    #[serde(rename = "imbalanceBefore")]
    pub before: PlanImbalance,
    /// The imbalance after all moves.
    #[serde(rename = "imbalanceAfter")]
    pub after: PlanImbalance,
    /// The moves; empty if nothing can be improved.
    pub moves: Vec<ShardMove>,
}

/// The imbalance of leaders and shards over the DB-Servers.
///
/// Its lists have the same order as those of [`Imbalance`](crate::Imbalance).
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct PlanImbalance {
    /// The imbalance of leaders.
    pub leader: LeaderImbalance,
    /// The imbalance of shards.
    pub shards: ShardImbalance,
}

/// One move of a shard from one DB-Server to another.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShardMove {
    /// The source DB-Server, by its id.
    pub from: ServerId,
    /// The target DB-Server, by its id.
    pub to: ServerId,
    /// The shard, such as `s1010002`.
    pub shard: String,
    /// The collection, **by its id**, decimal digits.
    ///
    /// With its name the job would fail.
    pub collection: String,
    /// The database, by its name.
    pub database: String,
    /// Whether the leader is moved.
    ///
    /// It is moved to a follower or to a DB-Server without a copy.
    pub is_leader: bool,
}

/// Writes the number of moves and their effect, and then a line for each move.
impl fmt::Display for RebalancePlan {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = (&self.before, &self.after);
        let leaders = reduction(before.leader.imbalance, after.leader.imbalance);
        let shards = reduction(before.shards.imbalance, after.shards.imbalance);
        let verb = if self.moves.len() == 1 { "move reduces" } else { "moves reduce" };
        let number = self.moves.len();
        write!(
            f,
            "{number} {verb} the imbalance of leaders by {leaders:.0} %, and of shards by {shards:.0} %"
        )?;
        self.moves.iter().try_for_each(|shard| write!(f, "\n{shard}"))
    }
}

/// Returns by how many percent a measure is reduced. The measure itself has no unit.
fn reduction(before: f64, after: f64) -> f64 {
    if before > 0.0 { (1.0 - after / before) * 100.0 } else { 0.0 }
}

/// Writes what is moved, and from where to where: `shop/101 s101: leader PRMR-a → PRMR-b`.
impl fmt::Display for ShardMove {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, shard, collection, database, is_leader } = self;
        let copy = if *is_leader { "leader" } else { "follower" };
        write!(f, "{database}/{collection} {shard}: {copy} {from} → {to}")
    }
}

/// Plans a rebalance without executing it: nothing changes.
///
/// Execute the plan with [`ExecuteMoves`](crate::ExecuteMoves), completely or in parts.
///
/// # Errors
///
/// 500 for an unknown option; 403 without write access to `_system`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlanRebalance<'a> {
    /// The options.
    pub options: &'a RebalanceOptions,
}

impl Operation for PlanRebalance<'_> {
    type Output = RebalancePlan;

    const METADATA: Metadata = Metadata::post("cluster.plan_rebalance", "/_admin/cluster/rebalance")
        .safe() // a read with a body
        .since("3.10.0")
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).json(self.options.checked()?).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<RebalancePlan, OutputError> {
        response.json_result()
    }
}

/// Plans a rebalance and starts its moves.
///
/// The server responds (202) once the moves are written; see [`Imbalance::is_idle`](crate::Imbalance::is_idle) for
/// when they are completed.
///
/// # Errors
///
/// As [`PlanRebalance`], and 500 if the agency does not accept the moves within 20 seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rebalance<'a> {
    /// The options.
    pub options: &'a RebalanceOptions,
}

impl Operation for Rebalance<'_> {
    type Output = RebalancePlan;

    const METADATA: Metadata = Metadata::put("cluster.rebalance", "/_admin/cluster/rebalance")
        .since("3.10.0")
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).json(self.options.checked()?).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<RebalancePlan, OutputError> {
        response.json_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, read, request_parts, response};

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
    fn plan_and_rebalance_differ_only_in_the_method() {
        let options = RebalanceOptions::new();
        let (method, uri, body) = request_parts(&PlanRebalance { options: &options }).unwrap();
        assert_eq!((method.as_str(), uri.as_str()), ("POST", "/_admin/cluster/rebalance"));
        assert!(body.starts_with(r#"{"version":1,"#), "{body}");
        assert_eq!(request_parts(&Rebalance { options: &options }).unwrap(), ("PUT".to_owned(), uri, body));
    }

    #[test]
    fn invalid_options_are_rejected_by_both() {
        let options = RebalanceOptions::new().maximum_moves(5001);
        assert_rejected(&PlanRebalance { options: &options }, "`maximum_moves` is more than 5000");
        assert_rejected(&Rebalance { options: &options }, "`maximum_moves` is more than 5000");
    }

    #[test]
    fn a_plan_is_read_with_every_success_status() {
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

    #[test]
    fn a_plan_is_displayed_with_its_effect_and_its_moves() {
        let plan = read(&PlanRebalance { options: &RebalanceOptions::new() }, PLAN);
        assert_eq!(
            plan.to_string(),
            "1 move reduces the imbalance of leaders by 100 %, and of shards by 100 %\n\
             shop/1010001 s1010002: leader PRMR-a → PRMR-c"
        );
    }
}
