//! Typed operations and models of ArangoDB cluster administration. No IO.
//!
//! Each operation is a plain value that builds its request and decodes its response. Its
//! [metadata](arango_protocol::Metadata) declares whether it may be retried, where it may be sent, and how long the
//! server may block.
//!
//! | subject | reads | changes |
//! |---|---|---|
//! | servers | [`GetHealth`], [`GetServerCount`], [`GetEndpoints`] | [`SetServerCount`], [`RemoveServer`] |
//! | one server, through any coordinator | [`GetServerVersion`], [`GetServerEngine`], [`GetServerStatistics`], [`GetServerMetrics`], [`GetServerLogEntries`] | [`SetServerLogLevels`] |
//! | maintenance | [`GetMaintenance`], [`GetServerMaintenance`] | [`SetMaintenance`], [`SetServerMaintenance`] |
//! | shards | [`GetImbalance`], [`PlanRebalance`], [`GetShardDistribution`], [`GetShardStatistics`] | [`Rebalance`], [`ExecuteMoves`], [`MoveShard`], [`CleanOutServer`], [`ResignLeadership`] |
//! | jobs | [`GetAgencyJob`] | [`CancelAgencyJob`] |
//! | the agency | [`GetAgencyDump`], [`DiagnoseAgency`], [`CheckSortMigration`] | [`ReserveUniqueIds`], [`MigrateSorting`] |
//! | the deployment | [`GetLicense`], [`GetDeploymentId`], [`GetSupportInfo`], [`ListAccessTokens`] | [`SetLicense`], [`CreateAccessToken`], [`SetServerMode`] |
//! | the server that responds | [`GetServerId`], [`GetVersion`], [`GetStatus`], [`GetAvailability`], [`GetMetrics`], [`GetLogEntries`], [`GetApiCalls`], [`ListCrashes`] | [`ReloadTls`], [`ReloadJwtSecrets`], [`SetLogLevels`], [`Compact`], [`SoftShutdown`], [`Shutdown`] |
//!
//! These are the most used ones; the pages of the modules list all.
//!
//! Models decode the responses of every server from 3.10 to 4.0: fields that not every version has are optional,
//! values that a newer server may add are kept (`Unknown`), and unknown fields are ignored.
//!
//! ```
//! use arango_cluster::GetHealth;
//! use arango_protocol::{ApiResponse, Operation};
//!
//! let request = GetHealth.request()?;
//! assert_eq!(request.uri(), "/_admin/cluster/health");
//!
//! // A transport sends the request and returns the response.
//! # let body = r#"{"ClusterId":"9a1f","Health":{"PRMR-1":{"Role":"DBServer","Status":"GOOD"}}}"#;
//! # let response = ApiResponse::new(http::StatusCode::OK, http::HeaderMap::new(), body.into());
//! let health = GetHealth.output(response)?;
//! for (id, server) in health.servers() {
//!     println!("{id}: {} {}", server.role, server.status);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Layout
//!
//! One folder or file per subject. Each may import from `arango-protocol`, from `types`, and from the modules listed
//! with it.
//!
//! | what | where | may import |
//! |---|---|---|
//! | JSON values shared by operations: open enums, times, empty payloads | `types` | nothing of this crate |
//! | one server: id, role, version, engine, status, mode, availability | `server` | `types` |
//! | health records of all servers | `health` | `types`, `server` |
//! | target number of servers | `server_count` | `types`, `server` |
//! | endpoints of the coordinators | `endpoints` | `types` |
//! | jobs of the supervision | `jobs` | `types`, `server` |
//! | planning and executing moves | `rebalance` | `types`, `server` |
//! | placement and moves of shards | `shards` | `types`, `server`, `jobs`, `rebalance` |
//! | clean-out, resignation and removal of servers | `removal` | `types`, `server`, `jobs` |
//! | maintenance of the supervision and of one DB-Server | `maintenance` | `types`, `server` |
//! | dump and diagnosis of the agency | `agency` | `types`, `server`, `jobs` |
//! | sort migration, unique ids | `sort_migration`, `unique_ids` | `types`, `server` |
//! | logs, metrics, statistics | `log`, `metrics`, `statistics` | `types`, `server` |
//! | recent calls and queries, crashes | `diagnostics` | `types` |
//! | keys, certificates, licence, access tokens | `keys`, `license`, `tokens` | `types` |
//! | shutdown, compaction | `shutdown`, `compact` | `types` |
//! | databases of a user, for discovery | `user_databases` | `types` |
//! | visiting every operation | `for_each_operation` | all of the above |

mod agency;
mod compact;
mod diagnostics;
mod endpoints;
mod for_each_operation;
mod health;
mod jobs;
mod keys;
mod license;
mod log;
mod maintenance;
mod metrics;
mod rebalance;
mod removal;
mod server;
mod server_count;
mod shards;
mod shutdown;
mod sort_migration;
mod statistics;
mod tokens;
mod types;
mod unique_ids;
mod user_databases;

// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod foreign_responses;
#[cfg(test)]
mod operation_tests;
#[cfg(test)]
mod testing;

pub use agency::{
    AgencyDiagnosis, AgencyDump, ClusterInfo, DiagnoseAgency, DiagnoseAgencyDump, Diagnosis,
    DiagnosisStrictness, GetAgencyCache, GetAgencyDump, GetClusterInfo,
};
pub use arango_protocol::{DatabaseSharding, ReplicationFactor, Timestamp, UnixSeconds};
pub use compact::Compact;
pub use diagnostics::{
    ApiCall, AqlQuery, CrashDump, DeleteCrash, GetApiCalls, GetAqlQueries, GetCrash, ListCrashes,
};
pub use endpoints::{CoordinatorEndpoint, Endpoints, GetEndpoints};
#[doc(hidden)] // for tests and tables of all operations
pub use for_each_operation::{OperationVisitor, for_each_operation};
pub use health::{ClusterHealth, GetHealth, HealthStatus, LastAcked, ServerHealth};
pub use jobs::{AgencyJob, CancelAgencyJob, GetAgencyJob, JobId, JobStatus, JobType};
pub use keys::{
    Fingerprint, GetJwtSecrets, GetTls, JwtSecrets, ReloadJwtSecrets, ReloadTls, RotateEncryptionKeys,
    TlsFiles, TlsKeyfile,
};
pub use license::{
    DiskUsage, EarlierExpiryPolicy, GetLicense, License, LicenseFeatures, LicenseKey, LicenseStatus,
    SetLicense,
};
pub use log::{
    AppenderLogLevels, ClearLog, GetAppenderLogLevels, GetLogArrays, GetLogEntries, GetLogLevels,
    GetServerAppenderLogLevels, GetServerLogEntries, GetServerLogLevels, LogArrays, LogEntries, LogEntry,
    LogLevel, LogLevels, LogOrder, LogQuery, ResetLogLevels, ResetServerLogLevels, SetLogLevels,
    SetServerLogLevels,
};
pub use maintenance::{
    GetMaintenance, GetServerMaintenance, Maintenance, ServerMaintenance, SetMaintenance,
    SetMaintenanceResult, SetServerMaintenance, SupervisionMode,
};
pub use metrics::{
    GetMetrics, GetServerMetrics, GetServerUsageMetrics, GetUsageMetrics, Metrics, MetricsMode,
};
pub use rebalance::{
    ExecuteMoves, GetImbalance, Imbalance, LeaderImbalance, PlanImbalance, PlanRebalance, Rebalance,
    RebalanceOptions, RebalancePlan, ShardImbalance, ShardMove,
};
pub use removal::{CleanOutServer, RemoveServer, ResignLeadership, ResignedLeaders};
pub use server::{
    AgencyConnection, AgencyStatus, AgentStatus, Availability, DatabaseDefaults, Deployment, DeploymentType,
    Engine, EngineAliases, EngineSupport, FoxxStatus, GetAvailability, GetDatabaseDefaults, GetDeploymentId,
    GetEngine, GetServerEngine, GetServerId, GetServerMode, GetServerRole, GetServerVersion, GetStatus,
    GetStatusOverview, GetSupportInfo, GetVersion, ServerId, ServerMode, ServerRole, ServerState,
    ServerStatus, SetServerMode, StartupProgress, StatusOverview, StatusReport, StorageEngine, SupportInfo,
    VersionInfo,
};
pub use server_count::{GetServerCount, ServerCount, ServerCountTarget, SetServerCount};
pub use shards::{
    CollectionShards, GetCollectionShardDistribution, GetShardDistribution, GetShardStatistics,
    GetShardStatisticsByDatabase, GetShardStatisticsByServer, MoveShard, RebalanceShards, ShardDistribution,
    ShardServers, ShardStatistics, SyncProgress,
};
pub use shutdown::{ClusterMembership, GetShutdownProgress, Shutdown, ShutdownProgress, SoftShutdown};
pub use sort_migration::{
    AffectedIndex, ByDbServer, CheckSortMigration, DbServerResponse, GetSortMigration, MigrateSorting,
    SortCheck, SortMigration, SortMigrationResult, SortOrder,
};
pub use statistics::{
    ClientStatistics, GetDbServerStatistics, GetServerStatistics, GetStatistics, GetStatisticsDescription,
    Histogram, HttpStatistics, ScriptContext, ScriptContextStatistics, ServerStatistics, Statistics,
    StatisticsDescription, StatisticsFigure, StatisticsFreshness, StatisticsGroup, SystemStatistics,
    ThreadStatistics, TransactionStatistics,
};
pub use tokens::{
    AccessToken, AccessTokenSecret, CreateAccessToken, DeleteAccessToken, ListAccessTokens, NewAccessToken,
};
pub use unique_ids::{RaiseUniqueIds, ReserveUniqueIds, UniqueIds};
#[doc(hidden)]
pub use user_databases::GetUserDatabases;
