//! Forwards requests to the coordinator that holds their object in memory.

use std::time::Duration;

use http::HeaderName;
use tokio::time::Instant;

use super::{Call, Check, Outcome};
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
    respond: impl FnMut(&mut State) -> Outcome + Send + 'static,
) -> Outcome {
    let mut forwarded =
        Forwarded { owner, respond, deadline: call.state.current_time + SERVER_TIMEOUT, waiting: None };
    if owner == call.index {
        return (forwarded.respond)(call.state);
    }
    if let Some(reply) = forwarded.check(call.state) {
        return Outcome::Now(reply);
    }
    let every = forwarded.waiting.as_ref().map_or(RETRY_INTERVAL, |waiting| waiting.every);
    Outcome::Wait { every, check: Box::new(move |state| forwarded.check(state)) }
}

/// A request that another coordinator handles.
struct Forwarded<R> {
    owner: usize,
    respond: R,
    deadline: Instant,
    /// The request that the owner handles, if it needs time.
    waiting: Option<Waiting>,
}

struct Waiting {
    every: Duration,
    check: Check,
    /// The process of the owner that handles it.
    generation: u64,
}

impl<R: FnMut(&mut State) -> Outcome> Forwarded<R> {
    fn check(&mut self, state: &mut State) -> Option<Reply> {
        let server = &state.coordinators[self.owner];
        let (id, generation) = (server.id.clone(), server.generation);
        if let Some(waiting) = &mut self.waiting {
            if waiting.generation != generation || !server.is_up() {
                return Some(ApiError::no_backend().into());
            }
            return (waiting.check)(state).map(|reply| reply.with_header(FORWARDED_TO, &id));
        }
        if server.is_up() {
            match (self.respond)(state) {
                Outcome::Wait { every, check } => self.waiting = Some(Waiting { every, check, generation }),
                Outcome::Now(reply) | Outcome::Stop { reply, .. } | Outcome::Background { reply, .. } => {
                    return Some(reply.with_header(FORWARDED_TO, &id));
                }
            }
            return None;
        }
        if !server.registered {
            return Some(ApiError::new(404, 1449, format!("cluster server {id} unknown")).into());
        }
        (server.status == Status::Failed || state.current_time >= self.deadline)
            .then(|| ApiError::no_backend().into())
    }
}
