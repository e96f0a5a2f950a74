//! A visitor over all operations.

use std::sync::OnceLock;
use std::time::SystemTime;

use arango_protocol::Operation;

#[allow(clippy::wildcard_imports, reason = "it visits every operation")]
use crate::*;

/// Visits operations, one after the other.
///
/// ```
/// use arango_cluster::{OperationVisitor, for_each_operation};
/// use arango_protocol::Operation;
///
/// /// Decodes the same response with every operation.
/// struct ReadAll(arango_protocol::ApiResponse);
///
/// impl OperationVisitor for ReadAll {
///     fn visit<O: Operation>(&mut self, operation: O) {
///         drop(operation.output(self.0.clone()));
///     }
/// }
///
/// # let response = arango_protocol::ApiResponse::new(http::StatusCode::OK, http::HeaderMap::new(), "{}".into());
/// for_each_operation(&mut ReadAll(response));
/// ```
pub trait OperationVisitor {
    /// Visits one operation, constructed with sample values.
    fn visit<O>(&mut self, operation: O)
    where
        O: Operation<Output: Send> + Send + Sync + 'static;
}

/// Visits every operation of this crate, each constructed with sample values.
///
/// The order is that of the documentation: servers, the cluster, monitoring, shutdown.
pub fn for_each_operation(visitor: &mut impl OperationVisitor) {
    server(visitor);
    cluster(visitor);
    monitoring(visitor);
    shutdown_operations(visitor);
}

/// Defines a sample value.
///
/// It is compiled only for a program that visits operations. What initializes a `LazyLock` is compiled for every program.
macro_rules! sample {
    ($name:ident: $type:ty = $value:expr) => {
        #[inline]
        fn $name() -> &'static $type {
            static VALUE: OnceLock<$type> = OnceLock::new();
            VALUE.get_or_init(|| $value)
        }
    };
}

sample!(server_id: ServerId = "PRMR-9fc93aee-322f-4ae3-9b20-116477c50f41".into());
sample!(job: JobId = "1234567".into());
sample!(options: RebalanceOptions = RebalanceOptions::new());
sample!(log_query: LogQuery = LogQuery::new());
sample!(levels: LogLevels = LogLevels::from([("requests".to_owned(), LogLevel::Info)]));
sample!(license_key: LicenseKey = "key".into());
sample!(dump: AgencyDump = AgencyDump(serde_json::json!({ "arango": {} })));

fn server(visitor: &mut impl OperationVisitor) {
    visitor.visit(GetServerId);
    visitor.visit(GetServerRole);
    visitor.visit(GetServerMode);
    visitor.visit(SetServerMode { mode: ServerMode::Default });
    visitor.visit(GetAvailability);
    visitor.visit(GetDatabaseDefaults);
    visitor.visit(GetTls);
    visitor.visit(ReloadTls);
    visitor.visit(GetJwtSecrets);
    visitor.visit(ReloadJwtSecrets);
    visitor.visit(RotateEncryptionKeys);
    visitor.visit(GetApiCalls);
    visitor.visit(GetAqlQueries);
    visitor.visit(ListCrashes);
    visitor.visit(GetCrash { id: "281ac6d7-2e13-4554-b1ac-4ce619c9c03e" });
    visitor.visit(DeleteCrash { id: "281ac6d7-2e13-4554-b1ac-4ce619c9c03e" });
}

fn cluster(visitor: &mut impl OperationVisitor) {
    let (server, id, maintenance) = (server_id(), job(), Maintenance::On);
    visitor.visit(GetHealth);
    visitor.visit(GetEndpoints);
    visitor.visit(GetServerVersion { server });
    visitor.visit(GetServerEngine { server });
    visitor.visit(GetServerStatistics { server });
    visitor.visit(GetDbServerStatistics { server });
    visitor.visit(GetServerCount);
    visitor
        .visit(SetServerCount { db_servers: Some(ServerCountTarget::Count(3)), ..SetServerCount::default() });
    visitor.visit(GetMaintenance);
    visitor.visit(SetMaintenance { maintenance });
    visitor.visit(GetServerMaintenance { server });
    visitor.visit(SetServerMaintenance { server, maintenance });
    visitor.visit(GetImbalance);
    visitor.visit(PlanRebalance { options: options() });
    visitor.visit(Rebalance { options: options() });
    visitor.visit(ExecuteMoves { moves: &[] });
    visitor.visit(RebalanceShards);
    visitor.visit(GetShardDistribution);
    visitor.visit(GetCollectionShardDistribution { collection: "orders" });
    visitor.visit(GetShardStatistics::default());
    visitor.visit(GetShardStatisticsByDatabase);
    visitor.visit(GetShardStatisticsByServer);
    visitor.visit(MoveShard::new("orders", "s1010002", server, server));
    visitor.visit(CleanOutServer { server });
    visitor.visit(ResignLeadership { server, leaders: ResignedLeaders::Stay });
    visitor.visit(RemoveServer { server });
    visitor.visit(GetAgencyJob { id });
    visitor.visit(CancelAgencyJob { id });
    visitor.visit(ReserveUniqueIds { count: 1 });
    visitor.visit(RaiseUniqueIds { minimum: 1 });
    visitor.visit(CheckSortMigration);
    visitor.visit(GetSortMigration);
    visitor.visit(MigrateSorting);
    visitor.visit(DiagnoseAgency::default());
    visitor.visit(DiagnoseAgencyDump { dump: dump(), strictness: DiagnosisStrictness::Strict });
    visitor.visit(GetAgencyDump);
    visitor.visit(GetAgencyCache);
    visitor.visit(GetClusterInfo);
    visitor.visit(GetLicense);
    visitor.visit(SetLicense { key: license_key(), earlier_expiry: EarlierExpiryPolicy::Reject });
    visitor.visit(GetDeploymentId);
    visitor.visit(ListAccessTokens { user: "ada" });
    visitor.visit(CreateAccessToken { user: "ada", name: "ci", valid_until: SystemTime::UNIX_EPOCH });
    visitor.visit(DeleteAccessToken { user: "ada", id: 7 });
}

fn monitoring(visitor: &mut impl OperationVisitor) {
    let (server, query, levels) = (server_id(), log_query(), levels());
    visitor.visit(GetVersion::default());
    visitor.visit(GetEngine);
    visitor.visit(GetStatus);
    visitor.visit(GetStatusOverview);
    visitor.visit(GetSupportInfo);
    visitor.visit(GetMetrics::default());
    visitor.visit(GetServerMetrics { server });
    visitor.visit(GetUsageMetrics);
    visitor.visit(GetServerUsageMetrics { server });
    visitor.visit(GetStatistics::default());
    visitor.visit(GetStatisticsDescription);
    visitor.visit(GetLogEntries { query });
    visitor.visit(GetServerLogEntries { server, query });
    visitor.visit(GetLogArrays { query });
    visitor.visit(ClearLog);
    visitor.visit(GetLogLevels);
    visitor.visit(GetAppenderLogLevels);
    visitor.visit(GetServerLogLevels { server });
    visitor.visit(GetServerAppenderLogLevels { server });
    visitor.visit(SetLogLevels { levels });
    visitor.visit(SetServerLogLevels { server, levels });
    visitor.visit(ResetLogLevels);
    visitor.visit(ResetServerLogLevels { server });
}

// Shutdown comes last, so that a visitor that executes all of them reaches every operation.
fn shutdown_operations(visitor: &mut impl OperationVisitor) {
    visitor.visit(Compact::new());
    visitor.visit(GetShutdownProgress);
    visitor.visit(SoftShutdown);
    visitor.visit(Shutdown::default());
}
