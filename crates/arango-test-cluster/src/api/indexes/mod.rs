//! `/_api/index`
//!
//! The definitions of indexes are checked and reported, and building them may take time. Persistent and
//! multi-dimensional ones can be unique, and functions of AQL search geo and fulltext ones. Other effects are not
//! simulated.

mod definition;
mod search;
mod vector;

use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value, json};

use self::definition::Definition;
use super::collections::{find, find_mut, object};
use super::modelled::Modelled;
use super::{Call, HandlerResult, Outcome};
use crate::http::reply::{ApiError, Reply};
use crate::state::State;
use crate::state::index_builds::{BuildState, IndexBuild};

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> Result<Outcome, ApiError> {
    let modelled = match (&call.request.method, rest) {
        (&Method::GET, []) => Modelled::parameters(&["collection", "withHidden", "withStats"]),
        (_, []) => Modelled::parameters(&["collection"]).attributes(definition::ATTRIBUTES),
        _ => Modelled::NOTHING,
    };
    call.require_modelled(&modelled)?;
    let reply = match (call.request.method.clone(), rest) {
        (Method::GET, []) => list(call),
        (Method::POST, []) => {
            call.require_definition_write()?;
            return create(call);
        }
        (Method::GET, [collection, id]) => {
            let found = find(call, collection)?;
            let index =
                found.indexes.iter().find(|index| matches(index, collection, id)).ok_or_else(not_found)?;
            Ok(Reply::flat(200, Value::Object(index.clone())))
        }
        (Method::DELETE, [collection, id]) => {
            call.require_definition_write_of(&find(call, collection)?.name)?;
            drop_one(call, collection, id)
        }
        _ => Err(ApiError::wrong_method()),
    };
    reply.map(Outcome::Now)
}

/// Lists the indexes, and with `withHidden` those that are being built.
fn list(call: &mut Call<'_>) -> HandlerResult {
    let name = collection_of_query(call)?;
    let mut indexes = find(call, &name)?.indexes.clone();
    if call.request.query.is_true("withStats") {
        add_figures(call, &mut indexes)?;
    }
    let collection = find(call, &name)?;
    if call.request.query.is_true("withHidden") {
        let (database, now) = (&call.request.database, call.state.current_time);
        for (build, progress) in call.state.index_builds.of(database, &collection.name, now) {
            let mut index = build.index.clone();
            if call.version.reports_index_progress() {
                index.insert("progress".into(), progress.into());
            }
            indexes.push(index);
        }
    }
    let by_id = indexes.iter().filter_map(|index| {
        let id = index.get("id")?.as_str()?.to_owned();
        Some((id, Value::Object(index.clone())))
    });
    let identifiers = object(by_id);
    Ok(Reply::flat(200, json!({ "indexes": indexes, "identifiers": identifiers })))
}

/// Adds the figures of indexes that are built. A coordinator keeps none in memory, and does not ask the leaders.
fn add_figures(call: &mut Call<'_>, indexes: &mut [Map<String, Value>]) -> Result<(), ApiError> {
    if indexes.iter().any(|index| index["type"] == "inverted") {
        return Err(call.not_modelled("query parameter", "withStats with an inverted index"));
    }
    for index in indexes {
        index.insert("figures".into(), json!({ "memory": 0 }));
    }
    Ok(())
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
fn create(call: &mut Call<'_>) -> Result<Outcome, ApiError> {
    let name = collection_of_query(call)?;
    let body = call.object()?;
    let found = find(call, &name)?;
    call.require_definition_write_of(&found.name)?;
    let definition = Definition::read(call, &body)?;
    if let Some(equal) = found.indexes.iter().find(|index| definition.is_equal(index)) {
        return Ok(Outcome::Now(created(200, equal, false)));
    }
    let (database, now) = (call.request.database.clone(), call.state.current_time);
    let builds: Vec<IndexBuild> =
        call.state.index_builds.of(&database, &found.name, now).map(|(build, _)| build.clone()).collect();
    if let Some(build) = builds.iter().find(|build| definition.is_equal(&build.index)) {
        return Ok(until_built(call, build.clone(), false));
    }
    let same_name = |index: &Map<String, Value>| index.get("name") == definition.attributes.get("name");
    if found.indexes.iter().any(same_name) || builds.iter().any(|build| same_name(&build.index)) {
        return Err(ApiError::new(400, 1207, "duplicate name"));
    }
    let is_ttl = |index: &Map<String, Value>| index["type"] == "ttl";
    let mut known = found.indexes.iter().chain(builds.iter().map(|build| &build.index));
    if definition.kind == "ttl" && known.any(is_ttl) {
        return Err(ApiError::bad_parameter("there can only be one ttl index per collection"));
    }
    let shard_keys = &found.rules.shard_keys;
    if definition.is_unique()
        && found.shards.len() > 1
        && !shard_keys.iter().all(|key| definition.has_field(key))
    {
        return Err(ApiError::new(400, 1470, "shard key must be contained in unique index"));
    }
    definition.check_documents(call.version, found.documents.len())?;
    let (collection, collection_id) = (found.name.clone(), found.id.clone());
    let number = call.state.ids.next();
    let index = definition.finish(&collection, number);
    let unique = definition::unique_index(&index);
    let coordinator = call.index;
    let began = now;
    let build = IndexBuild { number, database, collection, collection_id, index, unique, coordinator, began };
    call.state.index_builds.begin(build.clone());
    Ok(until_built(call, build, true))
}

/// Responds when an index is built.
fn until_built(call: &mut Call<'_>, mut build: IndexBuild, is_new: bool) -> Outcome {
    let coordinator = call.index;
    let time = call.state.index_builds.time;
    let mut check = move |state: &mut State| {
        state.finish_index_builds(state.current_time);
        match state.index_build(&build.database, &build.collection, build.number) {
            BuildState::Building => None,
            BuildState::Built => Some(created(if is_new { 201 } else { 200 }, &build.index, is_new)),
            // Duplicates are 400 here, unlike those of a document.
            BuildState::Failed(error) => Some(ApiError::new(400, error.number, error.message).into()),
            BuildState::Vanished if state.has_collection_of(&build) => {
                build.coordinator = coordinator;
                build.began = state.current_time;
                state.index_builds.begin(build.clone());
                None
            }
            BuildState::Vanished => Some(ApiError::collection_not_found(&build.collection).into()),
        }
    };
    match check(call.state) {
        Some(reply) => Outcome::Now(reply),
        None => Outcome::Wait { every: time / 20, check: Box::new(check) },
    }
}

fn created(status: u16, index: &Map<String, Value>, is_new: bool) -> Reply {
    let mut payload = Value::Object(index.clone());
    payload["isNewlyCreated"] = is_new.into();
    Reply::flat(status, payload)
}
