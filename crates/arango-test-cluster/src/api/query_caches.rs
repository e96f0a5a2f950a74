//! `/_api/query-cache`
//!
//! Coordinators do not cache results, so this cache is empty.

use http::Method;
use serde_json::{Map, Value, json};

use super::modelled::Modelled;
use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};

const PROPERTIES: &[&str] = &["includeSystem", "maxEntrySize", "maxResults", "maxResultsSize", "mode"];

/// Handles `/_api/query-cache`.
pub(super) fn results(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    let modelled = match (&call.request.method, rest) {
        (&Method::PUT, ["properties"]) => Modelled::NOTHING.attributes(PROPERTIES),
        _ => Modelled::NOTHING,
    };
    call.require_modelled(&modelled)?;
    match (call.request.method.as_str(), rest) {
        ("GET", ["entries"]) => Ok(Reply::raw(200, &json!([]))),
        ("GET", ["properties"]) => Ok(Reply::raw(200, &Value::Object(properties(call)))),
        ("PUT", ["properties"]) => {
            let changed = changed(call)?;
            call.state.queries.results_caches.insert(call.index, changed.clone());
            Ok(Reply::raw(200, &Value::Object(changed)))
        }
        ("DELETE", []) => Ok(Reply::without_result(200)),
        ("GET" | "PUT" | "DELETE", _) => Err(ApiError::new(
            400,
            400,
            "expecting /_api/query-cache/properties or /_api/query-cache/entries",
        )),
        _ => Err(ApiError::wrong_method()),
    }
}

/// Returns the properties of this coordinator's cache.
fn properties(call: &Call<'_>) -> Map<String, Value> {
    let defaults = json!({
        "mode": "off", "maxResults": 128, "maxResultsSize": 268_435_456, "maxEntrySize": 16_777_216,
        "includeSystem": false,
    });
    let changed = call.state.queries.results_caches.get(&call.index).cloned();
    changed.unwrap_or_else(|| defaults.as_object().cloned().unwrap_or_default())
}

fn changed(call: &Call<'_>) -> Result<Map<String, Value>, ApiError> {
    let mut properties = properties(call);
    for (name, value) in call.object()?.as_object().into_iter().flatten() {
        let is_valid = match name.as_str() {
            "mode" => matches!(value.as_str(), Some("off" | "on" | "demand")),
            "includeSystem" => value.is_boolean(),
            _ => value.is_u64(),
        };
        if !is_valid {
            return Err(ApiError::bad_parameter(format!("invalid value for `{name}`")));
        }
        properties.insert(name.clone(), value.clone());
    }
    Ok(properties)
}
