//! Requests that are handled later, or by another coordinator.

use std::time::Duration;

use super::{Call, Check, Outcome, handle};
use crate::config::settings::Config;
use crate::config::version::Version;
use crate::faults::active_faults::ExecutionFaults;
use crate::http::reply::{ApiError, Reply};
use crate::http::request::Request;
use crate::journal::EntryId;
use crate::state::State;
use crate::state::auth::Caller;

/// The interval at which a waiting request looks whether it may go on.
const RETRY_INTERVAL: Duration = Duration::from_millis(50);

/// An admitted request that owns all that it needs.
pub(super) struct Deferred {
    config: Config,
    version: Version,
    index: usize,
    caller: Caller,
    request: Request,
    entry: EntryId,
    faults: ExecutionFaults,
}

impl Deferred {
    /// Keeps a request that coordinator `index` will handle.
    pub(super) fn at(call: &Call<'_>, index: usize) -> Self {
        Self {
            config: call.config.clone(),
            version: call.state.coordinators[index].version(call.config).clone(),
            index,
            caller: call.caller.clone(),
            request: call.request.clone(),
            entry: call.entry,
            faults: call.faults.clone(),
        }
    }

    /// Handles the request.
    pub(super) fn handle(&self, state: &mut State) -> Outcome {
        handle(&mut Call {
            state,
            config: &self.config,
            version: &self.version,
            index: self.index,
            caller: &self.caller,
            request: &self.request,
            entry: self.entry,
            faults: &self.faults,
            transaction: None,
        })
    }
}

/// Handles the request when `is_ready`, or responds with an error after `timeout`. `None` is no limit, as is a time
/// without an end.
pub(super) fn wait_until(
    call: &Call<'_>,
    timeout: Option<Duration>,
    error: ApiError,
    is_ready: impl Fn(&State) -> bool + Send + 'static,
) -> Outcome {
    let deadline = timeout.and_then(|timeout| call.state.current_time.checked_add(timeout));
    let request = Deferred::at(call, call.index);
    let mut begun: Option<Check> = None;
    let check = move |state: &mut State| {
        if let Some(check) = &mut begun {
            return check(state);
        }
        if !is_ready(state) {
            let is_over = deadline.is_some_and(|deadline| state.current_time >= deadline);
            return is_over.then(|| Reply::from(error.clone()));
        }
        match request.handle(state) {
            Outcome::Now(reply) | Outcome::Stop { reply, .. } | Outcome::Background { reply, .. } => {
                Some(reply)
            }
            Outcome::Wait { check, .. } => {
                begun = Some(check);
                None
            }
        }
    };
    Outcome::Wait { every: RETRY_INTERVAL, check: Box::new(check) }
}
