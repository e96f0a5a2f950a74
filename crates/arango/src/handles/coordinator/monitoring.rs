//! Metrics, statistics and logs of one coordinator.

use arango_cluster::{
    AppenderLogLevels, ClearLog, Engine, GetAppenderLogLevels, GetEngine, GetLogArrays, GetLogEntries,
    GetLogLevels, GetMetrics, GetStatistics, GetStatisticsDescription, GetStatusOverview, GetUsageMetrics,
    LogArrays, LogEntries, LogLevels, LogQuery, Metrics, MetricsMode, ResetLogLevels, SetLogLevels,
    Statistics, StatisticsDescription, StatisticsFreshness, StatusOverview,
};
use arango_transport::Error;

use crate::handles::coordinator::CoordinatorHandle;

/// Metrics, statistics and logs of one coordinator.
impl CoordinatorHandle {
    /// Returns the storage engine of the cluster, as known to this coordinator.
    #[inline]
    pub async fn engine(&self) -> Result<Engine, Error> {
        self.execute(GetEngine).await
    }

    /// Returns a short status.
    #[inline]
    pub async fn status_overview(&self) -> Result<StatusOverview, Error> {
        self.execute(GetStatusOverview).await
    }

    /// Returns its metrics.
    #[inline]
    pub async fn metrics(&self) -> Result<Metrics, Error> {
        self.execute(GetMetrics::default()).await
    }

    /// Returns its metrics, or those it has collected from the DB-Servers.
    #[inline]
    pub async fn metrics_with_mode(&self, mode: MetricsMode) -> Result<Metrics, Error> {
        self.execute(GetMetrics { mode }).await
    }

    /// Returns its usage metrics of shards; a coordinator has few.
    ///
    /// Since 3.10.13, 3.11.7 and 3.12.0.
    #[inline]
    pub async fn usage_metrics(&self) -> Result<Metrics, Error> {
        self.execute(GetUsageMetrics).await
    }

    /// Returns its statistics. Removed in 4.0.
    #[inline]
    pub async fn statistics(&self) -> Result<Statistics, Error> {
        self.execute(GetStatistics::default()).await
    }

    /// Returns its statistics, optionally updated first. Removed in 4.0.
    #[inline]
    pub async fn statistics_with_freshness(
        &self,
        freshness: StatisticsFreshness,
    ) -> Result<Statistics, Error> {
        self.execute(GetStatistics { freshness }).await
    }

    /// Returns the description of its statistics. Removed in 4.0.
    #[inline]
    pub async fn statistics_description(&self) -> Result<StatisticsDescription, Error> {
        self.execute(GetStatisticsDescription).await
    }

    /// Returns entries of its log.
    #[doc(alias = "read_log_entries")]
    #[doc(alias = "getLogEntries")]
    #[inline]
    pub async fn log_entries(&self, query: &LogQuery) -> Result<LogEntries, Error> {
        self.execute(GetLogEntries { query }).await
    }

    /// Returns entries of its log, by a legacy call. Removed in 4.0.
    #[inline]
    pub async fn log_arrays(&self, query: &LogQuery) -> Result<LogArrays, Error> {
        self.execute(GetLogArrays { query }).await
    }

    /// Clears the log entries that it keeps in memory. Removed in 4.0.
    #[inline]
    pub async fn clear_log(&self) -> Result<(), Error> {
        self.execute(ClearLog).await
    }

    /// Returns its log levels.
    #[doc(alias = "getLogLevel")]
    #[inline]
    pub async fn log_levels(&self) -> Result<LogLevels, Error> {
        self.execute(GetLogLevels).await
    }

    /// Returns its log levels for each log appender. Since 3.12.2.
    #[inline]
    pub async fn appender_log_levels(&self) -> Result<AppenderLogLevels, Error> {
        self.execute(GetAppenderLogLevels).await
    }

    /// Sets its log levels.
    #[doc(alias = "setLogLevel")]
    #[inline]
    pub async fn set_log_levels(&self, levels: &LogLevels) -> Result<LogLevels, Error> {
        self.execute(SetLogLevels { levels }).await
    }

    /// Resets its log levels to those of its start. Since 3.12.1.
    #[inline]
    pub async fn reset_log_levels(&self) -> Result<LogLevels, Error> {
        self.execute(ResetLogLevels).await
    }
}
