//! The DB-Servers of shards.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::server::ServerId;

/// The placement of the shards of collections, by collection name.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ShardDistribution {
    /// The collections, including system collections.
    #[serde(rename = "results")]
    pub collections: BTreeMap<String, CollectionShards>,
}

impl ShardDistribution {
    /// Returns whether every shard of every collection is in sync.
    #[inline]
    pub fn is_in_sync(&self) -> bool {
        self.collections.values().all(CollectionShards::is_in_sync)
    }
}

/// The placement of the shards of one collection, by shard id.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct CollectionShards {
    /// The planned placement.
    pub plan: BTreeMap<String, ShardServers>,
    /// The current placement.
    ///
    /// A shard without any copy at the moment is missing.
    pub current: BTreeMap<String, ShardServers>,
}

impl CollectionShards {
    /// Returns whether every shard is in sync.
    ///
    /// That is, each has the planned leader, and the planned followers in any order.
    #[inline]
    pub fn is_in_sync(&self) -> bool {
        self.plan
            .iter()
            .all(|(shard, planned)| self.current.get(shard).is_some_and(|current| current.same_as(planned)))
    }
}

/// The DB-Servers of one shard, by their **short names**, such as `DBServer0001`.
///
/// A DB-Server without a short name is given by its id.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ShardServers {
    /// The leader.
    pub leader: ServerId,
    /// The followers.
    pub followers: Vec<ServerId>,
    /// The progress of copying.
    ///
    /// Only present in the response for one [collection](crate::GetCollectionShardDistribution), in its planned
    /// placement, for shards that are out of sync.
    pub progress: Option<SyncProgress>,
}

impl ShardServers {
    #[inline]
    fn same_as(&self, other: &Self) -> bool {
        let within = |some: &[ServerId], all: &[ServerId]| some.iter().all(|server| all.contains(server));
        self.leader == other.leader
            && within(&self.followers, &other.followers)
            && within(&other.followers, &self.followers)
    }
}

/// The progress of copying a shard.
///
/// The server counts for at most two seconds.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SyncProgress {
    /// The number of documents on the leader.
    pub total: u64,
    /// The documents on the follower with the fewest; zero if complete.
    ///
    /// Zero means that it has all of them.
    pub current: u64,
    /// The progress of the followers being copied to, in percent.
    ///
    /// `None` if unknown. Missing from old servers.
    pub follower_percent: Option<f64>,
    /// The number of followers being copied to. Missing from old servers.
    pub followers_syncing: Option<u64>,
}
