//! What single servers measure and write to their logs, through any coordinator.

use arango_cluster::{
    AppenderLogLevels, GetDbServerStatistics, GetServerAppenderLogLevels, GetServerLogEntries,
    GetServerLogLevels, GetServerMetrics, GetServerUsageMetrics, GetSupportInfo, LogEntries, LogLevels,
    LogQuery, Metrics, ResetServerLogLevels, ServerId, SetServerLogLevels, Statistics, SupportInfo,
};
use arango_transport::Error;

use crate::Cluster;

/// What single servers measure and write to their logs, through any coordinator.
impl Cluster {
    /// What support wants to know of the deployment. Can take long.
    pub async fn support_info(&self) -> Result<SupportInfo, Error> {
        self.database.execute(GetSupportInfo).await
    }

    /// What a coordinator or DB-Server measures.
    pub async fn server_metrics(&self, server: &ServerId) -> Result<Metrics, Error> {
        self.database.execute(GetServerMetrics { server }).await
    }

    /// How much each shard of a DB-Server is used. Since 3.10.13, 3.11.7 and 3.12.0.
    pub async fn server_usage_metrics(&self, server: &ServerId) -> Result<Metrics, Error> {
        self.database.execute(GetServerUsageMetrics { server }).await
    }

    /// The statistics of a DB-Server, by a call of old. Gone in 4.0.
    pub async fn db_server_statistics(&self, server: &ServerId) -> Result<Statistics, Error> {
        self.database.execute(GetDbServerStatistics { server }).await
    }

    /// What a server has written to its log.
    pub async fn server_log_entries(&self, server: &ServerId, query: &LogQuery) -> Result<LogEntries, Error> {
        self.database.execute(GetServerLogEntries { server, query }).await
    }

    /// How grave entries have to be to be written to the log of a server. Since 3.10.2.
    pub async fn server_log_levels(&self, server: &ServerId) -> Result<LogLevels, Error> {
        self.database.execute(GetServerLogLevels { server }).await
    }

    /// How grave entries have to be for each place that a server writes them to. Since 3.12.2.
    pub async fn server_appender_log_levels(&self, server: &ServerId) -> Result<AppenderLogLevels, Error> {
        self.database.execute(GetServerAppenderLogLevels { server }).await
    }

    /// Sets how grave entries have to be to be written to the log of a server. Since 3.10.2.
    pub async fn set_server_log_levels(
        &self,
        server: &ServerId,
        levels: &LogLevels,
    ) -> Result<LogLevels, Error> {
        self.database.execute(SetServerLogLevels { server, levels }).await
    }

    /// Sets the levels of the log of a server back to those that it started with. Since 3.12.1.
    pub async fn reset_server_log_levels(&self, server: &ServerId) -> Result<LogLevels, Error> {
        self.database.execute(ResetServerLogLevels { server }).await
    }
}
