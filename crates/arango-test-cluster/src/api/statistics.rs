//! `/_admin/statistics`: the whole document, with numbers that change.

use http::Method;
use serde_json::{Value, json};

use super::{Call, HandlerResult};
use crate::http::reply::{Reply, number};
use crate::state::State;
use crate::state::servers::{Role, Server};

pub(super) fn handle(call: &Call<'_>) -> HandlerResult {
    call.require_method(&Method::GET)?;
    call.require_admin_if_hardened()?;
    Ok(Reply::flat(200, document(call.server(), call.state)))
}

/// Returns the statistics. They are computed from the requests that the server has handled and its uptime.
pub(super) fn document(server: &Server, state: &State) -> Value {
    let requests = &server.requests;
    let total = requests.total();
    let uptime = state.current_time.saturating_duration_since(server.started).as_secs_f64();
    let client = json!({
        "httpConnections": 1 + total % 4,
        "connectionTime": distribution(total / 20, 0.3, 4),
        "totalTime": distribution(total, 0.0021, 10),
        "requestTime": distribution(total, 0.0019, 10),
        "queueTime": distribution(total, 0.000_01, 10),
        "ioTime": distribution(total, 0.0002, 10),
        "bytesSent": distribution(total, 812.0, 6),
        "bytesReceived": distribution(total, 212.0, 6),
    });
    let mut document = json!({
        "time": state.clock.unix_time(state.current_time).as_secs_f64(),
        "enabled": true,
        "system": {
            "minorPageFaults": 40_000 + total * 3, "majorPageFaults": 12,
            "userTime": number((uptime * 3.0).round() / 100.0), "systemTime": number(uptime.round() / 100.0),
            "numberOfThreads": 61, "residentSize": 512_000_000 + total * 128, "residentSizePercent": 0.0312,
            "virtualSize": 2_147_483_648_u64,
        },
        "client": client.clone(),
        "clientUser": client,
        "http": {
            "requestsTotal": total, "requestsSuperuser": requests.superuser,
            "requestsUser": total - requests.superuser.min(total), "requestsAsync": requests.asynchronous,
            "requestsGet": requests.get, "requestsHead": requests.head, "requestsPost": requests.post,
            "requestsPut": requests.put, "requestsPatch": requests.patch, "requestsDelete": requests.delete,
            "requestsOptions": requests.options, "requestsOther": requests.other,
        },
        "server": {
            "uptime": uptime, "physicalMemory": 16_777_216_000_u64,
            "transactions": {
                "started": requests.post + requests.put, "aborted": 0, "committed": requests.post + requests.put,
                "intermediateCommits": 0, "readOnly": requests.get, "dirtyReadOnly": 0,
            },
            "threads": { "scheduler-threads": 12, "blocked": 0, "queued": 0, "in-progress": 1, "direct-exec": 0 },
        },
    });
    if server.role == Role::Coordinator {
        document["server"]["v8Context"] = json!({
            "available": 2, "busy": 0, "dirty": 0, "free": 2, "max": 16, "min": 2,
            "memory": [
                { "contextId": 0, "tMax": 1.5, "countOfTimes": 3, "heapMax": 1, "heapMin": 1, "invocations": 9 },
            ],
        });
    }
    document
}

/// Returns a distribution of equal values, all in the first bucket.
fn distribution(count: u64, each: f64, places: usize) -> Value {
    let mut counts = vec![0; places];
    counts[0] = count;
    #[expect(clippy::cast_precision_loss, reason = "a number of requests")]
    let sum = count as f64 * each;
    json!({ "sum": number(sum), "count": count, "counts": counts })
}
