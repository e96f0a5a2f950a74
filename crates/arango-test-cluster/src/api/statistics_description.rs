//! `/_admin/statistics-description`: descriptions of the statistics.

use http::Method;
use serde_json::{Value, json};

use super::{Call, HandlerResult};
use crate::http::reply::Reply;

const TIMES: [f64; 9] = [0.01, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 15.0, 30.0];
const CONNECTION: [f64; 3] = [0.1, 1.0, 60.0];
const BYTES: [f64; 5] = [250.0, 1000.0, 2000.0, 5000.0, 10_000.0];

const GROUPS: [(&str, &str); 5] = [
    ("system", "Process"),
    ("client", "Client connections"),
    ("clientUser", "Client user connections"),
    ("http", "HTTP requests"),
    ("server", "Server"),
];

/// Group, identifier, type, units.
const STATISTICS: [(&str, &str, &str, &str); 34] = [
    ("system", "userTime", "accumulated", "seconds"),
    ("system", "systemTime", "accumulated", "seconds"),
    ("system", "numberOfThreads", "current", "number"),
    ("system", "residentSize", "current", "bytes"),
    ("system", "residentSizePercent", "current", "percent"),
    ("system", "virtualSize", "current", "bytes"),
    ("system", "minorPageFaults", "accumulated", "number"),
    ("system", "majorPageFaults", "accumulated", "number"),
    ("client", "httpConnections", "current", "number"),
    ("client", "totalTime", "distribution", "seconds"),
    ("client", "requestTime", "distribution", "seconds"),
    ("client", "queueTime", "distribution", "seconds"),
    ("client", "ioTime", "distribution", "seconds"),
    ("client", "connectionTime", "distribution", "seconds"),
    ("client", "bytesSent", "distribution", "bytes"),
    ("client", "bytesReceived", "distribution", "bytes"),
    ("clientUser", "httpConnections", "current", "number"),
    ("clientUser", "totalTime", "distribution", "seconds"),
    ("clientUser", "requestTime", "distribution", "seconds"),
    ("clientUser", "queueTime", "distribution", "seconds"),
    ("http", "requestsTotal", "accumulated", "number"),
    ("http", "requestsAsync", "accumulated", "number"),
    ("http", "requestsGet", "accumulated", "number"),
    ("http", "requestsHead", "accumulated", "number"),
    ("http", "requestsPost", "accumulated", "number"),
    ("http", "requestsPut", "accumulated", "number"),
    ("http", "requestsPatch", "accumulated", "number"),
    ("http", "requestsDelete", "accumulated", "number"),
    ("http", "requestsOptions", "accumulated", "number"),
    ("http", "requestsOther", "accumulated", "number"),
    ("http", "requestsSuperuser", "accumulated", "number"),
    ("http", "requestsUser", "accumulated", "number"),
    ("server", "uptime", "current", "seconds"),
    ("server", "physicalMemory", "current", "bytes"),
];

pub(super) fn handle(call: &Call<'_>) -> HandlerResult {
    call.require_method(&Method::GET)?;
    call.require_admin_if_hardened()?;
    let groups = GROUPS.map(|(group, name)| json!({ "group": group, "name": name, "description": name }));
    let figures: Vec<_> = STATISTICS.into_iter().map(figure).collect();
    Ok(Reply::flat(200, json!({ "groups": groups, "figures": figures })))
}

fn figure((group, identifier, kind, units): (&str, &str, &str, &str)) -> Value {
    let mut figure = json!({
        "group": group, "identifier": identifier, "name": identifier, "description": identifier, "type": kind,
        "units": units,
    });
    if kind == "distribution" {
        figure["cuts"] = match (identifier, units) {
            ("connectionTime", _) => json!(CONNECTION),
            (_, "bytes") => json!(BYTES),
            _ => json!(TIMES),
        };
    }
    figure
}
