//! `/_api/job`: results of background requests.

use http::{HeaderName, Method};
use serde_json::json;

use super::forwarding::FORWARDED_TO;
use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::async_jobs::AsyncJob;
use crate::state::id_owner::owner;

const JOB_ID: HeaderName = HeaderName::from_static("x-arango-async-id");

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    match (&call.request.method, rest) {
        (&Method::GET, ["done"]) => Ok(list(call, |job| job.result.is_some())),
        (&Method::GET, ["pending"]) => Ok(list(call, |job| job.result.is_none())),
        (&Method::DELETE, ["all"]) => Ok(remove(call, |_| true)),
        (&Method::DELETE, ["expired"]) => {
            // Whole seconds. The server ignores what follows the digits, such as the fraction that arangojs sends.
            let digits = call
                .request
                .query
                .get("stamp")
                .and_then(|stamp| stamp.split(|c: char| !c.is_ascii_digit()).next());
            let stamp = digits.and_then(|digits| digits.parse::<u64>().ok()).unwrap_or(0);
            Ok(remove(call, |job| job.since < stamp))
        }
        (method, [id]) => job(call, &method.clone(), id),
        (&Method::PUT, [id, "cancel"]) => {
            let id = find_own(call, id)?;
            let job = &call.state.async_jobs.jobs[&id];
            // Only queries can be cancelled. The job stays, and its result says so.
            if job.result.is_none() {
                call.state.queries.cancel(job.request);
            }
            Ok(Reply::result(200, true))
        }
        _ => Err(ApiError::wrong_method()),
    }
}

fn job(call: &mut Call<'_>, method: &Method, id: &str) -> HandlerResult {
    let id = find_own(call, id)?;
    let jobs = &mut call.state.async_jobs.jobs;
    let reply = match *method {
        Method::GET => Reply::empty(if jobs[&id].result.is_some() { 200 } else { 204 }),
        Method::PUT => match jobs.get(&id).and_then(|job| job.result.clone()) {
            None => Reply::empty(204),
            Some(result) => {
                // Fetched once: a response that is lost on its way is not repeated.
                jobs.remove(&id);
                result.with_header(JOB_ID, &id.to_string())
            }
        },
        Method::DELETE => {
            jobs.remove(&id);
            Reply::result(200, true)
        }
        _ => return Err(ApiError::wrong_method()),
    };
    Ok(match owner(id) {
        // The receiving coordinator forwards the request.
        Some(index) if index != call.index => {
            reply.with_header(FORWARDED_TO, &call.state.coordinators[index].id)
        }
        _ => reply,
    })
}

/// Finds a job of the caller. A job of another user is reported like one that does not exist.
fn find_own(call: &Call<'_>, id: &str) -> Result<u64, ApiError> {
    let unknown = || ApiError::new(404, 404, "not found");
    let id = id.parse::<u64>().map_err(|_| unknown())?;
    let job = call.state.async_jobs.jobs.get(&id).ok_or_else(unknown)?;
    let is_ours = call.caller.is_superuser() || job.user.as_deref() == call.caller.user();
    if is_ours { Ok(id) } else { Err(unknown()) }
}

/// Lists only the jobs of the receiving coordinator.
fn list(call: &Call<'_>, wanted: impl Fn(&AsyncJob) -> bool) -> Reply {
    let count = call.request.query.get("count").and_then(|count| count.parse().ok()).unwrap_or(usize::MAX);
    let jobs = call.state.async_jobs.jobs.iter();
    let of_coordinator = jobs.filter(|(id, job)| owner(**id) == Some(call.index) && wanted(job));
    Reply::raw(200, &json!(of_coordinator.take(count).map(|(id, _)| id.to_string()).collect::<Vec<_>>()))
}

fn remove(call: &mut Call<'_>, is_removed: impl Fn(&AsyncJob) -> bool) -> Reply {
    let index = call.index;
    call.state.async_jobs.jobs.retain(|id, job| owner(*id) != Some(index) || !is_removed(job));
    Reply::result(200, true)
}
