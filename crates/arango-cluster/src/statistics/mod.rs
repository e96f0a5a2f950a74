//! Statistics of servers.

mod db_server;
mod description;
mod figures;
mod server;

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, Scope, UnixSeconds,
};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

use crate::server::{ServerId, proxied_request};

pub use db_server::GetDbServerStatistics;
pub use description::{GetStatisticsDescription, StatisticsDescription, StatisticsFigure, StatisticsGroup};
pub use figures::{ClientStatistics, Histogram, HttpStatistics, SystemStatistics};
pub use server::{
    ScriptContext, ScriptContextStatistics, ServerStatistics, ThreadStatistics, TransactionStatistics,
};

/// The statistics of a server since its start.
///
/// Histograms of times are in seconds; sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Statistics {
    /// When they were recorded.
    pub time: UnixSeconds,
    /// Whether the server records statistics.
    #[serde(default)]
    pub enabled: bool,
    /// Of the process.
    pub system: SystemStatistics,
    /// Of all requests.
    pub client: ClientStatistics,
    /// Of the requests of users, without those of other servers.
    pub client_user: Option<ClientStatistics>,
    /// Of requests, by method.
    pub http: HttpStatistics,
    /// Of the server as a whole.
    pub server: ServerStatistics,
}

/// Reads the statistics of the responding server.
///
/// Removed in 4.0 in favour of metrics.
///
/// # Errors
///
/// 404 with error 36 if statistics are disabled; 403 if the server is hardened and the user is not an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetStatistics {
    /// How recent the figures must be.
    pub freshness: StatisticsFreshness,
}

/// How recent figures must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum StatisticsFreshness {
    /// The last summary, which is only slightly outdated.
    #[default]
    Cached,
    /// The server summarises first, so that the figures are current.
    Synchronized,
}

impl Operation for GetStatistics {
    type Output = Statistics;

    const METADATA: Metadata = Metadata::get("server.statistics", "/_admin/statistics")
        .scope(Scope::Coordinator)
        .removed_in("4.0.0");

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let builder = RequestBuilder::new(Self::METADATA);
        match self.freshness {
            StatisticsFreshness::Cached => builder.build(),
            StatisticsFreshness::Synchronized => builder.query("sync", "true").build(),
        }
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Statistics, OutputError> {
        response.json()
    }
}

/// Reads the statistics of a coordinator or DB-Server, through any coordinator.
///
/// Removed in 4.0. Names and errors are those of [`GetServerVersion`](crate::GetServerVersion), and those of
/// [`GetStatistics`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetServerStatistics<'a> {
    /// The server.
    pub server: &'a ServerId,
}

impl Operation for GetServerStatistics<'_> {
    type Output = Statistics;

    const METADATA: Metadata = Metadata::get("cluster.server_statistics", "/_admin/cluster/nodeStatistics")
        .relayed()
        .removed_in("4.0.0");

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        proxied_request(Self::METADATA, self.server)
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Statistics, OutputError> {
        response.json()
    }
}

#[cfg(test)]
mod tests;
