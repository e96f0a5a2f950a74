//! The imbalance of leaders and shards.

use arango_protocol::{ApiResponse, Metadata, Operation, OutputError, Permission};
use serde::{Deserialize, Serialize};

/// The imbalance of leaders and shards over the DB-Servers.
///
/// It also contains the unfinished moves. Lists have one element for each DB-Server. **The order is not documented**,
/// and is not that of [`ClusterHealth`](crate::ClusterHealth), so elements cannot be assigned to servers.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Imbalance {
    /// The imbalance of leaders.
    pub leader: LeaderImbalance,
    /// The imbalance of shards.
    pub shards: ShardImbalance,
    /// The number of running moves, of any client.
    #[serde(rename = "pendingMoveShards")]
    pub pending_moves: usize,
    /// The number of waiting moves, of any client.
    #[serde(rename = "todoMoveShards")]
    pub todo_moves: usize,
}

impl Imbalance {
    /// Returns whether no move is running or waiting.
    ///
    /// If so, a started rebalance has completed. Moves of other clients count too, and none makes progress while
    /// [supervision maintenance](crate::SetMaintenance) is on.
    pub fn is_idle(&self) -> bool {
        self.pending_moves == 0 && self.todo_moves == 0
    }
}

/// The imbalance of leaders over the DB-Servers.
///
/// A leader has the weight one, plus one for each collection that is sharded like its own.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LeaderImbalance {
    /// The weight of the leaders on each DB-Server.
    pub weight_used: Vec<f64>,
    /// The target weight on each DB-Server.
    pub target_weight: Vec<f64>,
    /// The number of leaders on each DB-Server.
    pub number_shards: Vec<usize>,
    /// The penalty for leaders of one collection on the same DB-Server.
    pub leader_dupl: Vec<f64>,
    /// The weight of all leaders.
    pub total_weight: f64,
    /// The total measure; zero is even. Only useful for comparisons.
    pub imbalance: f64,
    /// The number of leaders.
    pub total_shards: usize,
}

/// The imbalance of shards, leaders and followers alike, over the DB-Servers.
///
/// Every shard counts as 1 MiB, regardless of its size.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ShardImbalance {
    /// The assumed size of the shards on each DB-Server, in bytes.
    pub size_used: Vec<f64>,
    /// The target size on each DB-Server, in bytes.
    pub target_size: Vec<f64>,
    /// The number of shards on each DB-Server.
    pub number_shards: Vec<usize>,
    /// The assumed size of all shards, in bytes.
    pub total_used: f64,
    /// The number of shards, including copies.
    pub total_shards: usize,
    /// The number of shards of system collections, without copies. Since 3.11.
    pub total_shards_from_system_collections: Option<usize>,
    /// The total measure; zero is even. Only useful for comparisons.
    pub imbalance: f64,
}

/// Reads the imbalance of leaders and shards.
///
/// The response also contains the number of unfinished moves.
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

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Imbalance, OutputError> {
        response.json_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

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
        assert_request(&GetImbalance, "GET", "/_admin/cluster/rebalance");
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
