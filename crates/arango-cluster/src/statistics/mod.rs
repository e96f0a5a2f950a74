//! What a server counts.

mod client;
mod db_server;
mod description;
mod histogram;
mod http;
mod server;
mod system;

use ::http::Request;
use arango_protocol::{ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestBuilder, Scope};
use bytes::Bytes;
use serde::Deserialize;

use crate::{ServerId, UnixSeconds, proxied};

pub use client::ClientStatistics;
pub use db_server::GetDbServerStatistics;
pub use description::{GetStatisticsDescription, StatisticsDescription, StatisticsFigure, StatisticsGroup};
pub use histogram::Histogram;
pub use http::HttpStatistics;
pub use server::{
    ScriptContext, ScriptContextStatistics, ServerStatistics, ThreadStatistics, TransactionStatistics,
};
pub use system::SystemStatistics;

/// What a server has counted since it started.
///
/// Histograms of times are in seconds; sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Statistics {
    /// When it was counted.
    pub time: UnixSeconds,
    /// Whether the server counts.
    #[serde(default)]
    pub enabled: bool,
    /// Of the process.
    pub system: SystemStatistics,
    /// Of all requests.
    pub client: ClientStatistics,
    /// Of the requests of users, those of other servers left out.
    pub client_user: Option<ClientStatistics>,
    /// Of requests, by method.
    pub http: HttpStatistics,
    /// Of the server as a whole.
    pub server: ServerStatistics,
}

/// Asks the server that answers what it has counted. Gone since 4.0: metrics have taken its place.
///
/// # Errors
///
/// 404 with error 36 if statistics are switched off; 403 if the server is hardened and the user is
/// no administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetStatistics {
    /// How new the figures are to be.
    pub freshness: Freshness,
}

/// How new figures are to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Freshness {
    /// As they were last added up, which is soon after they were counted.
    #[default]
    AsTheyAre,
    /// The server first adds up what it has counted until now.
    AddedUp,
}

impl Operation for GetStatistics {
    type Output = Statistics;

    const METADATA: Metadata = Metadata::get("server.statistics", "/_admin/statistics")
        .scope(Scope::Coordinator)
        .removed_in("4.0.0");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let draft = RequestBuilder::new(Self::METADATA);
        match self.freshness {
            Freshness::AsTheyAre => draft.build(),
            Freshness::AddedUp => draft.query("sync", "true").build(),
        }
    }

    fn output(&self, response: ApiResponse) -> Result<Statistics, DecodeError> {
        response.json()
    }
}

/// Asks a coordinator or DB-Server what it has counted, through whichever coordinator answers. Gone
/// since 4.0.
///
/// Names and errors are those of [`GetServerVersion`](crate::GetServerVersion), and those of
/// [`GetStatistics`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetServerStatistics<'a> {
    /// The server to be asked.
    pub server: &'a ServerId,
}

impl Operation for GetServerStatistics<'_> {
    type Output = Statistics;

    const METADATA: Metadata = Metadata::get("cluster.server_statistics", "/_admin/cluster/nodeStatistics")
        .relayed()
        .removed_in("4.0.0");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        proxied(Self::METADATA, self.server)
    }

    fn output(&self, response: ApiResponse) -> Result<Statistics, DecodeError> {
        response.json()
    }
}

#[cfg(test)]
mod tests;
