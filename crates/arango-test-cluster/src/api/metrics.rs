//! `/_admin/metrics`: text for Prometheus.

use std::fmt::Write as _;

use http::Method;

use super::{Answer, Call};
use crate::http::reply::{Refusal, Reply};
use crate::state::servers::{Role, Status};

pub(super) fn answer(call: &Call<'_>) -> Answer {
    if call.request.method != Method::GET {
        return Err(Refusal::new(400, 405, "method not supported"));
    }
    let server = match call.request.query.get("serverId") {
        None => call.me(),
        Some(id) => call.state.server(id).ok_or_else(|| Refusal::new(404, 400, "unknown server"))?,
    };
    let role = match server.role {
        Role::Coordinator => "COORDINATOR",
        Role::DbServer => "DBSERVER",
    };
    let blank = if call.version.at_least(3, 10, 6) { " " } else { "" };
    let uptime = call.state.at.saturating_duration_since(server.started).as_secs_f64();
    let good = call.state.db_servers.iter().filter(|server| server.status == Status::Good).count();
    let mut text = String::new();
    let mut metric = |name: &str, kind: &str, help: &str, value: String| {
        // Writing to a string cannot fail.
        let labels = format!("{{role=\"{role}\",shortname=\"{}\"}}", server.short_name);
        write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name}{labels}{blank}{value}\n").ok();
    };
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
    metric("arangodb_test_cluster_good_db_servers", "gauge", "DB-Servers that are well.", good.to_string());
    Ok(Reply::text(200, text))
}
