//! `/_admin/server/*`: the receiving server.

use http::Method;
use serde_json::{Value, json};

use super::{Call, HandlerResult, availability, diagnostics, security};
use crate::http::reply::{ApiError, Reply};

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    match rest {
        ["id"] => {
            call.require_method(&Method::GET)?;
            Ok(Reply::flat(200, json!({ "id": call.server().id })))
        }
        ["role"] => {
            call.require_method(&Method::GET)?;
            Ok(Reply::flat(200, json!({ "role": "COORDINATOR", "mode": "default" })))
        }
        ["mode"] => mode(call),
        ["databaseDefaults"] => Ok(Reply::raw(200, &defaults(call))),
        ["tls"] => security::tls(call),
        ["jwt"] => security::jwt(call),
        ["encryption"] => security::encryption(call),
        ["api-calls"] if call.version.at_least(3, 12, 5) => diagnostics::api_calls(call),
        ["aql-queries"] if call.version.at_least(3, 12, 6) => diagnostics::aql_queries(call),
        _ => Err(ApiError::unknown_path(&call.request.path)),
    }
}

/// Reads or sets the mode of the whole cluster, through any coordinator.
fn mode(call: &mut Call<'_>) -> HandlerResult {
    match call.request.method {
        Method::GET => {}
        Method::PUT => {
            if !call.is_admin() {
                return Err(ApiError::forbidden("not authorized to change the server mode"));
            }
            let invalid = |text: &str| ApiError::new(400, 400, text);
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
        _ => return Err(ApiError::wrong_method()),
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
