//! The metrics of a server.

use std::time::Duration;

use arango_protocol::{ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, Scope};
use bytes::Bytes;
use http::Request;

use crate::metrics::Metrics;
use crate::server::ServerId;

const PATH: &str = "/_admin/metrics";

/// The coordinator waits for another server for up to 30 seconds.
pub(super) const SERVER_TIMEOUT: Duration = Duration::from_secs(45);

/// Which servers' metrics a coordinator returns.
///
/// The modes have the server's names. The server does not document the exact contents of each mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum MetricsMode {
    /// The server's default; no parameter is sent.
    #[default]
    ServerDefault,
    /// `local`: its own metrics.
    Local,
    /// `trigger_global`: starts collecting those of the DB-Servers.
    TriggerGlobal,
    /// `read_global`: includes the collected ones of the DB-Servers.
    ReadGlobal,
    /// `write_global`: collects those of the DB-Servers, and stores them for all coordinators.
    WriteGlobal,
}

impl MetricsMode {
    fn apply(self, builder: RequestBuilder) -> RequestBuilder {
        let mode = match self {
            Self::ServerDefault => return builder,
            Self::Local => "local",
            Self::TriggerGlobal => "trigger_global",
            Self::ReadGlobal => "read_global",
            Self::WriteGlobal => "write_global",
        };
        builder.query("mode", mode)
    }
}

/// Reads the metrics of the responding server.
///
/// # Errors
///
/// 404 if `--server.export-metrics-api` disables it; 403 if the server is hardened and the user is not an
/// administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetMetrics {
    /// Which servers' metrics to return.
    pub mode: MetricsMode,
}

impl Operation for GetMetrics {
    type Output = Metrics;

    // `/_admin/metrics/v2` is equivalent and removed in 4.0. Only DB-Servers accept `type=json`.
    const METADATA: Metadata = Metadata::get("server.metrics", PATH).scope(Scope::Coordinator);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.mode.apply(RequestBuilder::new(Self::METADATA)).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Metrics, OutputError> {
        Metrics::parse(&response)
    }
}

/// Reads the metrics of a coordinator or DB-Server, through any coordinator.
///
/// The coordinator waits for up to 30 seconds; hence the server timeout of 45 seconds. An error of the other server
/// is relayed as a success of this call, **and is reported here as a response that cannot be decoded**, with that
/// error as its source.
///
/// # Errors
///
/// 404 with error 400 if there is no such server; otherwise as [`GetMetrics`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetServerMetrics<'a> {
    /// The server, by its id.
    pub server: &'a ServerId,
}

impl Operation for GetServerMetrics<'_> {
    type Output = Metrics;

    const METADATA: Metadata = Metadata::get("cluster.server_metrics", PATH).server_timeout(SERVER_TIMEOUT);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA)
            .query("serverId", self.server.checked_id("server")?.as_str())
            .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Metrics, OutputError> {
        Metrics::parse(&response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request, read, response};

    const TEXT: &str = "# TYPE a gauge\na{role=\"COORDINATOR\"} 1\n";

    #[test]
    fn metrics_are_text() {
        let operation = GetMetrics::default();
        assert_request(&operation, "GET", PATH);
        let metrics = read(&operation, TEXT);
        assert_eq!((metrics.as_str(), metrics.to_string().as_str()), (TEXT, TEXT));
        assert_eq!(format!("{metrics:?}"), "Metrics(2 lines)");
        assert_eq!(metrics.into_string(), TEXT);
    }

    #[test]
    fn modes_use_the_wire_names() {
        use MetricsMode::{Local, ReadGlobal, TriggerGlobal, WriteGlobal};
        let modes = [Local, TriggerGlobal, ReadGlobal, WriteGlobal];
        let names = ["local", "trigger_global", "read_global", "write_global"];
        for (mode, name) in modes.into_iter().zip(names) {
            assert_request(&GetMetrics { mode }, "GET", &format!("{PATH}?mode={name}"));
        }
    }

    #[test]
    fn a_relayed_error_with_success_status_is_an_error() {
        let server = ServerId::from("PRMR-1");
        let operation = GetServerMetrics { server: &server };
        assert_request(&operation, "GET", "/_admin/metrics?serverId=PRMR-1");
        assert_rejected(&GetServerMetrics { server: &"".into() }, "`server` is empty");
        assert_eq!(read(&operation, TEXT).as_str(), TEXT);
        let refused = r#"{"error":true,"code":403,"errorNum":11,"errorMessage":"forbidden"}"#;
        assert_eq!(operation.output(response(200, refused)).unwrap_err().path(), ".");
    }
}
