//! What is said to an ArangoDB cluster: typed operations and models of its administration. No IO.
//!
//! Each operation is a plain value that forms its request, reads its answer, and knows the
//! [facts](arango_protocol::Metadata) by which whoever carries it decides: whether it may be said
//! twice, to whom, and how long the server may take.
//!
//! | of | to learn | to change |
//! |---|---|---|
//! | servers | [`GetHealth`], [`GetServerCount`], [`GetEndpoints`] | [`SetServerCount`], [`RemoveServer`] |
//! | one server, through any | [`GetServerVersion`], [`GetServerEngine`], [`GetServerStatistics`], [`GetServerMetrics`], [`GetServerLogEntries`] | [`SetServerLogLevels`] |
//! | maintenance | [`GetMaintenance`], [`GetServerMaintenance`] | [`SetMaintenance`], [`SetServerMaintenance`] |
//! | shards | [`GetImbalance`], [`PlanRebalance`], [`GetShardDistribution`], [`GetShardStatistics`] | [`Rebalance`], [`ExecuteMoves`], [`MoveShard`], [`CleanOutServer`], [`ResignLeadership`] |
//! | jobs | [`GetAgencyJob`] | [`CancelAgencyJob`] |
//! | the agency | [`GetAgencyDump`], [`DiagnoseAgency`], [`CheckSortMigration`] | [`ReserveUniqueIds`], [`MigrateSorting`] |
//! | the deployment | [`GetLicense`], [`GetDeploymentId`], [`GetSupportInfo`], [`ListAccessTokens`] | [`SetLicense`], [`CreateAccessToken`], [`SetServerMode`] |
//! | the server that answers | [`GetServerId`], [`GetVersion`], [`GetStatus`], [`GetAvailability`], [`GetMetrics`], [`GetLogEntries`], [`GetApiCalls`], [`ListCrashes`] | [`ReloadTls`], [`ReloadJwtSecrets`], [`SetLogLevels`], [`Compact`], [`SoftShutdown`], [`Shutdown`] |
//!
//! These are the most used of them; [`every_operation`] shows all.
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

mod agency;
mod compact;
mod endpoints;
mod every_operation;
mod health;
mod jobs;
mod keys;
mod license;
mod log;
mod maintenance;
mod metrics;
mod no_payload;
mod open_enum;
mod own_databases;
mod product;
mod rebalance;
mod records;
mod retire;
mod seconds;
mod server;
mod server_count;
mod shards;
mod shutdown;
mod sort_migration;
mod statistics;
mod timestamp;
mod tokens;
mod unique_ids;

// So that its example compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod foreign_answers;
#[cfg(test)]
mod promises;
#[cfg(test)]
mod testing;

pub use agency::{
    AgencyDiagnosis, AgencyDump, ClusterInfo, DiagnoseAgency, DiagnoseAgencyDump, Diagnosis, GetAgencyCache,
    GetAgencyDump, GetClusterInfo, Strictness,
};
pub use compact::Compact;
pub use endpoints::{CoordinatorEndpoint, Endpoints, GetEndpoints};
pub use every_operation::{Visitor, every_operation};
pub use health::{ClusterHealth, GetHealth, HealthStatus, LastAcked, ServerHealth};
pub use jobs::{AgencyJob, CancelAgencyJob, GetAgencyJob, JobId, JobStatus, JobType};
pub use keys::{
    Fingerprint, GetJwtSecrets, GetTls, JwtSecrets, ReloadJwtSecrets, ReloadTls, RotateEncryptionKeys,
    TlsFiles, TlsKeyfile,
};
pub use license::{
    DiskUsage, EarlierLicense, GetLicense, License, LicenseFeatures, LicenseKey, LicenseStatus, SetLicense,
};
pub use log::{
    AppenderLogLevels, ClearLog, GetAppenderLogLevels, GetLogArrays, GetLogEntries, GetLogLevels,
    GetServerAppenderLogLevels, GetServerLogEntries, GetServerLogLevels, LogArrays, LogEntries, LogEntry,
    LogLevel, LogLevels, LogOrder, LogQuery, ResetLogLevels, ResetServerLogLevels, SetLogLevels,
    SetServerLogLevels,
};
pub use maintenance::{
    GetMaintenance, GetServerMaintenance, Maintenance, MaintenanceSet, ServerMaintenance, SetMaintenance,
    SetServerMaintenance, SupervisionMode,
};
pub use metrics::{
    GetMetrics, GetServerMetrics, GetServerUsageMetrics, GetUsageMetrics, Metrics, MetricsMode,
};
#[doc(hidden)]
pub use own_databases::GetOwnDatabases;
pub use rebalance::{
    ExecuteMoves, GetImbalance, Imbalance, LeaderImbalance, PlanRebalance, Rebalance, RebalanceOptions,
    RebalancePlan, ShardImbalance, ShardMove, Spread,
};
pub use records::{
    ApiCall, AqlQuery, CrashDump, DeleteCrash, GetApiCalls, GetAqlQueries, GetCrash, ListCrashes,
};
pub use retire::{CleanOutServer, Leaders, RemoveServer, ResignLeadership};
pub use seconds::UnixSeconds;
pub(crate) use server::proxied;
pub use server::{
    AgencyConnection, AgencyStatus, AgentStatus, Availability, DatabaseDefaults, DatabaseSharding,
    Deployment, DeploymentType, Engine, EngineAliases, EngineSupport, FoxxStatus, GetAvailability,
    GetDatabaseDefaults, GetDeploymentId, GetEngine, GetServerEngine, GetServerId, GetServerMode,
    GetServerRole, GetServerVersion, GetStatus, GetStatusOverview, GetSupportInfo, GetVersion,
    ReplicationFactor, ServerId, ServerMode, ServerRole, ServerState, ServerStatus, SetServerMode,
    StartupProgress, StatusOverview, StatusReport, StorageEngine, SupportInfo, VersionInfo,
};
pub use server_count::{GetServerCount, ServerCount, SetServerCount, Target};
pub use shards::{
    CollectionShards, GetCollectionShardDistribution, GetShardDistribution, GetShardStatistics,
    GetShardStatisticsByDatabase, GetShardStatisticsByServer, MoveShard, RebalanceShards, ShardDistribution,
    ShardServers, ShardStatistics, SyncProgress,
};
pub use shutdown::{GetShutdownProgress, Membership, Shutdown, ShutdownProgress, SoftShutdown};
pub use sort_migration::{
    AffectedIndex, ByDbServer, CheckSortMigration, DbServerAnswer, GetSortMigration, MigrateSorting,
    SortCheck, SortMigrated, SortMigration, SortOrder,
};
pub use statistics::{
    ClientStatistics, Freshness, GetDbServerStatistics, GetServerStatistics, GetStatistics,
    GetStatisticsDescription, Histogram, HttpStatistics, ScriptContext, ScriptContextStatistics,
    ServerStatistics, Statistics, StatisticsDescription, StatisticsFigure, StatisticsGroup, SystemStatistics,
    ThreadStatistics, TransactionStatistics,
};
pub use timestamp::Timestamp;
pub use tokens::{
    AccessToken, AccessTokenSecret, CreateAccessToken, DeleteAccessToken, ListAccessTokens, NewAccessToken,
};
pub use unique_ids::{RaiseUniqueIds, ReserveUniqueIds, UniqueIds};
