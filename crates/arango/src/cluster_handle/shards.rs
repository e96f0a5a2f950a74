//! Where shards lie, and having them moved.

use std::collections::BTreeMap;

use arango_cluster::{
    ExecuteMoves, GetCollectionShardDistribution, GetImbalance, GetShardDistribution, GetShardStatistics,
    GetShardStatisticsByDatabase, GetShardStatisticsByServer, Imbalance, JobId, MoveShard, PlanRebalance,
    Rebalance, RebalanceOptions, RebalancePlan, RebalanceShards, ServerId, ShardDistribution, ShardMove,
    ShardStatistics,
};
use arango_transport::Error;

use crate::Cluster;

/// Where shards lie, and having them moved.
impl Cluster {
    /// How unevenly leaders and shards are spread, and how many moves are under way.
    pub async fn imbalance(&self) -> Result<Imbalance, Error> {
        self.database.execute(GetImbalance).await
    }

    /// Works out moves that would spread shards more evenly, and moves nothing.
    pub async fn rebalance_plan(&self, options: &RebalanceOptions) -> Result<RebalancePlan, Error> {
        self.database.execute(PlanRebalance { options }).await
    }

    /// Has moves made. They are made in the background: [`imbalance`](Self::imbalance) tells when
    /// none is left.
    pub async fn execute_moves(&self, moves: &[ShardMove]) -> Result<(), Error> {
        self.database.execute(ExecuteMoves { moves }).await
    }

    /// Works out moves and has them made, in one go.
    pub async fn rebalance(&self, options: &RebalanceOptions) -> Result<RebalancePlan, Error> {
        self.database.execute(Rebalance { options }).await
    }

    /// Has shards of the database moved to emptier DB-Servers, by a call of old; tells how many.
    pub async fn rebalance_shards(&self) -> Result<usize, Error> {
        self.database.execute(RebalanceShards).await
    }

    /// Has one copy of a shard moved, by a job: see [`agency_job`](Self::agency_job).
    pub async fn move_shard(&self, shard: MoveShard<'_>) -> Result<JobId, Error> {
        self.database.execute(shard).await
    }

    /// Where the shards of all collections of the database lie.
    pub async fn shard_distribution(&self) -> Result<ShardDistribution, Error> {
        self.database.execute(GetShardDistribution).await
    }

    /// Where the shards of one collection of the database lie, and how far those out of sync have been copied.
    pub async fn collection_shard_distribution(&self, collection: &str) -> Result<ShardDistribution, Error> {
        self.database.execute(GetCollectionShardDistribution { collection }).await
    }

    /// How many shards there are, as a whole or on one DB-Server.
    pub async fn shard_statistics(&self, server: Option<&ServerId>) -> Result<ShardStatistics, Error> {
        self.database.execute(GetShardStatistics { server }).await
    }

    /// How many shards each database has.
    pub async fn shard_statistics_by_database(&self) -> Result<BTreeMap<String, ShardStatistics>, Error> {
        self.database.execute(GetShardStatisticsByDatabase).await
    }

    /// How many shards each DB-Server holds.
    pub async fn shard_statistics_by_server(&self) -> Result<BTreeMap<ServerId, ShardStatistics>, Error> {
        self.database.execute(GetShardStatisticsByServer).await
    }
}
