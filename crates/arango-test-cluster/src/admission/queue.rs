//! Checks whether the queue has room and is fast enough.

use super::AVAILABILITY;
use crate::http::reply::ApiError;
use crate::http::request::Request;
use crate::state::State;
use crate::state::conditions::Condition;

pub(super) fn check(state: &State, index: usize, request: &Request) -> Result<(), ApiError> {
    let limit = request.header("x-arango-queue-time-seconds").and_then(|text| text.trim().parse().ok());
    // A server treats zero, and anything that is no number, as no limit.
    if limit.is_some_and(|limit| limit > 0.0 && state.conditions.hit_by_queue_time(index, limit)) {
        return Err(ApiError::new(412, 21004, "queue time violated"));
    }
    if !state.conditions.hit(index, Condition::QueueFull) {
        return Ok(());
    }
    Err(match request.path.as_str() {
        AVAILABILITY => ApiError::unavailable(),
        _ => ApiError::new(503, 21003, "queue is full"),
    })
}
