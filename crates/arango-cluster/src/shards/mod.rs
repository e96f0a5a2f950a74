//! Where shards lie, and moving one by hand.

mod distribution;
mod move_shard;
mod servers;

pub use distribution::{GetCollectionShardDistribution, GetShardDistribution};
pub use move_shard::MoveShard;
pub use servers::{CollectionShards, ShardDistribution, ShardServers, SyncProgress};
