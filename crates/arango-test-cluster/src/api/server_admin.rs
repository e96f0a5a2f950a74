//! `/_admin/server/*`: the answering server itself.

use http::Method;
use serde_json::{Value, json};

use super::{Answer, Call, availability, records, security};
use crate::http::reply::{Refusal, Reply};

pub(super) fn answer(call: &mut Call<'_>, rest: &[&str]) -> Answer {
    match rest {
        ["id"] => {
            call.only(&Method::GET)?;
            Ok(Reply::flat(200, json!({ "id": call.me().id })))
        }
        ["role"] => {
            call.only(&Method::GET)?;
            Ok(Reply::flat(200, json!({ "role": "COORDINATOR", "mode": "default" })))
        }
        ["mode"] => mode(call),
        ["databaseDefaults"] => Ok(Reply::raw(200, &defaults(call))),
        ["tls"] => security::tls(call),
        ["jwt"] => security::jwt(call),
        ["encryption"] => security::encryption(call),
        ["api-calls"] if call.version.at_least(3, 12, 5) => records::api_calls(call),
        ["aql-queries"] if call.version.at_least(3, 12, 6) => records::aql_queries(call),
        _ => Err(Refusal::unknown_path(&call.request.path)),
    }
}

/// The mode is the whole cluster's, through whichever coordinator it is set.
fn mode(call: &mut Call<'_>) -> Answer {
    match call.request.method {
        Method::GET => {}
        Method::PUT => {
            if !call.is_admin() {
                return Err(Refusal::forbidden("not authorized to change the server mode"));
            }
            let invalid = |text: &str| Refusal::new(400, 400, text);
            let body = call.request.json().map_err(|_| invalid("invalid JSON"))?;
            let body = body.as_object().ok_or_else(|| invalid("body must be an object"))?;
            let mode =
                body.get("mode").and_then(Value::as_str).ok_or_else(|| invalid("mode must be a string"))?;
            call.state.read_only = match mode {
                "readonly" => true,
                "default" => false,
                _ => return Err(invalid("mode invalid")),
            };
        }
        _ => return Err(Refusal::wrong_method()),
    }
    Ok(Reply::flat(200, json!({ "mode": availability::mode(call) })))
}

fn defaults(call: &Call<'_>) -> Value {
    let mut defaults = json!({ "replicationFactor": 1, "writeConcern": 1, "sharding": "" });
    if call.version.at_least(3, 12, 0) {
        defaults["replicationVersion"] = "1".into();
    }
    defaults
}
