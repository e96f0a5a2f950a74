//! The agency's jobs in the control API.

use std::time::Duration;

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::router::{ControlError, ok, read};
use crate::server::agency_jobs::AgencyJobs;
use crate::state::agency_jobs::JobOutcome;

/// The outcome of a job.
#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case", deny_unknown_fields)]
enum Outcome {
    Finish {},
    Fail { reason: String },
    Hang {},
}

impl From<Outcome> for JobOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Finish {} => Self::Finish,
            Outcome::Fail { reason } => Self::Fail { reason },
            Outcome::Hang {} => Self::Hang,
        }
    }
}

/// The timing of jobs. Missing fields leave the setting unchanged.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Timing {
    wait_ms: Option<u64>,
    move_ms: Option<u64>,
    max_concurrent: Option<usize>,
}

/// Handles requests below `/agency-jobs`. `None` for an unknown request.
pub(super) fn handle(
    jobs: &AgencyJobs<'_>,
    method: &Method,
    parts: &[&str],
    body: &[u8],
) -> Option<Result<Value, ControlError>> {
    Some(match (method, parts) {
        (&Method::GET, []) => {
            let job = |job: crate::server::agency_jobs::AgencyJob| json!({ "id": job.id, "type": job.kind, "status": job.status, "reason": job.reason });
            Ok(json!({ "jobs": jobs.list().into_iter().map(job).collect::<Vec<_>>() }))
        }
        (&Method::DELETE, []) => {
            jobs.forget_ended();
            Ok(ok())
        }
        (&Method::POST, ["timing"]) => read(body).map(|Timing { wait_ms, move_ms, max_concurrent }| {
            if let Some(ms) = wait_ms {
                jobs.set_todo_time(Duration::from_millis(ms));
            }
            if let Some(ms) = move_ms {
                jobs.set_move_time(Duration::from_millis(ms));
            }
            if let Some(count) = max_concurrent {
                jobs.set_max_concurrent(count);
            }
            ok()
        }),
        (&Method::POST, ["next"]) => read::<Outcome>(body).map(|outcome| {
            jobs.set_next_outcome(outcome.into());
            ok()
        }),
        (&Method::POST, ["every"]) => read::<Outcome>(body).map(|outcome| {
            jobs.set_outcome(outcome.into());
            ok()
        }),
        (&Method::POST, [id]) => read::<Outcome>(body).and_then(|outcome| {
            let decided = jobs.set_job_outcome(id, outcome.into());
            if decided { Ok(ok()) } else { Err((404, format!("no job {id} that has not ended"))) }
        }),
        _ => return None,
    })
}
