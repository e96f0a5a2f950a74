//! Checks whether the server is ready: it may be starting, waiting for the rest of the cluster, or stopping.

use super::{AVAILABILITY, AdmissionContext};
use crate::config::settings::Authentication;
use crate::http::reply::ApiError;
use crate::http::request::Request;
use crate::state::State;
use crate::state::auth::bearer;
use crate::state::conditions::Condition;
use crate::state::servers::RunState;

pub(super) fn check(state: &State, context: AdmissionContext<'_>, request: &Request) -> Result<(), ApiError> {
    let holds = |condition| state.conditions.hit(context.index, condition);
    if state.coordinators[context.index].run_state == RunState::Stopping || holds(Condition::ShuttingDown) {
        return Err(ApiError::stopping());
    }
    let is_starting = holds(Condition::Starting);
    if !is_starting && !holds(Condition::Maintenance) {
        return Ok(());
    }
    Err(match request.path.as_str() {
        AVAILABILITY => ApiError::unavailable(),
        _ if is_starting && is_rejected_while_starting(state, context, request) => ApiError::unauthorized(),
        _ if is_starting => ApiError::new(503, 503, "service unavailable due to startup"),
        _ => ApiError::new(503, 503, "service unavailable due to startup or maintenance mode"),
    })
}

/// Returns whether a starting server already rejects the credentials.
///
/// It has its secrets but no users yet, so it verifies tokens and leaves passwords open.
fn is_rejected_while_starting(state: &State, context: AdmissionContext<'_>, request: &Request) -> bool {
    if context.config.authentication == Authentication::Off || request.path.starts_with("/_open/") {
        return false;
    }
    let header = request.header("authorization").unwrap_or_default();
    if header.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic ")) {
        return false;
    }
    let now = state.clock.unix_time(state.current_time).as_secs();
    bearer(header).is_none_or(|token| state.sessions.verify(context.index, token, now).is_none())
}
