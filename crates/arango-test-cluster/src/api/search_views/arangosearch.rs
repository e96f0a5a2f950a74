//! Properties of views of type `arangosearch`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Change, links, require_known};
use crate::api::Call;
use crate::config::version::Version;
use crate::http::reply::ApiError;
use crate::state::search::ViewDefinition;

/// The properties that a change can set.
const MUTABLE: &[&str] =
    &["cleanupIntervalStep", "commitIntervalMsec", "consolidationIntervalMsec", "consolidationPolicy"];

const ATTRIBUTES: &[&str] = &[
    "cleanupIntervalStep",
    "commitIntervalMsec",
    "consolidationIntervalMsec",
    "consolidationPolicy",
    "links",
    "optimizeTopK",
    "primaryKeyCache",
    "primarySort",
    "primarySortCache",
    "primarySortCompression",
    "storedValues",
    "writebufferActive",
    "writebufferIdle",
    "writebufferSizeMax",
];

pub(super) fn create(call: &mut Call<'_>, body: &Map<String, Value>) -> Result<ViewDefinition, ApiError> {
    require_known(call, body, ATTRIBUTES)?;
    let mut properties = defaults(call.version);
    for (name, value) in body {
        set(call, &mut properties, name, value)?;
    }
    let links = links::change(call, body, BTreeMap::new())?;
    Ok(ViewDefinition::ArangoSearch { properties, links })
}

pub(super) fn change(
    call: &mut Call<'_>,
    body: &Map<String, Value>,
    change: Change,
    mut properties: Map<String, Value>,
    mut old_links: BTreeMap<String, Value>,
) -> Result<ViewDefinition, ApiError> {
    require_known(call, body, ATTRIBUTES)?;
    if change == Change::Replace {
        let defaults = defaults(call.version);
        properties.extend(
            MUTABLE.iter().map(|name| ((*name).to_owned(), defaults.get(*name).cloned().unwrap_or_default())),
        );
        old_links.clear();
    }
    // A server ignores the properties that cannot be changed.
    for (name, value) in body.iter().filter(|(name, _)| MUTABLE.contains(&name.as_str())) {
        set(call, &mut properties, name, value)?;
    }
    let links = links::change(call, body, old_links)?;
    Ok(ViewDefinition::ArangoSearch { properties, links })
}

fn has_new_policy(version: &Version) -> bool {
    version.at_least(3, 12, 7)
}

fn tier(version: &Version) -> Value {
    if has_new_policy(version) {
        return json!({
            "type": "tier", "segmentsBytesMax": 8_589_934_592_u64, "maxSkewThreshold": 0.4,
            "minDeletionRatio": 0.5,
        });
    }
    json!({
        "type": "tier", "segmentsBytesFloor": 2_097_152, "segmentsBytesMax": 5_368_709_120_u64,
        "segmentsMax": 10, "segmentsMin": 1, "minScore": 0,
    })
}

fn defaults(version: &Version) -> Map<String, Value> {
    let mut all = json!({
        "cleanupIntervalStep": 2, "commitIntervalMsec": 1000,
        "consolidationIntervalMsec": if has_new_policy(version) { 5000 } else { 1000 },
        "consolidationPolicy": tier(version), "primarySort": [], "primarySortCompression": "lz4",
        "storedValues": [], "writebufferIdle": 64, "writebufferActive": 0, "writebufferSizeMax": 33_554_432,
    });
    if version.at_least(3, 12, 0) {
        all["optimizeTopK"] = json!([]);
    }
    all.as_object().cloned().unwrap_or_default()
}

/// Sets a property, in the form in which a server reports it.
fn set(
    call: &mut Call<'_>,
    properties: &mut Map<String, Value>,
    name: &str,
    value: &Value,
) -> Result<(), ApiError> {
    let invalid = || ApiError::bad_parameter(format!("invalid view definition: attribute '{name}'"));
    let value = match name {
        "cleanupIntervalStep"
        | "commitIntervalMsec"
        | "consolidationIntervalMsec"
        | "writebufferIdle"
        | "writebufferActive"
        | "writebufferSizeMax" => value.as_u64().map(Value::from).ok_or_else(invalid)?,
        "consolidationPolicy" => policy(call, value)?,
        "primarySort" => sort(value).ok_or_else(invalid)?,
        "primarySortCompression" if matches!(value.as_str(), Some("lz4" | "none")) => value.clone(),
        "primarySortCompression" => return Err(invalid()),
        // Reported only if they are true.
        "primarySortCache" | "primaryKeyCache" if value == true => value.clone(),
        "primarySortCache" | "primaryKeyCache" if value == false => return Ok(()),
        "primarySortCache" | "primaryKeyCache" => return Err(invalid()),
        "storedValues" => stored_values(value).ok_or_else(invalid)?,
        "optimizeTopK" if !call.version.at_least(3, 12, 0) => return Ok(()),
        "optimizeTopK" => {
            let expressions =
                value.as_array().filter(|all| all.len() <= 64 && all.iter().all(Value::is_string));
            expressions.map(|_| value.clone()).ok_or_else(invalid)?
        }
        _ => return Ok(()),
    };
    properties.insert(name.to_owned(), value);
    Ok(())
}

fn policy(call: &mut Call<'_>, given: &Value) -> Result<Value, ApiError> {
    let invalid = || ApiError::bad_parameter("invalid view definition: attribute 'consolidationPolicy'");
    let given = given.as_object().ok_or_else(invalid)?;
    let mut policy = match given.get("type").and_then(Value::as_str) {
        Some("tier") => tier(call.version),
        Some("bytes_accum") => json!({ "type": "bytes_accum", "threshold": 0 }),
        _ => return Err(invalid()),
    };
    let known = [
        "type",
        "threshold",
        "segmentsBytesFloor",
        "segmentsBytesMax",
        "segmentsMax",
        "segmentsMin",
        "minScore",
        "maxSkewThreshold",
        "minDeletionRatio",
    ];
    call.require_attributes(given, "consolidationPolicy.", &known)?;
    for (name, value) in given.iter().filter(|(name, _)| *name != "type") {
        let number = value.as_f64().filter(|number| *number >= 0.0).ok_or_else(invalid)?;
        let is_share = ["threshold", "maxSkewThreshold", "minDeletionRatio"].contains(&name.as_str());
        if is_share && number > 1.0 {
            return Err(invalid());
        }
        // Attributes of another type or version are ignored.
        if let Some(known) = policy.get_mut(name) {
            *known = value.clone();
        }
    }
    Ok(policy)
}

/// Returns fields with directions as booleans, which is how a server reports them.
fn sort(given: &Value) -> Option<Value> {
    let fields = given.as_array()?.iter().map(|one| {
        let field = one.get("field")?.as_str().filter(|field| !field.is_empty())?;
        let ascends = match (one.get("direction").and_then(Value::as_str), one.get("asc")) {
            (Some(direction), None) if direction.eq_ignore_ascii_case("asc") => true,
            (Some(direction), None) if direction.eq_ignore_ascii_case("desc") => false,
            (None, Some(ascends)) => ascends.as_bool()?,
            _ => return None,
        };
        Some(json!({ "field": field, "asc": ascends }))
    });
    fields.collect()
}

/// Returns columns in the long form. A column may be a name, several names, or an object.
fn stored_values(given: &Value) -> Option<Value> {
    let columns = given.as_array()?.iter().map(|column| {
        let long = match column {
            Value::String(_) => json!({ "fields": [column] }),
            Value::Array(_) => json!({ "fields": column }),
            _ => column.clone(),
        };
        let fields = long.get("fields")?.as_array().filter(|all| !all.is_empty())?;
        let compression = long.get("compression").map_or(Some("lz4"), Value::as_str)?;
        if !fields.iter().all(Value::is_string) || !matches!(compression, "lz4" | "none") {
            return None;
        }
        let mut stored = json!({ "fields": fields, "compression": compression });
        if long.get("cache").is_some_and(|cache| *cache == true) {
            stored["cache"] = true.into();
        }
        Some(stored)
    });
    columns.collect()
}
