//! Placement of shards, and moving them.

use std::collections::BTreeMap;

use arango_cluster::{
    ExecuteMoves, GetCollectionShardDistribution, GetImbalance, GetShardDistribution, GetShardStatistics,
    GetShardStatisticsByDatabase, GetShardStatisticsByServer, Imbalance, JobId, MoveShard, PlanRebalance,
    Rebalance, RebalanceOptions, RebalancePlan, RebalanceShards, ServerId, ShardDistribution, ShardMove,
    ShardStatistics,
};
use arango_transport::Error;

use crate::handles::cluster::Cluster;

/// Placement of shards, and moving them.
impl Cluster {
    /// Returns the imbalance of leaders and shards.
    ///
    /// It includes the number of unfinished moves.
    #[doc(alias = "calculate_imbalance")]
    #[doc(alias = "getClusterImbalance")]
    #[inline]
    pub async fn imbalance(&self) -> Result<Imbalance, Error> {
        self.database.execute(GetImbalance).await
    }

    /// Plans moves for a more even distribution, without moving anything, with the default options.
    #[inline]
    pub async fn rebalance_plan(&self) -> Result<RebalancePlan, Error> {
        self.rebalance_plan_with(&RebalanceOptions::new()).await
    }

    /// Plans moves for a more even distribution, without moving anything.
    #[doc(alias = "calculate_rebalance_plan")]
    #[doc(alias = "computeClusterRebalance")]
    #[inline]
    pub async fn rebalance_plan_with(&self, options: &RebalanceOptions) -> Result<RebalancePlan, Error> {
        self.database.execute(PlanRebalance { options }).await
    }

    /// Starts moves.
    ///
    /// They run in the background: [`imbalance`](Self::imbalance) shows when none is left.
    #[doc(alias = "execute_rebalance_plan")]
    #[doc(alias = "executeClusterRebalance")]
    #[inline]
    pub async fn execute_moves(&self, moves: &[ShardMove]) -> Result<(), Error> {
        self.database.execute(ExecuteMoves { moves }).await
    }

    /// Plans moves and starts them, in one request, with the default options.
    #[inline]
    pub async fn rebalance(&self) -> Result<RebalancePlan, Error> {
        self.rebalance_with(&RebalanceOptions::new()).await
    }

    /// Plans moves and starts them, in one request.
    #[doc(alias = "rebalanceCluster")]
    #[inline]
    pub async fn rebalance_with(&self, options: &RebalanceOptions) -> Result<RebalancePlan, Error> {
        self.database.execute(Rebalance { options }).await
    }

    /// Starts moves of shards to emptier DB-Servers, by a legacy call.
    ///
    /// Returns their number.
    #[inline]
    pub async fn rebalance_shards(&self) -> Result<usize, Error> {
        self.database.execute(RebalanceShards).await
    }

    /// Starts a job that moves one copy of a shard: see [`agency_job`](Self::agency_job).
    #[inline]
    pub async fn move_shard(&self, shard: MoveShard<'_>) -> Result<JobId, Error> {
        self.database.execute(shard).await
    }

    /// Returns the placement of the shards of all collections of the database.
    #[inline]
    pub async fn shard_distribution(&self) -> Result<ShardDistribution, Error> {
        self.database.execute(GetShardDistribution).await
    }

    /// Returns the placement of the shards of one collection.
    ///
    /// Includes the progress of those out of sync.
    #[inline]
    pub async fn collection_shard_distribution(&self, collection: &str) -> Result<ShardDistribution, Error> {
        self.database.execute(GetCollectionShardDistribution { collection }).await
    }

    /// Returns the number of shards, in total or on one DB-Server.
    #[inline]
    pub async fn shard_statistics(&self, server: Option<&ServerId>) -> Result<ShardStatistics, Error> {
        self.database.execute(GetShardStatistics { server }).await
    }

    /// Returns the number of shards in each database.
    #[inline]
    pub async fn shard_statistics_by_database(&self) -> Result<BTreeMap<String, ShardStatistics>, Error> {
        self.database.execute(GetShardStatisticsByDatabase).await
    }

    /// Returns the number of shards on each DB-Server.
    #[inline]
    pub async fn shard_statistics_by_server(&self) -> Result<BTreeMap<ServerId, ShardStatistics>, Error> {
        self.database.execute(GetShardStatisticsByServer).await
    }
}
