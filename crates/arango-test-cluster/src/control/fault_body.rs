//! Faults as JSON.

use std::time::Duration;

use http::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::fault::{Close, Fault, Phase};
use crate::matching::Match;

/// What every fault may say besides what it does.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    kind: Kind,
    method: Option<String>,
    path: Option<String>,
    times: Option<usize>,
    ms: Option<u64>,
    phase: Option<PhaseName>,
    how: Option<CloseName>,
    status: Option<u16>,
    error_num: Option<u32>,
    message: Option<String>,
    content_type: Option<String>,
    body: Option<String>,
    #[serde(default)]
    after_execution: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Latency,
    Close,
    Answer,
    Hang,
    Garbage,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum PhaseName {
    BeforeRead,
    AfterRead,
    AfterExecution,
    InHead,
    InBody,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum CloseName {
    Fin,
    Rst,
}

/// Reads a fault, or says what is wrong with it.
pub(super) fn read_fault(value: &Value) -> Result<Fault, String> {
    let body = Description::deserialize(value).map_err(|error| error.to_string())?;
    let missing = |key: &str| format!("this kind of fault needs `{key}`");
    let mut fault = match body.kind {
        Kind::Latency => Fault::latency(Duration::from_millis(body.ms.ok_or_else(|| missing("ms"))?)),
        Kind::Close => Fault::close(match body.phase.ok_or_else(|| missing("phase"))? {
            PhaseName::BeforeRead => Phase::BeforeRead,
            PhaseName::AfterRead => Phase::AfterRead,
            PhaseName::AfterExecution => Phase::AfterExecution,
            PhaseName::InHead => Phase::InHead,
            PhaseName::InBody => Phase::InBody,
        })
        .how(match body.how {
            Some(CloseName::Rst) => Close::Rst,
            Some(CloseName::Fin) | None => Close::Fin,
        }),
        Kind::Answer => {
            let status = body.status.ok_or_else(|| missing("status"))?;
            match (body.error_num, body.body) {
                (Some(number), _) => Fault::answer(status, number, body.message.unwrap_or_default()),
                (None, Some(text)) => Fault::answer_raw(
                    status,
                    body.content_type.unwrap_or_else(|| "text/html".to_owned()),
                    text,
                ),
                (None, None) => return Err(missing("error_num` or `body")),
            }
        }
        Kind::Hang => Fault::hang(),
        Kind::Garbage => Fault::garbage(),
    };
    if body.after_execution {
        fault = fault.after_execution();
    }
    if let Some(times) = body.times {
        fault = fault.times(times);
    }
    let path = body.path.unwrap_or_else(|| "*".to_owned());
    Ok(fault.on(match body.method {
        None => Match::path(path),
        Some(method) => {
            Match::method(Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?, path)
        }
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_can_be_said_in_json() {
        for body in [
            json!({ "kind": "latency", "ms": 5, "path": "/_api/*", "times": 3 }),
            json!({ "kind": "close", "phase": "after-execution", "how": "rst" }),
            json!({ "kind": "answer", "status": 503, "error_num": 503 }),
            json!({ "kind": "answer", "status": 502, "body": "<html>", "method": "GET" }),
            json!({ "kind": "hang" }),
            json!({ "kind": "garbage" }),
        ] {
            assert!(read_fault(&body).is_ok(), "{body}");
        }
    }

    #[test]
    fn what_is_missing_or_misspelt_is_refused() {
        for body in [
            json!({ "kind": "latency" }),
            json!({ "kind": "close" }),
            json!({ "kind": "answer", "status": 500 }),
            json!({ "kind": "hang", "pth": "/" }),
            json!({ "kind": "explode" }),
        ] {
            assert!(read_fault(&body).is_err(), "{body}");
        }
    }
}
