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
/// A server without usage sends an empty body. It counts only if a header names ArangoDB, because a proxy may send one,
/// too: servers before 3.12 leave out these headers if both `--http.hide-product-header` is true and
/// `--http.return-queue-time-header` is false.
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
/// Since 3.10.13, 3.11.7 and 3.12.0. The server timeout is that of [`GetServerMetrics`](crate::GetServerMetrics). An empty
/// body counts as described at [`GetUsageMetrics`].
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
    use crate::testing::{arangodb_response, assert_request, read, response};

    #[test]
    fn usage_is_text() {
        assert_request(&GetUsageMetrics, "GET", PATH);
        assert_eq!(read(&GetUsageMetrics, "a 1\n").as_str(), "a 1\n");
        let server = ServerId::from("PRMR-1");
        let operation = GetServerUsageMetrics { server: &server };
        assert_request(&operation, "GET", "/_admin/usage-metrics?serverId=PRMR-1");
        assert_eq!(read(&operation, "a 1\n").as_str(), "a 1\n");
    }

    #[test]
    fn empty_usage_is_a_success_only_of_arangodb() {
        let server = ServerId::from("PRMR-1");
        let read = |response: fn() -> ApiResponse| {
            [GetUsageMetrics.output(response()), GetServerUsageMetrics { server: &server }.output(response())]
        };
        for usage in read(|| arangodb_response(200, "")) {
            assert_eq!(usage.unwrap().as_str(), "");
        }
        assert!(read(|| response(200, "")).iter().all(Result::is_err));
    }
}
