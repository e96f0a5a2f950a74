//! The last question at the door: is there a place in the queue, and is it quick enough?

use super::AVAILABILITY;
use crate::http::reply::Refusal;
use crate::http::request::Request;
use crate::state::State;
use crate::state::conditions::Condition;

pub(super) fn check(state: &State, index: usize, request: &Request) -> Result<(), Refusal> {
    let limit = request.header("x-arango-queue-time-seconds").and_then(|text| text.trim().parse().ok());
    // A server takes zero, and what is no number, for no limit.
    if limit.is_some_and(|limit| limit > 0.0 && state.conditions.hit_by_queue_time(index, limit)) {
        return Err(Refusal::new(412, 21004, "queue time violated"));
    }
    if !state.conditions.hit(index, Condition::QueueFull) {
        return Ok(());
    }
    Err(match request.path.as_str() {
        AVAILABILITY => Refusal::unavailable(),
        _ => Refusal::new(503, 21003, "queue is full"),
    })
}
