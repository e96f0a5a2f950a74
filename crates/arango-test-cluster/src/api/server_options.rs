//! `/_admin/options` and `/_admin/options-description`: the start options that the simulation follows.
//!
//! A server has several hundred options. Those without an effect here are left out.

use http::Method;
use serde_json::{Map, Value, json};

use super::{Call, HandlerResult};
use crate::config::settings::{Authentication, Hardening};
use crate::http::reply::{ApiError, Reply};

/// Returns the options with their values, or with what is known of them.
pub(super) fn handle(call: &Call<'_>, is_description: bool) -> HandlerResult {
    call.require_method(&Method::GET)?;
    if call.request.database != "_system" {
        return Err(ApiError::new(403, 1230, "operation only allowed in system database"));
    }
    if !call.caller.is_superuser() {
        return Err(ApiError::forbidden("insufficient permissions"));
    }
    let options = options(call).into_iter().map(|(name, value, default)| {
        let described = if is_description { description(name, &default) } else { value };
        (name.to_owned(), described)
    });
    Ok(Reply::raw(200, &Value::Object(options.collect::<Map<_, _>>())))
}

/// Returns the names, values and defaults of the options.
fn options(call: &Call<'_>) -> Vec<(&'static str, Value, Value)> {
    let (config, largest) = (call.config, call.version.max_transaction_size());
    let transactions = config.transactions;
    vec![
        ("server.authentication", (config.authentication == Authentication::On).into(), true.into()),
        ("server.harden", (config.hardening == Hardening::On).into(), false.into()),
        ("server.session-timeout", config.token_lifetime.as_secs_f64().into(), 3600.0.into()),
        ("http.keep-alive-timeout", config.keep_alive.as_secs_f64().into(), 300.0.into()),
        ("transaction.streaming-idle-timeout", transactions.idle_timeout.as_secs_f64().into(), 60.0.into()),
        ("transaction.streaming-lock-timeout", transactions.lock_timeout.as_secs_f64().into(), 8.0.into()),
        (
            "transaction.streaming-max-transaction-size",
            transactions.max_size.unwrap_or(largest).into(),
            largest.into(),
        ),
    ]
}

fn description(name: &str, default: &Value) -> Value {
    let (section, _) = name.split_once('.').unwrap_or_default();
    let kind = match default {
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "double",
        _ => "uint64",
    };
    json!({ "section": section, "category": "option", "type": kind, "default": default, "hidden": false })
}
