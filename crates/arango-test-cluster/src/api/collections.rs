//! `/_api/collection`

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Map, Value, json};

use super::modelled::{Modelled, TRANSACTION};
use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::databases::{Collection, Kind, ShardingOptions};

/// The attributes of a new collection.
const NEW: &[&str] = &[
    "name",
    "type",
    "isSystem",
    "waitForSync",
    "numberOfShards",
    "replicationFactor",
    "writeConcern",
    "distributeShardsLike",
];

fn modelled(call: &Call<'_>, rest: &[&str]) -> Modelled {
    match (&call.request.method, rest) {
        (&Method::GET, []) => Modelled::parameters(&["excludeSystem"]),
        (&Method::POST, []) => {
            Modelled::parameters(&["enforceReplicationFactor", "waitForSyncReplication"]).attributes(NEW)
        }
        (&Method::DELETE, [_]) => Modelled::parameters(&["isSystem"]),
        (&Method::PUT, [_, "properties"]) => {
            Modelled::NOTHING.attributes(&["waitForSync", "replicationFactor", "writeConcern"])
        }
        (&Method::GET, [_, "count"]) => Modelled::NOTHING.headers(&[TRANSACTION]),
        (&Method::PUT, [_, "truncate"]) => {
            Modelled::parameters(&["waitForSync", "compact"]).headers(&[TRANSACTION])
        }
        (&Method::GET, [_, "shards"]) => Modelled::parameters(&["details"]),
        _ => Modelled::NOTHING,
    }
}

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    call.require_modelled(&modelled(call, rest))?;
    call.require_no_transaction()?;
    match (call.request.method.clone(), rest) {
        (Method::GET, []) => list(call),
        (Method::POST, []) => {
            call.require_write()?;
            create(call)
        }
        (Method::GET, [name]) => Ok(Reply::flat(200, basic(find(call, name)?, call.version.is_4()))),
        (Method::DELETE, [name]) => {
            call.require_write()?;
            drop_one(call, name)
        }
        (Method::GET, [name, "properties"]) => Ok(Reply::flat(200, properties(call, find(call, name)?))),
        (Method::PUT, [name, "properties"]) => {
            call.require_write()?;
            change(call, name)
        }
        (Method::GET, [name, "count"]) => {
            let collection = find(call, name)?;
            let mut payload = properties(call, collection);
            payload["count"] = collection.documents.len().into();
            Ok(Reply::flat(200, payload))
        }
        (Method::GET, [name, "shards"]) => {
            let collection = find(call, name)?;
            let mut payload = properties(call, collection);
            payload["shards"] = if call.request.query.is_true("details") {
                json!(collection.shards)
            } else {
                json!(collection.shards.keys().collect::<Vec<_>>())
            };
            Ok(Reply::flat(200, payload))
        }
        (Method::PUT, [name, "truncate"]) => {
            call.require_write()?;
            let is_4 = call.version.is_4();
            let collection = find_mut(call, name)?;
            collection.documents.clear();
            Ok(Reply::flat(200, basic(collection, is_4)))
        }
        (Method::PUT, [_, "rename"]) => {
            Err(ApiError::new(501, 1470, "operation is not supported in a cluster"))
        }
        (_, [_] | []) => Err(ApiError::wrong_method()),
        _ => Err(call.unsupported()),
    }
}

pub(super) fn find<'a>(call: &'a Call<'_>, name: &str) -> Result<&'a Collection, ApiError> {
    let found =
        call.database()?.collection(name).filter(|collection| call.is_propagated(collection.propagation));
    found.ok_or_else(|| ApiError::collection_not_found(name))
}

pub(super) fn find_mut<'a>(call: &'a mut Call<'_>, name: &str) -> Result<&'a mut Collection, ApiError> {
    find(call, name)?;
    call.database_mut()?.collection_mut(name).ok_or_else(|| ApiError::collection_not_found(name))
}

fn list(call: &Call<'_>) -> HandlerResult {
    let without_system = call.request.query.is_true("excludeSystem");
    let is_4 = call.version.is_4();
    let collections = call.database()?.collections.values();
    let listed = collections.filter(|collection| {
        call.is_propagated(collection.propagation) && !(without_system && collection.is_system)
    });
    Ok(Reply::result(200, listed.map(|collection| basic(collection, is_4)).collect::<Vec<_>>()))
}

fn basic(collection: &Collection, is_4: bool) -> Value {
    let mut basic = json!({
        "id": collection.id, "name": collection.name, "type": collection.kind.number(),
        "isSystem": collection.is_system,
        "globallyUniqueId": if collection.is_system { collection.name.clone() } else { format!("c{}/", collection.id) },
    });
    if !is_4 {
        basic["status"] = 3.into();
        basic["statusString"] = "loaded".into();
    }
    basic
}

fn properties(call: &Call<'_>, collection: &Collection) -> Value {
    let is_4 = call.version.is_4();
    let mut all = basic(collection, is_4);
    let more = json!({
        "waitForSync": collection.wait_for_sync, "keyOptions": { "type": "traditional", "allowUserKeys": true },
        "schema": null, "computedValues": null, "cacheEnabled": false, "syncByRevision": true,
        "numberOfShards": collection.shards.len(), "shardKeys": ["_key"],
        "replicationFactor": collection.replication_factor, "writeConcern": collection.write_concern,
        "shardingStrategy": "hash", "isSmart": false, "isDisjoint": false, "isSmartChild": false,
    });
    merge(&mut all, more);
    if !is_4 {
        all["minReplicationFactor"] = collection.write_concern.into();
    }
    if let Some(like) = &collection.distribute_shards_like {
        all["distributeShardsLike"] = like.as_str().into();
    }
    all
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

fn create(call: &mut Call<'_>) -> HandlerResult {
    let body = call.object()?;
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
    let is_system = body.get("isSystem").and_then(Value::as_bool).unwrap_or(false);
    if name.is_empty() || name.len() > 256 || name.contains('/') || (name.starts_with('_') && !is_system) {
        return Err(ApiError::new(400, 1208, "illegal name"));
    }
    let database = call.database()?;
    if database.collection(name).is_some() {
        return Err(ApiError::new(409, 1207, "duplicate name"));
    }
    let like = body.get("distributeShardsLike").and_then(Value::as_str);
    if let Some(prototype) = like {
        let prototype = database.collection(prototype);
        match prototype.map(|prototype| prototype.distribute_shards_like.is_some()) {
            None => {
                return Err(ApiError::new(
                    500,
                    1486,
                    "could not find collection given in distributeShardsLike",
                ));
            }
            Some(true) => return Err(ApiError::new(500, 1484, "conflicting chain of distributeShardsLike")),
            Some(false) => {}
        }
    }
    let count =
        |key: &str| body.get(key).and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok());
    let servers = call.state.usable_db_servers();
    let replication_factor = match body.get("replicationFactor").and_then(Value::as_str) {
        Some("satellite") => servers.len(),
        _ => count("replicationFactor").unwrap_or(database.replication_factor),
    };
    if replication_factor > servers.len()
        && call.request.query.get("enforceReplicationFactor") != Some("false")
    {
        return Err(ApiError::new(500, 1487, "not enough DB-Servers for this replication factor"));
    }
    let shards = count("numberOfShards").unwrap_or(1).max(1);
    if shards > 1000 {
        return Err(ApiError::new(400, 1450, "too many shards"));
    }
    let layout = ShardingOptions {
        shards,
        replication_factor,
        write_concern: count("writeConcern").unwrap_or(database.write_concern),
        distribute_shards_like: like,
    };
    let kind = match body.get("type") {
        Some(Value::Number(kind)) if kind.as_u64() == Some(3) => Kind::Edge,
        Some(Value::String(kind)) if kind == "3" || kind == "edge" => Kind::Edge,
        _ => Kind::Document,
    };
    let name = name.to_owned();
    let propagation = call.state.new_propagation(call.index);
    let (state, database) = (&mut *call.state, &call.request.database);
    let content = state.databases.get_mut(database).ok_or_else(ApiError::database_not_found)?;
    let first = content.collections.len();
    let collection = content.add(&mut state.ids, &name, kind, &layout, &servers, first);
    collection.propagation = propagation;
    collection.is_system = is_system;
    collection.wait_for_sync = body.get("waitForSync").and_then(Value::as_bool).unwrap_or(false);
    Ok(Reply::flat(200, properties(call, find(call, &name)?)))
}

fn drop_one(call: &mut Call<'_>, name: &str) -> HandlerResult {
    let collection = find(call, name)?;
    if collection.is_system && !call.request.query.is_true("isSystem") {
        return Err(ApiError::forbidden("forbidden"));
    }
    let (id, name) = (collection.id.clone(), collection.name.clone());
    if call
        .database()?
        .collections
        .values()
        .any(|other| other.distribute_shards_like.as_deref() == Some(&name))
    {
        return Err(ApiError::new(
            500,
            1485,
            "must not drop a collection while one with distributeShardsLike exists",
        ));
    }
    call.database_mut()?.collections.remove(&name);
    Ok(Reply::flat(200, json!({ "id": id })))
}

fn change(call: &mut Call<'_>, name: &str) -> HandlerResult {
    let body = call.object()?;
    let servers = call.state.usable_db_servers();
    let count =
        |key: &str| body.get(key).and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok());
    let (factor, concern) = (count("replicationFactor"), count("writeConcern"));
    let collection = find_mut(call, name)?;
    if let Some(wait) = body.get("waitForSync").and_then(Value::as_bool) {
        collection.wait_for_sync = wait;
    }
    collection.write_concern = concern.unwrap_or(collection.write_concern);
    if let Some(factor) = factor.filter(|factor| (1..=servers.len()).contains(factor)) {
        collection.replication_factor = factor;
        resize(&mut collection.shards, factor, &servers);
    }
    Ok(Reply::flat(200, properties(call, find(call, name)?)))
}

/// Removes surplus followers, or adds missing ones.
fn resize(shards: &mut BTreeMap<String, Vec<String>>, factor: usize, servers: &[String]) {
    for copies in shards.values_mut() {
        copies.truncate(factor);
        let missing = factor - copies.len();
        let free_servers: Vec<_> =
            servers.iter().filter(|server| !copies.contains(server)).take(missing).cloned().collect();
        copies.extend(free_servers);
    }
}

/// Builds an object from pairs whose keys are known only at run time.
pub(super) fn object(pairs: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::Object(pairs.into_iter().collect::<Map<_, _>>())
}
