//! Requests that one coordinator hands on to another, because what they are about lives in its memory.

use std::time::Duration;

use http::HeaderName;

use super::{Call, Outcome};
use crate::http::reply::{Refusal, Reply};
use crate::state::State;
use crate::state::servers::Status;

/// Who answered in truth.
pub(super) const FORWARDED_TO: HeaderName = HeaderName::from_static("x-arango-request-forwarded-to");

/// How long the asked coordinator tries to reach the owner, unless that one is known to have failed before.
const SERVER_TIMEOUT: Duration = Duration::from_secs(900);
/// How often it tries.
const BEAT: Duration = Duration::from_millis(200);

/// Lets coordinator `owner` answer, which may be the one that was asked.
///
/// Whether the owner is paused, or has faults, does not matter here.
pub(super) fn to_owner(
    call: &mut Call<'_>,
    owner: usize,
    mut ask: impl FnMut(&mut State) -> Reply + Send + 'static,
) -> Outcome {
    if owner == call.index {
        return Outcome::Now(ask(call.state));
    }
    let deadline = call.state.at + SERVER_TIMEOUT;
    let mut check = move |state: &mut State| {
        let server = &state.coordinators[owner];
        let (id, failed) = (server.id.clone(), server.status == Status::Failed);
        if server.is_up() {
            return Some(ask(state).with_header(FORWARDED_TO, &id));
        }
        if !server.registered {
            return Some(Refusal::new(404, 1449, format!("cluster server {id} unknown")).into());
        }
        (failed || state.at >= deadline).then(|| Refusal::no_backend().into())
    };
    match check(call.state) {
        Some(reply) => Outcome::Now(reply),
        None => Outcome::Wait { every: BEAT, check: Box::new(check) },
    }
}
