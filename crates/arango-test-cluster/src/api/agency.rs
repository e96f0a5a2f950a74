//! Calls that need the agency, and their errors while it is unreachable.
//!
//! A coordinator has a copy of the plan, so it still reads and writes documents, lists, and plans. Calls that change
//! the plan or read from the agency itself fail. The status differs from handler to handler.

use http::Method;

use super::Call;
use crate::http::reply::ApiError;
use crate::state::conditions::Condition;

/// Refuses a call that needs the agency while it is down.
///
/// Other reasons for a refusal have precedence. A server checks all parameters first; this checks only the caller.
pub(super) fn check(call: &Call<'_>, parts: &[&str]) -> Result<(), ApiError> {
    let Some((may, refusal)) = agency_error(call, parts) else { return Ok(()) };
    let down = may && call.state.conditions.hit(call.index, Condition::AgencyDown);
    if down { Err(refusal) } else { Ok(()) }
}

/// Returns whether the caller is permitted to make the call, and its error. `None` for calls that do not need the
/// agency.
fn agency_error(call: &Call<'_>, parts: &[&str]) -> Option<(bool, ApiError)> {
    let method = &call.request.method;
    let (get, put, post, delete) = (Method::GET, Method::PUT, Method::POST, Method::DELETE);
    let changes = *method == post || *method == delete;
    let may_write = || call.require_write().is_ok();
    Some(match parts {
        // This handler has one status for all failures of a creation.
        ["_api", "database"] if *method == post => (may_write(), write_failed(400)),
        ["_api", "database", _] if *method == delete => (may_write(), write_failed(500)),
        ["_api", "collection"] | ["_api", "collection", _] if changes => (may_write(), write_failed(500)),
        ["_api", "collection", _, "properties"] if *method == put => (may_write(), write_failed(500)),
        ["_api", "index", ..] if changes => (may_write(), write_failed(500)),
        ["_api", "gharial", ..] if *method == post => (may_write(), write_failed(500)),
        ["_admin", "server", "mode"] if *method == put => (call.is_admin(), write_failed(500)),
        ["_admin", "cluster", "health"] if *method == get => (true, read_failed()),
        ["_admin", "cluster", "numberOfServers"] if *method == get => (true, read_failed()),
        ["_admin", "cluster", "numberOfServers"] if *method == put => (call.is_admin(), agency_unavailable()),
        ["_admin", "cluster", "maintenance", ..] => (call.is_admin(), agency_unavailable()),
        ["_admin", "cluster", "rebalance"] if *method == put => (call.is_admin(), agency_unavailable()),
        ["_admin", "cluster", "queryAgencyJob"] if *method == get => (call.is_admin(), agency_unavailable()),
        ["_admin", "cluster", "rebalance", "execute"]
        | [
            "_admin",
            "cluster",
            "rebalanceShards" | "moveShard" | "cleanOutServer" | "resignLeadership" | "removeServer"
            | "cancelAgencyJob",
        ] if *method == post => (call.is_admin(), agency_unavailable()),
        ["_api", "cluster", "agency-dump"] if *method == get => {
            (call.is_admin(), ApiError::new(503, 503, "service unavailable"))
        }
        ["_admin", "cluster", "agencyDiagnosis"] if *method == get && call.version.has_diagnosis() => {
            (call.caller.is_superuser(), agency_unavailable())
        }
        ["_admin", "cluster", "uniqId"] if *method == put && call.version.has_unique_ids() => {
            (call.is_admin(), ApiError::new(503, 503, "could not talk to agency"))
        }
        _ => return None,
    })
}

fn write_failed(status: u16) -> ApiError {
    ApiError::new(status, 1492, "some agency operation failed")
}

fn read_failed() -> ApiError {
    ApiError::new(500, 500, "agency communication failed")
}

/// The agency returned 503. Errors of the agency keep their number and lose their status.
fn agency_unavailable() -> ApiError {
    ApiError::new(500, 503, "service unavailable")
}
