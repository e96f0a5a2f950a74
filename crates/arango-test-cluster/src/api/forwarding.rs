//! Forwards requests to the coordinator that holds their object in memory.

use std::time::Duration;

use http::HeaderName;

use super::{Call, Outcome};
use crate::http::reply::{ApiError, Reply};
use crate::state::State;
use crate::state::servers::Status;

/// The coordinator that handled a forwarded request.
pub(super) const FORWARDED_TO: HeaderName = HeaderName::from_static("x-arango-request-forwarded-to");

/// How long the receiving coordinator tries to reach the owner. It stops before if the owner is known to have failed.
const SERVER_TIMEOUT: Duration = Duration::from_secs(900);
/// The interval between two attempts.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);

/// Runs `respond` at coordinator `owner`, which may be the receiving one.
///
/// A pause or the faults of the owner have no effect here.
pub(super) fn forward_to(
    call: &mut Call<'_>,
    owner: usize,
    mut respond: impl FnMut(&mut State) -> Reply + Send + 'static,
) -> Outcome {
    if owner == call.index {
        return Outcome::Now(respond(call.state));
    }
    let deadline = call.state.current_time + SERVER_TIMEOUT;
    let mut check = move |state: &mut State| {
        let server = &state.coordinators[owner];
        let (id, failed) = (server.id.clone(), server.status == Status::Failed);
        if server.is_up() {
            return Some(respond(state).with_header(FORWARDED_TO, &id));
        }
        if !server.registered {
            return Some(ApiError::new(404, 1449, format!("cluster server {id} unknown")).into());
        }
        (failed || state.current_time >= deadline).then(|| ApiError::no_backend().into())
    };
    match check(call.state) {
        Some(reply) => Outcome::Now(reply),
        None => Outcome::Wait { every: RETRY_INTERVAL, check: Box::new(check) },
    }
}
