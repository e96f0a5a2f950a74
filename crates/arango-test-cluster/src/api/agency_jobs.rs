//! `queryAgencyJob` and `cancelAgencyJob`.

use http::Method;
use serde_json::{Value, json};

use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::agency_jobs::Task;

pub(super) fn query(call: &mut Call<'_>) -> HandlerResult {
    call.require_admin()?;
    call.require_method(&Method::GET)?;
    let id = call.request.query.get("id").filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| ApiError::bad_parameter("missing id parameter"))?;
    let clock = call.state.clock;
    let job = call.state.jobs.find(id).ok_or_else(|| unknown(id))?;
    Ok(Reply::raw(200, &job.to_json(&clock)))
}

/// Marks the job as cancelled. The supervision ends it in its next round, as failed.
pub(super) fn cancel(call: &mut Call<'_>) -> HandlerResult {
    call.require_admin()?;
    call.require_method(&Method::POST)?;
    let body = call.request.json()?;
    let id = body.get("id").and_then(Value::as_str);
    let id = id.ok_or_else(|| ApiError::bad_parameter("object with key `id`"))?;
    let next_round = call.state.clock.next_round(call.state.current_time);
    let job = call.state.jobs.find(id).ok_or_else(|| unknown(id))?;
    if matches!(job.task, Task::ResignLeadership { .. }) {
        return Err(ApiError::bad_parameter("Only MoveShard and CleanOutServer jobs can be aborted"));
    }
    if job.stage.is_over() {
        return Err(ApiError::bad_parameter("Finished jobs can no longer be cancelled."));
    }
    job.abort.get_or_insert(next_round);
    Ok(Reply::raw(200, &json!({ "job": id, "status": "aborted", "error": false })))
}

fn unknown(id: &str) -> ApiError {
    ApiError::new(404, 404, format!("job {id} not found"))
}
