//! Log events of coordinators that leave and enter the rotation.

use arango_balance::{MemberState, StateChange};

use crate::types::coordinator::Coordinator;

/// Logs a state change: at the level WARN if the coordinator gets no more requests, otherwise at INFO.
pub(crate) fn log(change: &StateChange<Coordinator>) {
    let StateChange { member: coordinator, before, after, reason, .. } = change;
    match after {
        MemberState::Ejected => {
            tracing::warn!(%coordinator, %before, "the coordinator is ejected and gets no requests: {reason}");
        }
        MemberState::HalfOpen => {
            tracing::info!(%coordinator, %before, "the coordinator gets one request at a time: {reason}");
        }
        MemberState::Draining => {
            tracing::info!(%coordinator, %before, "the coordinator gets no new requests: {reason}");
        }
        MemberState::Overloaded => {
            tracing::info!(%coordinator, %before, "the coordinator gets fewer requests: {reason}");
        }
        _ => tracing::info!(%coordinator, %before, "the coordinator is {after}: {reason}"),
    }
}
