//! `/_api/job`: what became of requests in the background.

use http::{HeaderName, Method};
use serde_json::json;

use super::forwarding::FORWARDED_TO;
use super::{Answer, Call};
use crate::http::reply::{Refusal, Reply};
use crate::state::async_jobs::AsyncJob;
use crate::state::owner::owner;

const JOB_ID: HeaderName = HeaderName::from_static("x-arango-async-id");

pub(super) fn answer(call: &mut Call<'_>, rest: &[&str]) -> Answer {
    match (&call.request.method, rest) {
        (&Method::GET, ["done"]) => Ok(list(call, |job| job.result.is_some())),
        (&Method::GET, ["pending"]) => Ok(list(call, |job| job.result.is_none())),
        (&Method::DELETE, ["all"]) => Ok(forget(call, |_| true)),
        (&Method::DELETE, ["expired"]) => {
            let stamp =
                call.request.query.get("stamp").and_then(|stamp| stamp.parse::<u64>().ok()).unwrap_or(0);
            Ok(forget(call, |job| job.since < stamp))
        }
        (method, [id]) => one(call, &method.clone(), id),
        (&Method::PUT, [id, "cancel"]) => {
            let id = known(call, id)?;
            call.state.async_jobs.jobs.remove(&id);
            Ok(Reply::result(200, true))
        }
        _ => Err(Refusal::wrong_method()),
    }
}

fn one(call: &mut Call<'_>, method: &Method, id: &str) -> Answer {
    let id = known(call, id)?;
    let jobs = &mut call.state.async_jobs.jobs;
    let reply = match *method {
        Method::GET => Reply::empty(if jobs[&id].result.is_some() { 200 } else { 204 }),
        Method::PUT => match jobs.get(&id).and_then(|job| job.result.clone()) {
            None => Reply::empty(204),
            Some(result) => {
                // Fetched once: an answer that is lost on its way is lost.
                jobs.remove(&id);
                result.with_header(JOB_ID, &id.to_string())
            }
        },
        Method::DELETE => {
            jobs.remove(&id);
            Reply::result(200, true)
        }
        _ => return Err(Refusal::wrong_method()),
    };
    Ok(match owner(id) {
        // Asked through another coordinator, which forwards.
        Some(index) if index != call.index => {
            reply.with_header(FORWARDED_TO, &call.state.coordinators[index].id)
        }
        _ => reply,
    })
}

/// A job of another user is as unknown as one that never was.
fn known(call: &Call<'_>, id: &str) -> Result<u64, Refusal> {
    let unknown = || Refusal::new(404, 404, "not found");
    let id = id.parse::<u64>().map_err(|_| unknown())?;
    let job = call.state.async_jobs.jobs.get(&id).ok_or_else(unknown)?;
    let is_ours = call.caller.is_superuser() || job.user.as_deref() == call.caller.user();
    if is_ours { Ok(id) } else { Err(unknown()) }
}

/// Only those of the asked coordinator.
fn list(call: &Call<'_>, wanted: impl Fn(&AsyncJob) -> bool) -> Reply {
    let count = call.request.query.get("count").and_then(|count| count.parse().ok()).unwrap_or(usize::MAX);
    let jobs = call.state.async_jobs.jobs.iter();
    let mine = jobs.filter(|(id, job)| owner(**id) == Some(call.index) && wanted(job));
    Reply::raw(200, &json!(mine.take(count).map(|(id, _)| id.to_string()).collect::<Vec<_>>()))
}

fn forget(call: &mut Call<'_>, gone: impl Fn(&AsyncJob) -> bool) -> Reply {
    let index = call.index;
    call.state.async_jobs.jobs.retain(|id, job| owner(*id) != Some(index) || !gone(job));
    Reply::result(200, true)
}
