//! `/_api/index`
//!
//! The definitions of indexes are checked and reported. Of their effects, only the uniqueness of persistent indexes is
//! simulated.

mod definition;

use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value, json};

use self::definition::Definition;
use super::collections::{find, find_mut, object};
use super::modelled::Modelled;
use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    let modelled = match (&call.request.method, rest) {
        (&Method::GET, []) => Modelled::parameters(&["collection", "withHidden"]),
        (_, []) => Modelled::parameters(&["collection"]).attributes(definition::ATTRIBUTES),
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
            drop_one(call, collection, id)
        }
        _ => Err(ApiError::wrong_method()),
    }
}

fn drop_one(call: &mut Call<'_>, collection: &str, id: &str) -> HandlerResult {
    let found = find_mut(call, collection)?;
    let place =
        found.indexes.iter().position(|index| matches(index, collection, id)).ok_or_else(not_found)?;
    if matches!(found.indexes[place]["type"].as_str(), Some("primary" | "edge")) {
        return Err(ApiError::forbidden("forbidden"));
    }
    let index = found.indexes.remove(place);
    let name = index["name"].as_str().unwrap_or_default();
    Arc::make_mut(&mut found.documents).remove_unique(name);
    let collection = found.name.clone();
    let views = call.database_mut()?.views.values_mut();
    views.for_each(|view| view.definition.forget_index(&collection, name));
    Ok(Reply::flat(200, json!({ "id": index["id"] })))
}

fn collection_of_query(call: &Call<'_>) -> Result<String, ApiError> {
    let name = call.request.query.get("collection").filter(|name| !name.is_empty());
    name.map(str::to_owned).ok_or_else(|| ApiError::new(400, 1204, "expecting parameter `collection`"))
}

fn matches(index: &Map<String, Value>, collection: &str, id: &str) -> bool {
    index["id"] == format!("{collection}/{id}") || index["name"] == *id
}

fn not_found() -> ApiError {
    ApiError::new(404, 1212, "index not found")
}

/// Creates an index, or returns the existing one with an equal definition.
fn create(call: &mut Call<'_>) -> HandlerResult {
    let name = collection_of_query(call)?;
    let body = call.object()?;
    let found = find(call, &name)?;
    let definition = Definition::read(call, &body)?;
    if let Some(equal) = found.indexes.iter().find(|index| definition.is_equal(index)) {
        return Ok(created(200, equal, false));
    }
    let same_name = |index: &&Map<String, Value>| index.get("name") == definition.attributes.get("name");
    if found.indexes.iter().any(|index| same_name(&index)) {
        return Err(ApiError::new(400, 1207, "duplicate name"));
    }
    if definition.kind == "ttl" && found.indexes.iter().any(|index| index["type"] == "ttl") {
        return Err(ApiError::bad_parameter("there can only be one ttl index per collection"));
    }
    let shard_keys = &found.rules.shard_keys;
    if definition.is_unique()
        && found.shards.len() > 1
        && !shard_keys.iter().all(|key| definition.has_field(key))
    {
        return Err(ApiError::new(400, 1470, "shard key must be contained in unique index"));
    }
    let number = call.state.ids.next();
    let found = find_mut(call, &name)?;
    let index = definition.finish(&found.name, number);
    if let Some(unique) = definition::unique_index(&index) {
        // Duplicates are 400 here, unlike those of a document.
        let added = Arc::make_mut(&mut found.documents).add_unique(unique);
        added.map_err(|error| ApiError::new(400, error.number, error.message))?;
    }
    found.indexes.push(index.clone());
    Ok(created(201, &index, true))
}

fn created(status: u16, index: &Map<String, Value>, is_new: bool) -> Reply {
    let mut payload = Value::Object(index.clone());
    payload["isNewlyCreated"] = is_new.into();
    Reply::flat(status, payload)
}
