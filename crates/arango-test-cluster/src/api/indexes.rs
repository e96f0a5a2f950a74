//! `/_api/index`

use http::Method;
use serde_json::{Value, json};

use super::collections::{find, find_mut, object};
use super::modelled::Modelled;
use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};

/// The attributes of a new index, of any type.
const NEW: &[&str] = &[
    "type",
    "name",
    "fields",
    "unique",
    "sparse",
    "deduplicate",
    "estimates",
    "cacheEnabled",
    "storedValues",
    "expireAfter",
    "geoJson",
    "minLength",
    "fieldValueTypes",
    "inBackground",
];

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    let modelled = match rest {
        [] => Modelled::parameters(&["collection"]).attributes(NEW),
        _ => Modelled::NOTHING,
    };
    call.require_modelled(&modelled)?;
    match (call.request.method.clone(), rest) {
        (Method::GET, []) => {
            let collection = find(call, &collection_of_query(call)?)?;
            let by_id = collection.indexes.iter().filter_map(|index| {
                let id = index.get("id")?.as_str()?.to_owned();
                Some((id, Value::Object(index.clone())))
            });
            Ok(Reply::flat(200, json!({ "indexes": collection.indexes, "identifiers": object(by_id) })))
        }
        (Method::POST, []) => {
            call.require_write()?;
            create(call)
        }
        (Method::GET, [collection, id]) => {
            let found = find(call, collection)?;
            let index =
                found.indexes.iter().find(|index| matches(index, collection, id)).ok_or_else(not_found)?;
            Ok(Reply::flat(200, Value::Object(index.clone())))
        }
        (Method::DELETE, [collection, id]) => {
            call.require_write()?;
            let found = find_mut(call, collection)?;
            let place = found
                .indexes
                .iter()
                .position(|index| matches(index, collection, id))
                .ok_or_else(not_found)?;
            if matches!(found.indexes[place]["type"].as_str(), Some("primary" | "edge")) {
                return Err(ApiError::forbidden("forbidden"));
            }
            found.indexes.remove(place);
            Ok(Reply::flat(200, json!({ "id": format!("{collection}/{id}") })))
        }
        _ => Err(ApiError::wrong_method()),
    }
}

fn collection_of_query(call: &Call<'_>) -> Result<String, ApiError> {
    let name = call.request.query.get("collection").filter(|name| !name.is_empty());
    name.map(str::to_owned).ok_or_else(|| ApiError::new(400, 1204, "expecting parameter `collection`"))
}

fn matches(index: &serde_json::Map<String, Value>, collection: &str, id: &str) -> bool {
    index["id"] == format!("{collection}/{id}") || index["name"] == *id
}

fn not_found() -> ApiError {
    ApiError::new(404, 1212, "index not found")
}

/// Creates an index, or returns the existing one with an equal definition.
fn create(call: &mut Call<'_>) -> HandlerResult {
    let name = collection_of_query(call)?;
    let body = call.object()?;
    let kind = body.get("type").and_then(Value::as_str).unwrap_or_default();
    let known = [
        "persistent",
        "hash",
        "skiplist",
        "ttl",
        "geo",
        "fulltext",
        "inverted",
        "zkd",
        "mdi",
        "mdi-prefixed",
    ];
    let is_removed_kind = call.version.is_4() && matches!(kind, "hash" | "skiplist" | "fulltext" | "zkd");
    let fields =
        body.get("fields").filter(|fields| fields.as_array().is_some_and(|fields| !fields.is_empty()));
    let Some(fields) = fields.filter(|_| known.contains(&kind) && !is_removed_kind) else {
        return Err(ApiError::bad_parameter("invalid index definition"));
    };
    let found = find(call, &name)?;
    if let Some(equal) =
        found.indexes.iter().find(|index| index["type"] == kind && index["fields"] == *fields)
    {
        let mut payload = Value::Object(equal.clone());
        payload["isNewlyCreated"] = false.into();
        return Ok(Reply::flat(200, payload));
    }
    let number = call.state.ids.next();
    let mut index = body.as_object().cloned().unwrap_or_default();
    index.insert("id".into(), format!("{name}/{number}").into());
    for (key, default) in
        [("name", json!(format!("idx_{number}"))), ("unique", json!(false)), ("sparse", json!(kind == "geo"))]
    {
        index.entry(key).or_insert(default);
    }
    if kind == "persistent" {
        for (key, default) in [("deduplicate", true), ("estimates", true), ("cacheEnabled", false)] {
            index.entry(key).or_insert(default.into());
        }
        index.insert("selectivityEstimate".into(), 1.into());
    }
    find_mut(call, &name)?.indexes.push(index.clone());
    let mut payload = Value::Object(index);
    payload["isNewlyCreated"] = true.into();
    Ok(Reply::flat(201, payload))
}
