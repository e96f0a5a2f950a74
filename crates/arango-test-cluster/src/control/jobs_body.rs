//! The jobs of the agency, as other processes steer them.

use std::time::Duration;

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::desk::{Refused, done, read};
use crate::agency_jobs::AgencyJobs;
use crate::model::agency_jobs::JobFate;

/// What becomes of a job.
#[derive(Deserialize)]
#[serde(tag = "fate", rename_all = "kebab-case", deny_unknown_fields)]
enum Fate {
    Finish {},
    Fail { reason: String },
    Hang {},
}

impl From<Fate> for JobFate {
    fn from(fate: Fate) -> Self {
        match fate {
            Fate::Finish {} => Self::Finish,
            Fate::Fail { reason } => Self::Fail { reason },
            Fate::Hang {} => Self::Hang,
        }
    }
}

/// How quickly jobs go from list to list; what is left out stays as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pace {
    wait_ms: Option<u64>,
    move_ms: Option<u64>,
    at_once: Option<usize>,
}

/// Answers what is asked below `/agency-jobs`; `None` if there is no such call.
pub(super) fn answer(
    jobs: &AgencyJobs<'_>,
    method: &Method,
    parts: &[&str],
    body: &[u8],
) -> Option<Result<Value, Refused>> {
    Some(match (method, parts) {
        (&Method::GET, []) => {
            let job = |job: crate::AgencyJob| json!({ "id": job.id, "type": job.kind, "status": job.status, "reason": job.reason });
            Ok(json!({ "jobs": jobs.list().into_iter().map(job).collect::<Vec<_>>() }))
        }
        (&Method::DELETE, []) => {
            jobs.forget_ended();
            Ok(done())
        }
        (&Method::POST, ["pace"]) => read(body).map(|Pace { wait_ms, move_ms, at_once }| {
            if let Some(ms) = wait_ms {
                jobs.set_wait(Duration::from_millis(ms));
            }
            if let Some(ms) = move_ms {
                jobs.set_move_time(Duration::from_millis(ms));
            }
            if let Some(count) = at_once {
                jobs.set_at_once(count);
            }
            done()
        }),
        (&Method::POST, ["next"]) => read::<Fate>(body).map(|fate| {
            jobs.next(fate.into());
            done()
        }),
        (&Method::POST, ["every"]) => read::<Fate>(body).map(|fate| {
            jobs.every(fate.into());
            done()
        }),
        (&Method::POST, [id]) => read::<Fate>(body).and_then(|fate| {
            let decided = jobs.decide(id, fate.into());
            if decided { Ok(done()) } else { Err((404, format!("no job {id} that has not ended"))) }
        }),
        _ => return None,
    })
}
