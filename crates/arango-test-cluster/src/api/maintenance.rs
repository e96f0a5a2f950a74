//! Maintenance: of the supervision, and of one server.
//!
//! Meant for DB-Servers, but whoever has a record of health can be put into it, coordinators too.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::{Call, Outcome};
use crate::clock::timestamp;
use crate::http::reply::{Refusal, Reply};
use crate::state::State;
use crate::state::servers::Status;

const HOUR: u64 = 3600;
/// The coordinator looks once a second whether the supervision has obeyed, and not for ever.
const BEAT: Duration = Duration::from_secs(1);
const LIMIT: Duration = Duration::from_secs(120);

/// `/_admin/cluster/maintenance`
pub(super) fn supervision(call: &mut Call<'_>) -> Result<Outcome, Refusal> {
    call.admin()?;
    match call.request.method {
        Method::GET => {
            let mode = if call.state.supervision.is_in_maintenance() { "Maintenance" } else { "Normal" };
            Ok(Outcome::Now(Reply::result(200, mode)))
        }
        Method::PUT => {
            let seconds = seconds(&call.request.json()?)?;
            Ok(set_supervision(call.state, seconds))
        }
        _ => Err(Refusal::wrong_method()),
    }
}

/// How long the supervision is to stand still; `None` to let it work.
fn seconds(body: &Value) -> Result<Option<u64>, Refusal> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match body {
        Value::String(text) if text == "on" => Ok(Some(HOUR)),
        Value::String(text) if text == "off" => Ok(None),
        Value::String(text) if digits(text) => Ok(text.parse().ok()),
        Value::Number(number) => match (number.as_u64(), number.as_f64()) {
            (Some(seconds), _) => Ok(Some(seconds)),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "cut like the server cuts"
            )]
            (None, Some(seconds)) if seconds >= 0.0 => Ok(Some(seconds as u64)),
            _ => Err(Refusal::new(500, 4, "number out of range")),
        },
        _ => Err(Refusal::bad_parameter("string expected with value `on` or `off`")),
    }
}

fn set_supervision(state: &mut State, seconds: Option<u64>) -> Outcome {
    let (now, clock) = (state.at, state.clock);
    let until = seconds.map(|seconds| now + Duration::from_secs(seconds));
    state.supervision.want(until, now, &clock);
    let warning = match until {
        Some(until) => format!(
            "Cluster supervision deactivated. It will be reactivated automatically on {} unless this call is repeated until then.",
            timestamp(clock.calendar(until).as_secs())
        ),
        None => "Cluster supervision reactivated.".to_owned(),
    };
    let check = move |state: &mut State| {
        if state.supervision.is_in_maintenance() == until.is_some() {
            return Some(Reply::raw(200, &json!({ "error": false, "code": 200, "warning": warning })));
        }
        let late = Refusal::new(408, 504, "timed out while waiting for supervision maintenance mode change");
        (state.at >= now + LIMIT).then(|| late.into())
    };
    Outcome::Wait { every: BEAT, check: Box::new(check) }
}

/// `/_admin/cluster/maintenance/{server}`
pub(super) fn server(call: &mut Call<'_>, id: &str) -> Result<Outcome, Refusal> {
    call.admin()?;
    match call.request.method {
        Method::GET => {
            let server = call.state.server(id).filter(|server| server.id == id);
            Ok(Outcome::Now(match server.and_then(|server| server.maintenance) {
                None => Reply::done(200),
                Some(until) => Reply::result(
                    200,
                    json!({ "Mode": "maintenance", "Until": call.state.clock.timestamp(until) }),
                ),
            }))
        }
        Method::PUT => set_server(call, id),
        _ => Err(Refusal::wrong_method()),
    }
}

fn set_server(call: &mut Call<'_>, id: &str) -> Result<Outcome, Refusal> {
    let expected = "object expected with attribute 'mode' and optional attribute 'timeout'";
    let body = call.request.json()?;
    let mode = body.get("mode").ok_or_else(|| Refusal::bad_parameter(expected))?;
    let mode = mode.as_str().ok_or_else(|| Refusal::new(500, 4, "expecting a string"))?;
    let timeout = body.get("timeout").and_then(Value::as_u64).unwrap_or(HOUR);
    let until = match mode {
        "maintenance" => Some(call.state.at + Duration::from_secs(timeout)),
        "normal" => None,
        _ => return Err(Refusal::bad_parameter(expected)),
    };
    let mut servers = call.state.coordinators.iter_mut().chain(&mut call.state.db_servers);
    let server = servers.find(|server| server.id == id && server.status == Status::Good);
    let server = server.ok_or_else(|| Refusal::new(412, 412, "precondition failed"))?;
    server.maintenance_target = until;
    if until.is_none() && server.maintenance.is_none() {
        return Ok(Outcome::Now(Reply::done(200)));
    }
    // No limit: while the supervision stands still, this hangs as the original does.
    let id = id.to_owned();
    let check = move |state: &mut State| {
        let server = state.server(&id)?;
        (server.maintenance_target == server.maintenance).then(|| Reply::done(200))
    };
    Ok(Outcome::Wait { every: Duration::from_millis(100), check: Box::new(check) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_body_of_the_table_means_what_it_says() {
        for (body, meant) in [
            (json!("on"), Some(3600)),
            (json!("off"), None),
            (json!("7200"), Some(7200)),
            (json!(7200), Some(7200)),
            (json!(90.7), Some(90)),
        ] {
            assert_eq!(seconds(&body).unwrap(), meant, "{body}");
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
