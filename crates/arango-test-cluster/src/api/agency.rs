//! Calls that need the agency, and what they answer while it cannot be reached.
//!
//! A coordinator has a copy of the plan, so it goes on to read and write documents, to list, and to plan. What changes the
//! plan, and what is read from the agency itself, fails: in several ways, depending on who wrote the handler.

use http::Method;

use super::Call;
use crate::http::reply::Refusal;
use crate::state::conditions::Condition;

/// Refuses a call that needs the agency while it is down, unless it is refused for another reason anyway.
///
/// A server looks at all parameters first; this looks only at who asks.
pub(super) fn check(call: &Call<'_>, parts: &[&str]) -> Result<(), Refusal> {
    let Some((may, refusal)) = need(call, parts) else { return Ok(()) };
    let down = may && call.state.conditions.hit(call.index, Condition::AgencyDown);
    if down { Err(refusal) } else { Ok(()) }
}

/// Whether the caller gets as far as the agency, and what becomes of it there; `None` for calls that do without.
fn need(call: &Call<'_>, parts: &[&str]) -> Option<(bool, Refusal)> {
    let method = &call.request.method;
    let (get, put, post, delete) = (Method::GET, Method::PUT, Method::POST, Method::DELETE);
    let changes = *method == post || *method == delete;
    let may_write = || call.may_write().is_ok();
    Some(match parts {
        // This handler has one status for whatever goes wrong in a creation.
        ["_api", "database"] if *method == post => (may_write(), failed(400)),
        ["_api", "database", _] if *method == delete => (may_write(), failed(500)),
        ["_api", "collection"] | ["_api", "collection", _] if changes => (may_write(), failed(500)),
        ["_api", "collection", _, "properties"] if *method == put => (may_write(), failed(500)),
        ["_api", "index", ..] if changes => (may_write(), failed(500)),
        ["_api", "gharial", ..] if *method == post => (may_write(), failed(500)),
        ["_admin", "server", "mode"] if *method == put => (call.is_admin(), failed(500)),
        ["_admin", "cluster", "health"] if *method == get => (true, unread()),
        ["_admin", "cluster", "numberOfServers"] if *method == get => (true, unread()),
        ["_admin", "cluster", "numberOfServers"] if *method == put => (call.is_admin(), answered_503()),
        ["_admin", "cluster", "maintenance", ..] => (call.is_admin(), answered_503()),
        ["_admin", "cluster", "rebalance"] if *method == put => (call.is_admin(), answered_503()),
        ["_admin", "cluster", "queryAgencyJob"] if *method == get => (call.is_admin(), answered_503()),
        ["_admin", "cluster", "rebalance", "execute"]
        | [
            "_admin",
            "cluster",
            "rebalanceShards" | "moveShard" | "cleanOutServer" | "resignLeadership" | "removeServer"
            | "cancelAgencyJob",
        ] if *method == post => (call.is_admin(), answered_503()),
        ["_api", "cluster", "agency-dump"] if *method == get => {
            (call.is_admin(), Refusal::new(503, 503, "service unavailable"))
        }
        ["_admin", "cluster", "agencyDiagnosis"] if *method == get && call.version.has_diagnosis() => {
            (call.caller.is_superuser(), answered_503())
        }
        ["_admin", "cluster", "uniqId"] if *method == put && call.version.has_unique_ids() => {
            (call.is_admin(), Refusal::new(503, 503, "could not talk to agency"))
        }
        _ => return None,
    })
}

fn failed(status: u16) -> Refusal {
    Refusal::new(status, 1492, "some agency operation failed")
}

fn unread() -> Refusal {
    Refusal::new(500, 500, "agency communication failed")
}

/// The agency has answered 503; errors of the agency keep their number and lose their status.
fn answered_503() -> Refusal {
    Refusal::new(500, 503, "service unavailable")
}
