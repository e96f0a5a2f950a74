//! What one coordinator measures and writes to its log.

use arango_cluster::{
    AppenderLogLevels, ClearLog, Engine, Freshness, GetAppenderLogLevels, GetEngine, GetLogArrays,
    GetLogEntries, GetLogLevels, GetMetrics, GetStatistics, GetStatisticsDescription, GetStatusOverview,
    GetUsageMetrics, LogArrays, LogEntries, LogLevels, LogQuery, Metrics, MetricsMode, ResetLogLevels,
    SetLogLevels, Statistics, StatisticsDescription, StatusOverview,
};
use arango_transport::Error;

use crate::CoordinatorHandle;

/// What one coordinator measures and writes to its log.
impl CoordinatorHandle {
    /// The storage engine of its cluster, as it knows it.
    pub async fn engine(&self) -> Result<Engine, Error> {
        self.execute(GetEngine).await
    }

    /// What it is, in a few words.
    pub async fn status_overview(&self) -> Result<StatusOverview, Error> {
        self.execute(GetStatusOverview).await
    }

    /// What it measures.
    pub async fn metrics(&self) -> Result<Metrics, Error> {
        self.execute(GetMetrics::default()).await
    }

    /// What it measures, or what it has gathered of the DB-Servers.
    pub async fn metrics_of(&self, mode: MetricsMode) -> Result<Metrics, Error> {
        self.execute(GetMetrics { mode }).await
    }

    /// How much each shard is used, of which a coordinator has little to tell. Since 3.10.13, 3.11.7 and 3.12.0.
    pub async fn usage_metrics(&self) -> Result<Metrics, Error> {
        self.execute(GetUsageMetrics).await
    }

    /// What it has counted. Gone in 4.0.
    pub async fn statistics(&self) -> Result<Statistics, Error> {
        self.execute(GetStatistics::default()).await
    }

    /// What it has counted, added up until now if that is wanted. Gone in 4.0.
    pub async fn statistics_as(&self, freshness: Freshness) -> Result<Statistics, Error> {
        self.execute(GetStatistics { freshness }).await
    }

    /// What the figures of its statistics mean. Gone in 4.0.
    pub async fn statistics_description(&self) -> Result<StatisticsDescription, Error> {
        self.execute(GetStatisticsDescription).await
    }

    /// What it has written to its log.
    pub async fn log_entries(&self, query: &LogQuery) -> Result<LogEntries, Error> {
        self.execute(GetLogEntries { query }).await
    }

    /// The same, by a call of old. Gone in 4.0.
    pub async fn log_arrays(&self, query: &LogQuery) -> Result<LogArrays, Error> {
        self.execute(GetLogArrays { query }).await
    }

    /// Has it forget what it has written to its log. Gone in 4.0.
    pub async fn clear_log(&self) -> Result<(), Error> {
        self.execute(ClearLog).await
    }

    /// How grave entries have to be to be written to its log.
    pub async fn log_levels(&self) -> Result<LogLevels, Error> {
        self.execute(GetLogLevels).await
    }

    /// How grave entries have to be for each place that they are written to. Since 3.12.2.
    pub async fn appender_log_levels(&self) -> Result<AppenderLogLevels, Error> {
        self.execute(GetAppenderLogLevels).await
    }

    /// Sets how grave entries have to be to be written to its log.
    pub async fn set_log_levels(&self, levels: &LogLevels) -> Result<LogLevels, Error> {
        self.execute(SetLogLevels { levels }).await
    }

    /// Sets the levels of its log back to those that it started with. Since 3.12.1.
    pub async fn reset_log_levels(&self) -> Result<LogLevels, Error> {
        self.execute(ResetLogLevels).await
    }
}
