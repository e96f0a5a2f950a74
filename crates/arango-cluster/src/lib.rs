//! What is said to an ArangoDB cluster: typed operations and models of its administration. No IO.
//!
//! Each operation is a plain value that forms its request, reads its answer, and knows the
//! [facts](arango_protocol::Facts) by which whoever carries it decides: whether it may be said
//! twice, to whom, and how long the server may take.
//!
//! | to learn | to change |
//! |---|---|
//! | [`GetHealth`], [`GetServerCount`], [`GetEndpoints`] | |
//! | [`GetMaintenance`], [`GetServerMaintenance`] | [`SetMaintenance`], [`SetServerMaintenance`] |
//! | [`GetImbalance`], [`PlanRebalance`] | [`Rebalance`], [`ExecuteMoves`] |
//! | of one server, through any: [`GetServerVersion`], [`GetServerEngine`], [`GetServerStatistics`] | |
//! | of the server that answers: [`GetServerId`], [`GetServerRole`], [`GetServerMode`], [`GetAvailability`], [`GetVersion`], [`GetEngine`], [`GetStatus`], [`GetStatistics`] | [`SetServerMode`] |
//!
//! Models read every server from 3.10 to 4.0: fields that come and go are optional, words a newer
//! server may add have a place (`Unknown`), and fields not known here are passed over.
//!
//! ```
//! use arango_cluster::GetHealth;
//! use arango_protocol::{Answer, Operation};
//!
//! let request = GetHealth.request()?;
//! assert_eq!(request.uri(), "/_admin/cluster/health");
//!
//! // Whoever carries it brings back an answer.
//! # let body = r#"{"ClusterId":"9a1f","Health":{"PRMR-1":{"Role":"DBServer","Status":"GOOD"}}}"#;
//! # let answer = Answer::new(http::StatusCode::OK, http::HeaderMap::new(), body.into());
//! let health = GetHealth.output(answer)?;
//! for (id, server) in health.servers() {
//!     println!("{id}: {} {}", server.role, server.status);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod endpoints;
mod health;
mod jobs;
mod maintenance;
mod open_enum;
mod rebalance;
mod retire;
mod server;
mod server_count;
mod shards;
mod statistics;
mod timestamp;

// So that its example compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(test)]
mod promises;
#[cfg(test)]
mod testing;

pub use endpoints::{CoordinatorEndpoint, Endpoints, GetEndpoints};
pub use health::{ClusterHealth, GetHealth, HealthStatus, LastAcked, ServerHealth};
pub use jobs::{AgencyJob, CancelAgencyJob, GetAgencyJob, JobId, JobStatus, JobType};
pub use maintenance::{
    GetMaintenance, GetServerMaintenance, Maintenance, MaintenanceSet, ServerMaintenance, SetMaintenance,
    SetServerMaintenance, SupervisionMode,
};
pub use rebalance::{
    ExecuteMoves, GetImbalance, Imbalance, LeaderImbalance, PlanRebalance, Rebalance, RebalanceOptions,
    RebalancePlan, ShardImbalance, ShardMove, Spread,
};
pub use retire::{CleanOutServer, Leaders, RemoveServer, ResignLeadership};
pub(crate) use server::proxied;
pub use server::{
    AgencyConnection, AgencyStatus, AgentStatus, Availability, Engine, EngineAliases, EngineSupport,
    FoxxStatus, GetAvailability, GetEngine, GetServerEngine, GetServerId, GetServerMode, GetServerRole,
    GetServerVersion, GetStatus, GetVersion, ServerId, ServerMode, ServerRole, ServerState, ServerStatus,
    SetServerMode, StartupProgress, StatusReport, StorageEngine, VersionInfo,
};
pub use server_count::{GetServerCount, ServerCount, SetServerCount, Target};
pub use shards::{
    CollectionShards, GetCollectionShardDistribution, GetShardDistribution, MoveShard, ShardDistribution,
    ShardServers, SyncProgress,
};
pub use statistics::{
    ClientStatistics, GetServerStatistics, GetStatistics, Histogram, HttpStatistics, ScriptContext,
    ScriptContextStatistics, ServerStatistics, Statistics, SystemStatistics, ThreadStatistics,
    TransactionStatistics,
};
pub use timestamp::Timestamp;
