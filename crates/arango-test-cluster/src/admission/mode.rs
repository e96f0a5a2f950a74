//! Whether the server is in a state to answer at all: it may be starting, waiting for the rest of the cluster, or stopping.

use super::{AVAILABILITY, Door};
use crate::builder::Authentication;
use crate::http::auth::bearer;
use crate::http::reply::Refusal;
use crate::http::request::Request;
use crate::state::State;
use crate::state::conditions::Condition;
use crate::state::servers::Life;

pub(super) fn check(state: &State, door: Door<'_>, request: &Request) -> Result<(), Refusal> {
    let holds = |condition| state.conditions.hit(door.index, condition);
    if state.coordinators[door.index].life == Life::Stopping || holds(Condition::ShuttingDown) {
        return Err(Refusal::stopping());
    }
    let is_starting = holds(Condition::Starting);
    if !is_starting && !holds(Condition::Maintenance) {
        return Ok(());
    }
    Err(match request.path.as_str() {
        AVAILABILITY => Refusal::unavailable(),
        _ if is_starting && is_turned_away(state, door, request) => Refusal::unauthorized(),
        _ if is_starting => Refusal::new(503, 503, "service unavailable due to startup"),
        _ => Refusal::new(503, 503, "service unavailable due to startup or maintenance mode"),
    })
}

/// Whether a server that starts can say already that it does not know somebody. It has its secrets and no users yet, so it
/// judges tokens and leaves passwords open.
fn is_turned_away(state: &State, door: Door<'_>, request: &Request) -> bool {
    if door.config.authentication == Authentication::Off || request.path.starts_with("/_open/") {
        return false;
    }
    let header = request.header("authorization").unwrap_or_default();
    if header.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic ")) {
        return false;
    }
    let now = state.clock.calendar(state.at).as_secs();
    bearer(header).is_none_or(|token| state.sessions.verify(door.index, token, now).is_none())
}
