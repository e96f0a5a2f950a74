//! `/_admin/metrics`: metrics in Prometheus text format.

use std::fmt::Write as _;

use http::Method;

use super::{Call, Outcome, nodes};
use crate::config::version::Version;
use crate::http::reply::{ApiError, Reply};
use crate::state::State;
use crate::state::servers::{Role, Status};

/// The kind of metrics.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    All,
    /// The usage of shards.
    Usage,
}

pub(super) fn handle(call: &mut Call<'_>, kind: Kind) -> Result<Outcome, ApiError> {
    if call.request.method != Method::GET {
        return Err(ApiError::new(400, 405, "method not supported"));
    }
    call.require_admin_if_hardened()?;
    let query = &call.request.query;
    let (format, mode, other) = (query.get("type"), query.get("mode"), query.get("serverId"));
    let modes = ["local", "trigger_global", "read_global", "write_global"];
    if format.is_some_and(|format| format == "json" || other.is_some())
        || mode.is_some_and(|mode| !modes.contains(&mode) || other.is_some())
    {
        return Err(ApiError::new(400, 400, "invalid query parameter"));
    }
    let version = call.version.clone();
    // The effect of the modes is not documented, so all have the same response.
    nodes::through_server_id(call, move |state, id| Reply::text(200, text(state, id, &version, kind)))
}

fn text(state: &State, id: &str, version: &Version, kind: Kind) -> String {
    let Some(server) = state.server(id) else { return String::new() };
    let role = match server.role {
        Role::Coordinator => "COORDINATOR",
        Role::DbServer => "DBSERVER",
    };
    let blank = if version.at_least(3, 10, 6) { " " } else { "" };
    let uptime = state.current_time.saturating_duration_since(server.started).as_secs_f64();
    let good = state.db_servers.iter().filter(|server| server.status == Status::Good).count();
    let mut text = String::new();
    let mut metric = |name: &str, kind: &str, help: &str, value: String| {
        // Writing to a string cannot fail.
        let labels = format!("{{role=\"{role}\",shortname=\"{}\"}}", server.short_name);
        write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name}{labels}{blank}{value}\n").ok();
    };
    if kind == Kind::Usage {
        let reads = server.requests.get.to_string();
        metric("arangodb_collection_requests_bytes_read_total", "counter", "Bytes read.", reads);
        let writes = (server.requests.post + server.requests.put).to_string();
        metric("arangodb_collection_requests_bytes_written_total", "counter", "Bytes written.", writes);
        return text;
    }
    metric(
        "arangodb_server_statistics_server_uptime_total",
        "counter",
        "Seconds since the start.",
        format!("{uptime:.3}"),
    );
    metric(
        "arangodb_http_request_statistics_total_requests_total",
        "counter",
        "Requests.",
        server.requests.total().to_string(),
    );
    metric("arangodb_scheduler_queue_length", "gauge", "Waiting requests.", "0".to_owned());
    metric(
        "arangodb_test_cluster_good_db_servers",
        "gauge",
        "DB-Servers with status GOOD.",
        good.to_string(),
    );
    text
}
