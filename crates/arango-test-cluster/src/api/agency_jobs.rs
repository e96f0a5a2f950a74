//! `queryAgencyJob` and `cancelAgencyJob`.

use http::Method;
use serde_json::{Value, json};

use super::{Answer, Call};
use crate::http::reply::{Refusal, Reply};
use crate::model::agency_jobs::Task;

pub(super) fn query(call: &mut Call<'_>) -> Answer {
    call.admin()?;
    call.only(&Method::GET)?;
    let id = call.request.query.get("id").filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| Refusal::bad_parameter("missing id parameter"))?;
    let clock = call.state.clock;
    let job = call.state.jobs.find(id).ok_or_else(|| unknown(id))?;
    Ok(Reply::raw(200, &job.to_json(&clock)))
}

/// Only marks the job: the supervision ends it in its next round, as failed.
pub(super) fn cancel(call: &mut Call<'_>) -> Answer {
    call.admin()?;
    call.only(&Method::POST)?;
    let body = call.request.json()?;
    let id = body.get("id").and_then(Value::as_str);
    let id = id.ok_or_else(|| Refusal::bad_parameter("object with key `id`"))?;
    let next_round = call.state.clock.next_round(call.state.at);
    let job = call.state.jobs.find(id).ok_or_else(|| unknown(id))?;
    if matches!(job.task, Task::ResignLeadership { .. }) {
        return Err(Refusal::bad_parameter("Only MoveShard and CleanOutServer jobs can be aborted"));
    }
    if job.stage.is_over() {
        return Err(Refusal::bad_parameter("Finished jobs can no longer be cancelled."));
    }
    job.abort.get_or_insert(next_round);
    Ok(Reply::raw(200, &json!({ "job": id, "status": "aborted", "error": false })))
}

fn unknown(id: &str) -> Refusal {
    Refusal::new(404, 404, format!("job {id} not found"))
}
