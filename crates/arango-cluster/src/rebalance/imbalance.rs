//! How unevenly leaders and shards are spread.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

/// How unevenly leaders and shards are spread over the DB-Servers, and what is being done about it.
///
/// Lists hold one element for each DB-Server. **Which is whose is not told**: the order is neither
/// documented nor that of [`ClusterHealth`](crate::ClusterHealth).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Imbalance {
    /// How unevenly leaders are spread.
    pub leader: LeaderImbalance,
    /// How unevenly shards are spread.
    pub shards: ShardImbalance,
    /// Moves that are under way, whoever wanted them.
    #[serde(rename = "pendingMoveShards")]
    pub pending_moves: usize,
    /// Moves that wait to be begun, whoever wanted them.
    #[serde(rename = "todoMoveShards")]
    pub todo_moves: usize,
}

impl Imbalance {
    /// Whether no move is under way or waiting: a rebalance that was begun is over.
    ///
    /// Moves that others wanted count too, and none gets on while
    /// [supervision maintenance](crate::SetMaintenance) is on.
    pub fn is_idle(&self) -> bool {
        self.pending_moves == 0 && self.todo_moves == 0
    }
}

/// How unevenly leaders are spread over the DB-Servers.
///
/// A leader weighs one, and one more for each collection that is sharded like its own.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LeaderImbalance {
    /// What the leaders of each DB-Server weigh.
    pub weight_used: Vec<f64>,
    /// What they should weigh.
    pub target_weight: Vec<f64>,
    /// How many leaders each DB-Server has.
    pub number_shards: Vec<usize>,
    /// What is added for leaders of one collection that share a DB-Server.
    pub leader_dupl: Vec<f64>,
    /// What all leaders weigh.
    pub total_weight: f64,
    /// The measure of the whole; zero is even. Only good for comparing.
    pub imbalance: f64,
    /// How many leaders there are.
    pub total_shards: usize,
}

/// How unevenly shards, leaders and followers alike, are spread over the DB-Servers.
///
/// Every shard counts as 1 MiB, whatever its size.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ShardImbalance {
    /// How large the shards of each DB-Server are taken to be, in bytes.
    pub size_used: Vec<f64>,
    /// How large they should be, in bytes.
    pub target_size: Vec<f64>,
    /// How many shards each DB-Server has.
    pub number_shards: Vec<usize>,
    /// How large all shards are taken to be, in bytes.
    pub total_used: f64,
    /// How many shards there are, each copy counted.
    pub total_shards: usize,
    /// How many of them are of system collections, copies not counted. Told since 3.11.
    pub total_shards_from_system_collections: Option<usize>,
    /// The measure of the whole; zero is even. Only good for comparing.
    pub imbalance: f64,
}

/// Asks how unevenly leaders and shards are spread, and how many moves are still to come.
///
/// # Errors
///
/// 403 without write access to `_system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetImbalance;

impl Operation for GetImbalance {
    type Output = Imbalance;

    const METADATA: Metadata = Metadata::get("cluster.imbalance", "/_admin/cluster/rebalance")
        .since("3.10.0")
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<Imbalance, DecodeError> {
        response.json_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, read};

    const LEADER: &str = r#"{"weightUsed":[3,2,0],"targetWeight":[1.6666666666666667,1.5,1],
        "numberShards":[3,1,0],"leaderDupl":[1024000000,256000000,0.5],"totalWeight":5,
        "imbalance":1536000004.6666667,"totalShards":4}"#;

    fn body(pending: usize, todo: usize, system: &str) -> String {
        format!(
            r#"{{"error":false,"code":200,"result":{{"leader":{LEADER},"shards":{{"sizeUsed":[3145728,2097152],
            "targetSize":[2796202.6666666665,2796202],"numberShards":[3,2],"totalUsed":8388608,
            "totalShards":8{system},"imbalance":733007751850}},
            "pendingMoveShards":{pending},"todoMoveShards":{todo}}}}}"#
        )
    }

    #[test]
    fn doubles_are_read_with_and_without_a_fraction() {
        assert_asks(&GetImbalance, "GET", "/_admin/cluster/rebalance");
        let imbalance = read(&GetImbalance, &body(0, 0, r#","totalShardsFromSystemCollections":1"#));
        assert_eq!(imbalance.leader.weight_used, [3.0, 2.0, 0.0]);
        assert_eq!(imbalance.leader.target_weight, [1.666_666_666_666_666_7, 1.5, 1.0]);
        assert_eq!(imbalance.leader.leader_dupl, [1_024_000_000.0, 256_000_000.0, 0.5]);
        assert_eq!((imbalance.leader.number_shards, imbalance.leader.total_shards), (vec![3, 1, 0], 4));
        assert_eq!(imbalance.shards.size_used, [3_145_728.0, 2_097_152.0]);
        assert_eq!(imbalance.shards.total_shards_from_system_collections, Some(1));
    }

    #[test]
    fn a_server_of_3_10_does_not_count_system_collections() {
        let imbalance = read(&GetImbalance, &body(0, 0, ""));
        assert_eq!(imbalance.shards.total_shards_from_system_collections, None);
    }

    #[test]
    fn a_move_under_way_or_waiting_keeps_it_busy() {
        for (pending, todo, idle) in [(0, 0, true), (1, 0, false), (0, 1, false)] {
            assert_eq!(read(&GetImbalance, &body(pending, todo, "")).is_idle(), idle);
        }
    }
}
