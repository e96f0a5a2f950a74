//! Usage metrics of shards.

use arango_protocol::{ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, Scope};
use bytes::Bytes;
use http::Request;

use super::server::SERVER_TIMEOUT;
use crate::metrics::Metrics;
use crate::server::ServerId;

const PATH: &str = "/_admin/usage-metrics";
const BACKPORTED: &[&str] = &["3.10.13", "3.11.7"];

/// Reads each user's usage of each shard of the responding server.
///
/// The usage is how much the user reads and writes. DB-Servers count; a coordinator has few values. Since 3.10.13,
/// 3.11.7 and 3.12.0.
///
/// # Errors
///
/// Those of [`GetMetrics`](crate::GetMetrics).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetUsageMetrics;

impl Operation for GetUsageMetrics {
    type Output = Metrics;

    const METADATA: Metadata = Metadata::get("server.usage_metrics", PATH)
        .scope(Scope::Coordinator)
        .since("3.12.0")
        .backported_to(BACKPORTED);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Metrics, OutputError> {
        Metrics::parse_or_empty(&response)
    }
}

/// Reads the usage metrics of a coordinator or DB-Server, through any coordinator.
///
/// Since 3.10.13, 3.11.7 and 3.12.0. The server timeout is that of [`GetServerMetrics`](crate::GetServerMetrics).
///
/// # Errors
///
/// Those of [`GetServerMetrics`](crate::GetServerMetrics).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetServerUsageMetrics<'a> {
    /// The server, by its id.
    pub server: &'a ServerId,
}

impl Operation for GetServerUsageMetrics<'_> {
    type Output = Metrics;

    const METADATA: Metadata = Metadata::get("cluster.server_usage_metrics", PATH)
        .server_timeout(SERVER_TIMEOUT)
        .since("3.12.0")
        .backported_to(BACKPORTED);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA)
            .query("serverId", self.server.checked_id("server")?.as_str())
            .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Metrics, OutputError> {
        Metrics::parse_or_empty(&response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

    #[test]
    fn usage_is_text() {
        assert_request(&GetUsageMetrics, "GET", PATH);
        assert_eq!(read(&GetUsageMetrics, "a 1\n").as_str(), "a 1\n");
        let server = ServerId::from("PRMR-1");
        let operation = GetServerUsageMetrics { server: &server };
        assert_request(&operation, "GET", "/_admin/usage-metrics?serverId=PRMR-1");
        assert_eq!(read(&operation, "").as_str(), "");
    }
}
