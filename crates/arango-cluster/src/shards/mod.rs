//! Placement of shards, and moving single shards.

mod distribution;
mod move_shard;
mod rebalance_shards;
mod servers;
mod statistics;

pub use distribution::{GetCollectionShardDistribution, GetShardDistribution};
pub use move_shard::MoveShard;
pub use rebalance_shards::RebalanceShards;
pub use servers::{CollectionShards, ShardDistribution, ShardServers, SyncProgress};
pub use statistics::{
    GetShardStatistics, GetShardStatisticsByDatabase, GetShardStatisticsByServer, ShardStatistics,
};
