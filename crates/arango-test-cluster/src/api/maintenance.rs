//! Maintenance of the supervision and of single servers.
//!
//! Server maintenance is meant for DB-Servers, but works for every server with a health record, including coordinators.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Call, Outcome};
use crate::config::clock::timestamp;
use crate::http::reply::{ApiError, Reply};
use crate::state::State;
use crate::state::servers::Status;

const HOUR: u64 = 3600;
/// A thousand years, in seconds.
const LONGEST: u64 = 1000 * 365 * 24 * HOUR;
/// The interval of checks whether the supervision has applied a change. A coordinator gives up after some time.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
const LIMIT: Duration = Duration::from_secs(120);

/// `/_admin/cluster/maintenance`
pub(super) fn supervision(call: &mut Call<'_>) -> Result<Outcome, ApiError> {
    call.require_admin()?;
    match call.request.method {
        Method::GET => {
            let mode = if call.state.supervision.is_in_maintenance() { "Maintenance" } else { "Normal" };
            Ok(Outcome::Now(Reply::result(200, mode)))
        }
        Method::PUT => {
            let seconds = seconds(&call.request.json()?)?;
            let until = seconds.map(|seconds| end(call, seconds)).transpose()?;
            Ok(set_supervision(call.state, until))
        }
        _ => Err(ApiError::wrong_method()),
    }
}

/// Returns how long the maintenance of the supervision lasts. `None` ends it.
fn seconds(body: &Value) -> Result<Option<u64>, ApiError> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match body {
        Value::String(text) if text == "on" => Ok(Some(HOUR)),
        Value::String(text) if text == "off" => Ok(None),
        Value::String(text) if digits(text) => Ok(Some(text.parse().unwrap_or(u64::MAX))),
        Value::Number(number) => match (number.as_u64(), number.as_f64()) {
            (Some(seconds), _) => Ok(Some(seconds)),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "truncated as by the server"
            )]
            (None, Some(seconds)) if seconds >= 0.0 => Ok(Some(seconds as u64)),
            _ => Err(ApiError::new(500, 4, "number out of range")),
        },
        _ => Err(ApiError::bad_parameter("string expected with value `on` or `off`")),
    }
}

/// Returns when a maintenance of so many seconds ends. What a server makes of an extreme number is not known.
fn end(call: &mut Call<'_>, seconds: u64) -> Result<Instant, ApiError> {
    if seconds > LONGEST {
        return Err(call.not_modelled("body", "maintenance for more than a thousand years"));
    }
    Ok(call.state.current_time + Duration::from_secs(seconds))
}

fn set_supervision(state: &mut State, until: Option<Instant>) -> Outcome {
    let (now, clock) = (state.current_time, state.clock);
    state.supervision.request_maintenance(until, now, &clock);
    let warning = match until {
        Some(until) => format!(
            "Cluster supervision deactivated. It will be reactivated automatically on {} unless this call is repeated until then.",
            timestamp(clock.unix_time(until).as_secs())
        ),
        None => "Cluster supervision reactivated.".to_owned(),
    };
    let check = move |state: &mut State| {
        if state.supervision.is_in_maintenance() == until.is_some() {
            return Some(Reply::raw(200, &json!({ "error": false, "code": 200, "warning": warning })));
        }
        let late = ApiError::new(408, 504, "timed out while waiting for supervision maintenance mode change");
        (state.current_time >= now + LIMIT).then(|| late.into())
    };
    Outcome::Wait { every: POLL_INTERVAL, check: Box::new(check) }
}

/// `/_admin/cluster/maintenance/{server}`
pub(super) fn server(call: &mut Call<'_>, id: &str) -> Result<Outcome, ApiError> {
    call.require_admin()?;
    match call.request.method {
        Method::GET => {
            let server = call.state.server(id).filter(|server| server.id == id);
            Ok(Outcome::Now(match server.and_then(|server| server.maintenance) {
                None => Reply::without_result(200),
                Some(until) => Reply::result(
                    200,
                    json!({ "Mode": "maintenance", "Until": call.state.clock.timestamp(until) }),
                ),
            }))
        }
        Method::PUT => set_server(call, id),
        _ => Err(ApiError::wrong_method()),
    }
}

fn set_server(call: &mut Call<'_>, id: &str) -> Result<Outcome, ApiError> {
    let expected = "object expected with attribute 'mode' and optional attribute 'timeout'";
    let body = call.request.json()?;
    let mode = body.get("mode").ok_or_else(|| ApiError::bad_parameter(expected))?;
    let mode = mode.as_str().ok_or_else(|| ApiError::new(500, 4, "expecting a string"))?;
    let timeout = body.get("timeout").and_then(Value::as_u64).unwrap_or(HOUR);
    let until = match mode {
        "maintenance" => Some(end(call, timeout)?),
        "normal" => None,
        _ => return Err(ApiError::bad_parameter(expected)),
    };
    let mut servers = call.state.coordinators.iter_mut().chain(&mut call.state.db_servers);
    let server = servers.find(|server| server.id == id && server.status == Status::Good);
    let server = server.ok_or_else(|| ApiError::new(412, 412, "precondition failed"))?;
    server.maintenance_target = until;
    if until.is_none() && server.maintenance.is_none() {
        return Ok(Outcome::Now(Reply::without_result(200)));
    }
    // No limit: during maintenance of the supervision this hangs, as on a real server.
    let id = id.to_owned();
    let check = move |state: &mut State| {
        let server = state.server(&id)?;
        (server.maintenance_target == server.maintenance).then(|| Reply::without_result(200))
    };
    Ok(Outcome::Wait { every: Duration::from_millis(100), check: Box::new(check) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_body_of_the_table_is_parsed() {
        for (body, expected) in [
            (json!("on"), Some(3600)),
            (json!("off"), None),
            (json!("7200"), Some(7200)),
            (json!(7200), Some(7200)),
            (json!(90.7), Some(90)),
            (json!("99999999999999999999"), Some(u64::MAX)),
        ] {
            assert_eq!(seconds(&body).unwrap(), expected, "{body}");
        }
        for body in [
            json!("foo"),
            json!("-5"),
            json!("1.5"),
            json!({}),
            json!([]),
            json!(null),
            json!(true),
            json!(""),
        ] {
            let refusal = seconds(&body).unwrap_err();
            assert_eq!((refusal.status, refusal.error_num), (400, 10), "{body}");
        }
        let negative = seconds(&json!(-1)).unwrap_err();
        assert_eq!((negative.status, negative.error_num), (500, 4));
    }
}
