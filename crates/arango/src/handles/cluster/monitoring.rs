//! Metrics and logs of single servers, through any coordinator.

use arango_cluster::{
    AppenderLogLevels, GetDbServerStatistics, GetServerAppenderLogLevels, GetServerLogEntries,
    GetServerLogLevels, GetServerMetrics, GetServerUsageMetrics, GetSupportInfo, LogEntries, LogLevels,
    LogQuery, Metrics, ResetServerLogLevels, ServerId, SetServerLogLevels, Statistics, SupportInfo,
};
use arango_transport::Error;

use crate::handles::cluster::Cluster;

/// Metrics and logs of single servers, through any coordinator.
impl Cluster {
    /// Returns the support information of the deployment. Can be slow.
    #[inline]
    pub async fn support_info(&self) -> Result<SupportInfo, Error> {
        self.database.execute(GetSupportInfo).await
    }

    /// Returns the metrics of a coordinator or DB-Server.
    pub async fn server_metrics(&self, server: impl Into<ServerId>) -> Result<Metrics, Error> {
        self.database.execute(GetServerMetrics { server: &server.into() }).await
    }

    /// Returns the usage metrics of each shard of a DB-Server.
    ///
    /// Since 3.10.13, 3.11.7 and 3.12.0.
    pub async fn server_usage_metrics(&self, server: impl Into<ServerId>) -> Result<Metrics, Error> {
        self.database.execute(GetServerUsageMetrics { server: &server.into() }).await
    }

    /// Returns the statistics of a DB-Server, by a legacy call.
    ///
    /// Removed in 4.0.
    pub async fn db_server_statistics(&self, server: impl Into<ServerId>) -> Result<Statistics, Error> {
        self.database.execute(GetDbServerStatistics { server: &server.into() }).await
    }

    /// Returns log entries of a server.
    pub async fn server_log_entries(
        &self,
        server: impl Into<ServerId>,
        query: &LogQuery,
    ) -> Result<LogEntries, Error> {
        self.database.execute(GetServerLogEntries { server: &server.into(), query }).await
    }

    /// Returns the log levels of a server. Since 3.10.2.
    pub async fn server_log_levels(&self, server: impl Into<ServerId>) -> Result<LogLevels, Error> {
        self.database.execute(GetServerLogLevels { server: &server.into() }).await
    }

    /// Returns the log levels of a server for each log appender.
    ///
    /// Since 3.12.2.
    pub async fn server_appender_log_levels(
        &self,
        server: impl Into<ServerId>,
    ) -> Result<AppenderLogLevels, Error> {
        self.database.execute(GetServerAppenderLogLevels { server: &server.into() }).await
    }

    /// Sets the log levels of a server. Since 3.10.2.
    pub async fn set_server_log_levels(
        &self,
        server: impl Into<ServerId>,
        levels: &LogLevels,
    ) -> Result<LogLevels, Error> {
        self.database.execute(SetServerLogLevels { server: &server.into(), levels }).await
    }

    /// Resets the log levels of a server to those of its start.
    ///
    /// Since 3.12.1.
    pub async fn reset_server_log_levels(&self, server: impl Into<ServerId>) -> Result<LogLevels, Error> {
        self.database.execute(ResetServerLogLevels { server: &server.into() }).await
    }
}
