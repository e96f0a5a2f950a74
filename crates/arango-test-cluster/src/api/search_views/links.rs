//! Links of views to collections.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::api::{Call, analyzers};
use crate::http::reply::ApiError;

/// Attributes of a link, and of the fields in it.
const ATTRIBUTES: &[&str] = &[
    "analyzers",
    "cache",
    "fields",
    "inBackground",
    "includeAllFields",
    "nested",
    "storeValues",
    "trackListPositions",
];

/// Applies the links of a body. One that is null is removed.
pub(super) fn change(
    call: &mut Call<'_>,
    body: &Map<String, Value>,
    mut links: BTreeMap<String, Value>,
) -> Result<BTreeMap<String, Value>, ApiError> {
    let given = match body.get("links") {
        None => return Ok(links),
        Some(Value::Object(given)) => given,
        Some(_) => return Err(ApiError::bad_parameter("invalid view definition: attribute 'links'")),
    };
    for (collection, link) in given {
        if call.database()?.collection(collection).is_none() {
            return Err(ApiError::collection_not_found(collection));
        }
        call.require_read(collection)?;
        match link {
            Value::Null => {
                links.remove(collection);
            }
            Value::Object(link) => {
                links.insert(collection.clone(), read(call, link, true)?);
            }
            _ => return Err(ApiError::bad_parameter("invalid view definition: attribute 'links'")),
        }
    }
    Ok(links)
}

/// Reads a link or a field. A link is reported with its defaults, a field as it was given.
fn read(call: &mut Call<'_>, given: &Map<String, Value>, is_link: bool) -> Result<Value, ApiError> {
    call.require_attributes(given, "links.", ATTRIBUTES)?;
    let mut link = if is_link {
        json!({
            "analyzers": ["identity"], "fields": {}, "includeAllFields": false, "storeValues": "none",
            "trackListPositions": false,
        })
    } else {
        json!({})
    };
    for (name, value) in given {
        let invalid =
            || ApiError::bad_parameter(format!("invalid view definition: attribute '{name}' of a link"));
        let value = match name.as_str() {
            "analyzers" => {
                let names = value.as_array().ok_or_else(invalid)?;
                for name in names {
                    if !analyzers::exists(call, name.as_str().ok_or_else(invalid)?) {
                        return Err(invalid());
                    }
                }
                value.clone()
            }
            "fields" | "nested" => {
                let mut fields = Map::new();
                for (field, value) in value.as_object().ok_or_else(invalid)? {
                    let value = value.as_object().ok_or_else(invalid)?;
                    fields.insert(field.clone(), read(call, value, false)?);
                }
                Value::Object(fields)
            }
            "storeValues" if matches!(value.as_str(), Some("none" | "id")) => value.clone(),
            // It is not stored.
            "inBackground" => continue,
            "includeAllFields" | "trackListPositions" | "cache" if value.is_boolean() => value.clone(),
            _ => return Err(invalid()),
        };
        // Reported only if it is true.
        if name != "cache" || value == true {
            link[name] = value;
        }
    }
    Ok(link)
}

/// Returns whether a link or a definition of an index, or something in it, names one of these analyzers.
pub(in crate::api) fn uses(definition: &Value, names: &[String]) -> bool {
    let is_name = |value: &Value| value.as_str().is_some_and(|name| names.iter().any(|one| one == name));
    match definition {
        Value::Object(object) => object.iter().any(|(key, value)| match (key.as_str(), value) {
            ("analyzer", value) => is_name(value),
            ("analyzers", Value::Array(all)) => all.iter().any(is_name),
            (_, value) => uses(value, names),
        }),
        Value::Array(all) => all.iter().any(|value| uses(value, names)),
        _ => false,
    }
}
