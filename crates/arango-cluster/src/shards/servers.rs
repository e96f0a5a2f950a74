//! Which DB-Servers hold which shards.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::ServerId;

/// Where the shards of collections lie, by the names of the collections.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[non_exhaustive]
pub struct ShardDistribution {
    /// The collections, those of the system too.
    #[serde(rename = "results")]
    pub collections: BTreeMap<String, CollectionShards>,
}

impl ShardDistribution {
    /// Whether every shard of every collection is as it is meant to be.
    pub fn is_in_sync(&self) -> bool {
        self.collections.values().all(CollectionShards::is_in_sync)
    }
}

/// Where the shards of one collection lie, by the ids of the shards.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct CollectionShards {
    /// How it is meant to be.
    pub plan: BTreeMap<String, ShardServers>,
    /// How it is. A shard that nobody holds at the moment is missing.
    pub current: BTreeMap<String, ShardServers>,
}

impl CollectionShards {
    /// Whether every shard is as it is meant to be: the same leader, the same followers in any order.
    pub fn is_in_sync(&self) -> bool {
        self.plan.iter().all(|(shard, meant)| self.current.get(shard).is_some_and(|is| is.same_as(meant)))
    }
}

/// Which DB-Servers hold one shard, by their **short names**, such as `DBServer0001`; by the id if one has none.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ShardServers {
    /// Who leads.
    pub leader: ServerId,
    /// Who follows.
    pub followers: Vec<ServerId>,
    /// How far copying has come. Told of one [collection](crate::GetCollectionShardDistribution) alone, of how it is
    /// meant to be, and of shards that are out of sync.
    pub progress: Option<SyncProgress>,
}

impl ShardServers {
    fn same_as(&self, other: &Self) -> bool {
        let within = |some: &[ServerId], all: &[ServerId]| some.iter().all(|server| all.contains(server));
        self.leader == other.leader
            && within(&self.followers, &other.followers)
            && within(&other.followers, &self.followers)
    }
}

/// How far a shard has been copied. The server gives itself two seconds to count.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SyncProgress {
    /// How many documents the leader has.
    pub total: u64,
    /// How many the follower with the fewest has; zero if it has all of them.
    pub current: u64,
    /// How far the followers that are being filled have come, in percent; `None` if nobody knows. Old servers do not say.
    pub follower_percent: Option<f64>,
    /// How many followers are being filled. Old servers do not say.
    pub followers_syncing: Option<u64>,
}
