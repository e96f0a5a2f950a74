//! `/_admin/shutdown`: stops the receiving coordinator.

use std::time::Duration;

use http::Method;
use serde_json::json;

use super::{Call, Outcome};
use crate::http::reply::{ApiError, Reply};
use crate::state::State;
use crate::state::id_owner::owner;
use crate::state::servers::RunState;

/// The response is sent first. A soft shutdown checks at this interval whether any work is left, and waits as long once
/// none is.
const GRACE: Duration = Duration::from_secs(2);

pub(super) fn handle(call: &mut Call<'_>) -> Result<Outcome, ApiError> {
    if !call.is_admin() {
        return Err(ApiError::new(403, 403, "you need admin rights to trigger shutdown"));
    }
    match call.request.method {
        Method::GET => Ok(Outcome::Now(progress(call))),
        Method::DELETE => {
            let is_soft = call.request.query.is_true("soft");
            let deregisters = call.request.query.is_true("remove_from_cluster");
            let server = &mut call.state.coordinators[call.index];
            let reply = Reply::raw(200, &json!("OK"));
            if is_soft {
                server.soft_shutdown = true;
                let may = |state: &State, index: usize| RemainingWork::count(state, index).is_empty();
                return Ok(Outcome::Stop { reply, every: GRACE, may, after: GRACE });
            }
            server.run_state = RunState::Stopping;
            server.registered &= !deregisters;
            Ok(Outcome::Stop { reply, every: GRACE, may: |_, _| true, after: Duration::ZERO })
        }
        _ => Err(ApiError::wrong_method()),
    }
}

/// Open cursors, transactions and background requests of a coordinator.
struct RemainingWork {
    cursors: usize,
    transactions: usize,
    pending: usize,
    done: usize,
}

impl RemainingWork {
    fn count(state: &State, index: usize) -> Self {
        let jobs = || state.async_jobs.jobs.iter().filter(|(id, _)| owner(**id) == Some(index));
        let done = jobs().filter(|(_, job)| job.result.is_some()).count();
        Self {
            cursors: state.cursors.count_for_coordinator(index, state.current_time),
            transactions: state.transactions.count_for_coordinator(index),
            pending: jobs().count() - done,
            done,
        }
    }

    fn is_empty(&self) -> bool {
        self.cursors == 0 && self.transactions == 0 && self.pending == 0 && self.done == 0
    }
}

fn progress(call: &Call<'_>) -> Reply {
    let left = RemainingWork::count(call.state, call.index);
    let mut progress = json!({
        "softShutdownOngoing": call.server().soft_shutdown, "AQLcursors": left.cursors, "transactions": left.transactions,
        "pendingJobs": left.pending, "doneJobs": left.done, "lowPrioOngoingRequests": 0,
        "lowPrioQueuedRequests": 0, "allClear": left.is_empty(),
    });
    if !call.version.at_least(3, 12, 0) {
        progress["pregelConductors"] = 0.into();
    }
    Reply::raw(200, &progress)
}
