//! Faults and conditions as JSON.

use std::time::Duration;

use http::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::faults::effect::{Close, Phase};
use crate::faults::fault::Fault;
use crate::faults::request_match::Match;
use crate::faults::reset_reason::ResetReason;
use crate::state::conditions::Condition;
use crate::tls::HandshakeFault;

/// A fault of single requests, or a condition of a whole coordinator.
pub(crate) enum Injection {
    Fault(Fault),
    Condition(Condition),
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum Kind {
    Latency {
        ms: u64,
    },
    Close {
        phase: PhaseName,
        #[serde(default)]
        how: CloseName,
    },
    Response {
        status: u16,
        error_num: Option<u32>,
        #[serde(default)]
        message: String,
        body: Option<String>,
        content_type: Option<String>,
        #[serde(default)]
        after_execution: bool,
    },
    EarlyResponse {
        status: u16,
        error_num: u32,
        #[serde(default)]
        message: String,
        close: Option<CloseName>,
    },
    Hang {},
    Garbage {},
    HugeHead {},
    BadChunks {},
    SlowHead {
        bytes: usize,
        ms: u64,
    },
    SlowBody {
        bytes: usize,
        ms: u64,
    },
    Stall {
        bytes: usize,
    },
    Padded {
        bytes: usize,
    },
    Truncate {
        bytes: usize,
        #[serde(default)]
        how: CloseName,
    },
    ResetStream {
        phase: PhaseName,
        reason: ResetName,
    },
    GoAway {},
    GoAwayUnprocessed {},
    RepeatedWrite {},
    LateCopy {
        ms: u64,
    },
    SlowCommit {
        ms: u64,
    },
    FailedCommit {},
    LostWrite {
        db_server: usize,
    },
    QueueTime {
        ms: u64,
    },
    QueueFull {},
    Starting {},
    Maintenance {},
    ShuttingDown {},
    AgencyDown {},
    Tls {
        handshake: HandshakeFault,
    },
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

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum CloseName {
    #[default]
    Fin,
    Rst,
}

/// The reason of a reset, by name or number.
#[derive(Deserialize)]
#[serde(untagged)]
enum ResetName {
    Number(u32),
    Name(String),
}

/// The requests that a fault applies to, and how often.
#[derive(Deserialize)]
struct Scope {
    method: Option<String>,
    path: Option<String>,
    times: Option<usize>,
}

/// Reads a fault or a condition.
///
/// # Errors
/// A message about what is invalid.
pub(crate) fn read_injection(value: &Value) -> Result<Injection, String> {
    let (kind, scope) = split_scope(value)?;
    let fault = match kind {
        Kind::QueueTime { ms } => {
            return whole_coordinator(&scope, Condition::QueueTime(Duration::from_millis(ms)));
        }
        Kind::QueueFull {} => return whole_coordinator(&scope, Condition::QueueFull),
        Kind::Starting {} => return whole_coordinator(&scope, Condition::Starting),
        Kind::Maintenance {} => return whole_coordinator(&scope, Condition::Maintenance),
        Kind::ShuttingDown {} => return whole_coordinator(&scope, Condition::ShuttingDown),
        Kind::AgencyDown {} => return whole_coordinator(&scope, Condition::AgencyDown),
        Kind::Tls { handshake } => return whole_coordinator(&scope, Condition::Handshake(handshake)),
        Kind::Latency { ms } => Fault::latency(Duration::from_millis(ms)),
        Kind::Close { phase, how } => Fault::close(phase.into()).close_mode(how.into()),
        Kind::Response { status, error_num: Some(number), message, after_execution, .. } => {
            with_after_execution(after_execution, Fault::response(status, number, message))
        }
        Kind::Response { status, body: Some(body), content_type, after_execution, .. } => {
            let content_type = content_type.unwrap_or_else(|| "text/html".to_owned());
            with_after_execution(after_execution, Fault::raw_response(status, content_type, body))
        }
        Kind::Response { .. } => return Err("this kind of fault needs `error_num` or `body`".to_owned()),
        Kind::EarlyResponse { status, error_num, message, close } => {
            let early = Fault::early_response(status, error_num, message);
            match close {
                Some(how) => early.close_mode(how.into()),
                None => early,
            }
        }
        Kind::Hang {} => Fault::hang(),
        Kind::Garbage {} => Fault::garbage(),
        Kind::HugeHead {} => Fault::huge_head(),
        Kind::BadChunks {} => Fault::bad_chunks(),
        Kind::SlowHead { bytes, ms } => Fault::slow_head(bytes, Duration::from_millis(ms)),
        Kind::SlowBody { bytes, ms } => Fault::slow_body(bytes, Duration::from_millis(ms)),
        Kind::Stall { bytes } => Fault::stall(bytes),
        Kind::Padded { bytes } => Fault::padded(bytes),
        Kind::Truncate { bytes, how } => Fault::truncate(bytes).close_mode(how.into()),
        Kind::ResetStream { phase, reason } => Fault::reset_stream(phase.into(), reason.read()?),
        Kind::GoAway {} => Fault::goaway(),
        Kind::GoAwayUnprocessed {} => Fault::goaway_unprocessed(),
        Kind::RepeatedWrite {} => Fault::repeated_write(),
        Kind::LateCopy { ms } => Fault::late_copy(Duration::from_millis(ms)),
        Kind::SlowCommit { ms } => Fault::slow_commit(Duration::from_millis(ms)),
        Kind::FailedCommit {} => Fault::failed_commit(),
        Kind::LostWrite { db_server } => Fault::lost_write(db_server),
    };
    scope.apply_to(fault).map(Injection::Fault)
}

/// Reads the keys that every fault may have, then the rest. They are read apart because a tagged enum rejects unknown
/// keys only if it gets no keys of others.
fn split_scope(value: &Value) -> Result<(Kind, Scope), String> {
    let scope = Scope::deserialize(value).map_err(|error| error.to_string())?;
    let mut rest = value.clone();
    if let Value::Object(rest) = &mut rest {
        rest.retain(|key, _| !["method", "path", "times"].contains(&key.as_str()));
    }
    Ok((Kind::deserialize(rest).map_err(|error| error.to_string())?, scope))
}

fn whole_coordinator(scope: &Scope, condition: Condition) -> Result<Injection, String> {
    if scope.method.is_some() || scope.path.is_some() || scope.times.is_some() {
        return Err("a condition applies to all requests and takes no `method`, `path` or `times`".to_owned());
    }
    Ok(Injection::Condition(condition))
}

fn with_after_execution(execution: bool, fault: Fault) -> Fault {
    if execution { fault.after_execution() } else { fault }
}

impl Scope {
    fn apply_to(self, fault: Fault) -> Result<Fault, String> {
        let fault = match self.times {
            Some(times) => fault.times(times),
            None => fault,
        };
        let path = self.path.unwrap_or_else(|| "*".to_owned());
        if path.starts_with("/_db/") {
            return Err(
                "`path` is that of all databases: leave out `/_db/NAME`, as in `/_api/document/*`".to_owned()
            );
        }
        Ok(fault.on(match self.method {
            None => Match::path(path),
            Some(method) => {
                Match::method(Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?, path)
            }
        }))
    }
}

impl ResetName {
    fn read(self) -> Result<ResetReason, String> {
        match self {
            Self::Number(number) => Ok(ResetReason::new(number)),
            Self::Name(name) => {
                ResetReason::from_name(&name).ok_or_else(|| format!("unknown reset reason: {name}"))
            }
        }
    }
}

impl From<PhaseName> for Phase {
    fn from(name: PhaseName) -> Self {
        match name {
            PhaseName::BeforeRead => Self::BeforeRead,
            PhaseName::AfterRead => Self::AfterRead,
            PhaseName::AfterExecution => Self::AfterExecution,
            PhaseName::InHead => Self::InHead,
            PhaseName::InBody => Self::InBody,
        }
    }
}

impl From<CloseName> for Close {
    fn from(name: CloseName) -> Self {
        match name {
            CloseName::Fin => Self::Fin,
            CloseName::Rst => Self::Rst,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_can_be_written_in_json() {
        for body in [
            json!({ "kind": "latency", "ms": 5, "path": "/_api/*", "times": 3 }),
            json!({ "kind": "close", "phase": "after-execution", "how": "rst" }),
            json!({ "kind": "response", "status": 503, "error_num": 503 }),
            json!({ "kind": "response", "status": 502, "body": "<html>", "method": "GET" }),
            json!({ "kind": "early-response", "status": 413, "error_num": 413 }),
            json!({ "kind": "early-response", "status": 413, "error_num": 413, "close": "fin" }),
            json!({ "kind": "hang" }),
            json!({ "kind": "garbage" }),
            json!({ "kind": "huge-head" }),
            json!({ "kind": "bad-chunks" }),
            json!({ "kind": "slow-head", "bytes": 1, "ms": 5 }),
            json!({ "kind": "slow-body", "bytes": 1, "ms": 5 }),
            json!({ "kind": "stall", "bytes": 1 }),
            json!({ "kind": "truncate", "bytes": 1 }),
            json!({ "kind": "padded", "bytes": 100 }),
            json!({ "kind": "reset-stream", "phase": "before-read", "reason": "refused-stream" }),
            json!({ "kind": "reset-stream", "phase": "in-body", "reason": 13 }),
            json!({ "kind": "go-away", "times": 1 }),
            json!({ "kind": "go-away-unprocessed" }),
            json!({ "kind": "repeated-write", "times": 1 }),
            json!({ "kind": "late-copy", "ms": 5 }),
            json!({ "kind": "slow-commit", "ms": 5 }),
            json!({ "kind": "failed-commit" }),
            json!({ "kind": "lost-write", "db_server": 1 }),
            json!({ "kind": "queue-time", "ms": 5 }),
            json!({ "kind": "queue-full" }),
            json!({ "kind": "agency-down" }),
        ] {
            assert!(read_injection(&body).is_ok(), "{body}");
        }
    }

    #[test]
    fn a_path_with_a_database_is_rejected_because_it_would_match_no_request() {
        let rejected =
            read_injection(&json!({ "kind": "latency", "ms": 5, "path": "/_db/shop/_api/version" }));
        assert!(rejected.is_err_and(|reason| reason.contains("leave out `/_db/NAME`")));
    }

    #[test]
    fn missing_and_misspelt_keys_are_rejected() {
        for body in [
            json!({ "kind": "latency" }),
            json!({ "kind": "close" }),
            json!({ "kind": "response", "status": 500 }),
            json!({ "kind": "hang", "pth": "/" }),
            json!({ "kind": "queue-full", "path": "/" }),
            json!({ "kind": "explode" }),
            json!({ "kind": "reset-stream", "phase": "in-body", "reason": "boredom" }),
        ] {
            assert!(read_injection(&body).is_err(), "{body}");
        }
    }
}
