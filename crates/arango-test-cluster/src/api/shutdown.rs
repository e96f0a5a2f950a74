//! `/_admin/shutdown`: the end of the answering coordinator.

use std::time::Duration;

use http::Method;
use serde_json::json;

use super::{Call, Outcome};
use crate::http::reply::{Refusal, Reply};
use crate::state::owner::owner;
use crate::state::servers::Life;

/// The answer comes first.
const GRACE: Duration = Duration::from_secs(2);

pub(super) fn answer(call: &mut Call<'_>) -> Result<Outcome, Refusal> {
    if !call.is_admin() {
        return Err(Refusal::new(403, 403, "you need admin rights to trigger shutdown"));
    }
    match call.request.method {
        Method::GET => Ok(Outcome::Now(progress(call))),
        Method::DELETE => {
            let is_soft = call.request.query.is_true("soft");
            let server = &mut call.state.coordinators[call.index];
            // A soft shutdown looks every other second whether all is clear. Here it has seen enough after the second look.
            let after = if is_soft { GRACE * 2 } else { GRACE };
            if is_soft {
                server.soft_shutdown = true;
            } else {
                server.life = Life::Stopping;
            }
            Ok(Outcome::Stop { reply: Reply::raw(200, &json!("OK")), after })
        }
        _ => Err(Refusal::wrong_method()),
    }
}

fn progress(call: &Call<'_>) -> Reply {
    let mine = |id: &u64| owner(*id) == Some(call.index);
    let jobs: Vec<_> = call.state.async_jobs.jobs.iter().filter(|(id, _)| mine(id)).collect();
    let done = jobs.iter().filter(|(_, job)| job.result.is_some()).count();
    let cursors = call.state.cursors.count_of(call.index, call.state.at);
    let mut progress = json!({
        "softShutdownOngoing": call.me().soft_shutdown, "AQLcursors": cursors, "transactions": 0,
        "pendingJobs": jobs.len() - done, "doneJobs": done, "lowPrioOngoingRequests": 0, "lowPrioQueuedRequests": 0,
        "allClear": jobs.len() == done && cursors == 0,
    });
    if !call.version.at_least(3, 12, 0) {
        progress["pregelConductors"] = 0.into();
    }
    Reply::raw(200, &progress)
}
