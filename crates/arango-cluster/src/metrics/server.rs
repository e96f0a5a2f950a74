//! What a server measures.

use std::time::Duration;

use arango_protocol::{ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestBuilder, Scope};
use bytes::Bytes;
use http::Request;

use crate::{Metrics, ServerId};

const PATH: &str = "/_admin/metrics";

/// The coordinator waits for another server for up to 30 seconds.
pub(super) const SERVER_TIMEOUT: Duration = Duration::from_secs(45);

/// Whose figures the metrics of a coordinator hold, as servers name it. What each comes to is documented by no server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum MetricsMode {
    /// The server's own choice; nothing is sent.
    #[default]
    Unsaid,
    /// `local`: its own.
    Local,
    /// `trigger_global`: it begins to gather those of the DB-Servers.
    TriggerGlobal,
    /// `read_global`: with what was gathered of the DB-Servers.
    ReadGlobal,
    /// `write_global`: it gathers those of the DB-Servers, and keeps them for all coordinators.
    WriteGlobal,
}

impl MetricsMode {
    fn of(self, draft: RequestBuilder) -> RequestBuilder {
        let mode = match self {
            Self::Unsaid => return draft,
            Self::Local => "local",
            Self::TriggerGlobal => "trigger_global",
            Self::ReadGlobal => "read_global",
            Self::WriteGlobal => "write_global",
        };
        draft.query("mode", mode)
    }
}

/// Asks the server that answers what it measures.
///
/// # Errors
///
/// 404 if `--server.export-metrics-api` switches it off; 403 if the server is hardened and the user is no
/// administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetMetrics {
    /// Whose figures.
    pub mode: MetricsMode,
}

impl Operation for GetMetrics {
    type Output = Metrics;

    // `/_admin/metrics/v2` is the same, and gone since 4.0. Only DB-Servers take `type=json`.
    const METADATA: Metadata = Metadata::get("server.metrics", PATH).scope(Scope::Coordinator);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.mode.of(RequestBuilder::new(Self::METADATA)).build()
    }

    fn output(&self, response: ApiResponse) -> Result<Metrics, DecodeError> {
        Metrics::of(&response)
    }
}

/// Asks a coordinator or DB-Server what it measures, through whichever coordinator answers.
///
/// The coordinator waits for up to 30 seconds; hence a patience of 45 seconds. What the other server refuses comes back
/// as a success of this call, **and is told here as an answer that cannot be read**, with the refusal as its source.
///
/// # Errors
///
/// 404 with error 400 if there is no such server; otherwise as [`GetMetrics`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetServerMetrics<'a> {
    /// The server to be asked, by its id.
    pub server: &'a ServerId,
}

impl Operation for GetServerMetrics<'_> {
    type Output = Metrics;

    const METADATA: Metadata = Metadata::get("cluster.server_metrics", PATH).server_timeout(SERVER_TIMEOUT);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).query("serverId", self.server.given("server")?.as_str()).build()
    }

    fn output(&self, response: ApiResponse) -> Result<Metrics, DecodeError> {
        Metrics::of(&response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, assert_refuses, read, response};

    const TEXT: &str = "# TYPE a gauge\na{role=\"COORDINATOR\"} 1\n";

    #[test]
    fn metrics_are_text() {
        let ask = GetMetrics::default();
        assert_asks(&ask, "GET", PATH);
        let metrics = read(&ask, TEXT);
        assert_eq!((metrics.as_str(), metrics.to_string().as_str()), (TEXT, TEXT));
        assert_eq!(format!("{metrics:?}"), "Metrics(2 lines)");
        assert_eq!(metrics.into_string(), TEXT);
    }

    #[test]
    fn modes_are_named_as_servers_name_them() {
        use MetricsMode::{Local, ReadGlobal, TriggerGlobal, WriteGlobal};
        let modes = [Local, TriggerGlobal, ReadGlobal, WriteGlobal];
        let names = ["local", "trigger_global", "read_global", "write_global"];
        for (mode, name) in modes.into_iter().zip(names) {
            assert_asks(&GetMetrics { mode }, "GET", &format!("{PATH}?mode={name}"));
        }
    }

    #[test]
    fn a_refusal_that_is_passed_on_as_a_success_is_an_error() {
        let server = ServerId::from("PRMR-1");
        let ask = GetServerMetrics { server: &server };
        assert_asks(&ask, "GET", "/_admin/metrics?serverId=PRMR-1");
        assert_refuses(&GetServerMetrics { server: &"".into() }, "`server` is empty");
        assert_eq!(read(&ask, TEXT).as_str(), TEXT);
        let refused = r#"{"error":true,"code":403,"errorNum":11,"errorMessage":"forbidden"}"#;
        assert_eq!(ask.output(response(200, refused)).unwrap_err().path(), ".");
    }
}
