//! `/_admin/shutdown`: the end of the answering coordinator.

use std::time::Duration;

use http::Method;
use serde_json::json;

use super::{Call, Outcome};
use crate::http::reply::{Refusal, Reply};
use crate::state::State;
use crate::state::owner::owner;
use crate::state::servers::Life;

/// The answer comes first. A soft shutdown looks in this rhythm whether all is clear, and waits as long once it is.
const GRACE: Duration = Duration::from_secs(2);

pub(super) fn answer(call: &mut Call<'_>) -> Result<Outcome, Refusal> {
    if !call.is_admin() {
        return Err(Refusal::new(403, 403, "you need admin rights to trigger shutdown"));
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
                let may = |state: &State, index: usize| Left::of(state, index).is_none();
                return Ok(Outcome::Stop { reply, every: GRACE, may, after: GRACE });
            }
            server.life = Life::Stopping;
            server.registered &= !deregisters;
            Ok(Outcome::Stop { reply, every: GRACE, may: |_, _| true, after: Duration::ZERO })
        }
        _ => Err(Refusal::wrong_method()),
    }
}

/// Cursors and requests in the background that a coordinator still has to do with.
struct Left {
    cursors: usize,
    pending: usize,
    done: usize,
}

impl Left {
    fn of(state: &State, index: usize) -> Self {
        let jobs = || state.async_jobs.jobs.iter().filter(|(id, _)| owner(**id) == Some(index));
        let done = jobs().filter(|(_, job)| job.result.is_some()).count();
        Self { cursors: state.cursors.count_of(index, state.at), pending: jobs().count() - done, done }
    }

    fn is_none(&self) -> bool {
        self.cursors == 0 && self.pending == 0 && self.done == 0
    }
}

fn progress(call: &Call<'_>) -> Reply {
    let left = Left::of(call.state, call.index);
    let mut progress = json!({
        "softShutdownOngoing": call.me().soft_shutdown, "AQLcursors": left.cursors, "transactions": 0,
        "pendingJobs": left.pending, "doneJobs": left.done, "lowPrioOngoingRequests": 0,
        "lowPrioQueuedRequests": 0, "allClear": left.is_none(),
    });
    if !call.version.at_least(3, 12, 0) {
        progress["pregelConductors"] = 0.into();
    }
    Reply::raw(200, &progress)
}
