//! The deadline of each attempt, within that of its call.

use std::time::Duration;

use arango_protocol::RequestClass;
use tokio::time::Instant;

use crate::call::context::CallContext;
use crate::layers::retry::decision::MIN_TIME_LEFT;

/// The longest attempt through a coordinator that forwards the request to another one.
///
/// The coordinator itself waits for up to 900 s for one that is down, until the cluster considers it failed.
pub(crate) const FORWARDED: Duration = Duration::from_secs(5);

/// Returns when the response head of an attempt must have arrived. A call that may go to another coordinator
/// leaves time for that.
///
/// `tried` of the `members` were used before.
#[inline]
pub(crate) fn of(context: &CallContext, now: Instant, members: usize, tried: usize) -> Instant {
    let (call, limits) = (&context.call, &context.settings.limits);
    let own = call.attempt_limit();
    let is_retried_in_time = matches!(call.properties.class, RequestClass::Safe | RequestClass::Fenced);
    let shared = is_retried_in_time && call.properties.shares_time && call.pin.is_none() && own.is_none();
    let rest = context.time_left(now);
    let limit = match (own, call.properties.server_timeout) {
        (Some(own), _) => own,
        (None, Some(timeout)) => limits.attempt.max(timeout),
        (None, None) => limits.attempt,
    };
    if !shared {
        return now + limit.min(rest);
    }
    let share = rest / u32::try_from(members.saturating_sub(tried).max(1)).unwrap_or(u32::MAX);
    // If no time is left for another attempt, this one gets it.
    let share = if rest.saturating_sub(share) <= MIN_TIME_LEFT { rest } else { share };
    now + limit.min(share)
}
