//! What is reported about a collection, and what can be changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{find, find_mut};
use crate::api::replication::{Factor, Replication, check_concern, check_factor, too_few_servers};
use crate::api::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::databases::Collection;
use crate::store::computed::ComputedValue;
use crate::store::schema::Schema;

/// Returns what every list of collections reports.
pub(super) fn basic(collection: &Collection, is_4: bool) -> Value {
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

/// Returns all properties.
pub(in crate::api) fn properties(call: &Call<'_>, collection: &Collection) -> Value {
    let is_4 = call.version.is_4();
    let definition = &collection.definition;
    let mut all = basic(collection, is_4);
    let more = json!({
        "waitForSync": collection.wait_for_sync, "keyOptions": collection.rules.keys.options(),
        "schema": definition.schema, "computedValues": definition.computed_values,
        "cacheEnabled": definition.cache_enabled, "syncByRevision": true,
        "numberOfShards": collection.shards.len(), "shardKeys": collection.rules.shard_keys,
        "replicationFactor": collection.replication_factor, "writeConcern": collection.write_concern,
        "shardingStrategy": definition.sharding_strategy, "isSmart": false, "isDisjoint": false,
        "isSmartChild": false,
    });
    if let (Value::Object(all), Value::Object(more)) = (&mut all, more) {
        all.extend(more);
    }
    if definition.is_satellite {
        all["replicationFactor"] = "satellite".into();
    }
    if let Some(name) = &definition.smart_join_attribute {
        all["smartJoinAttribute"] = name.as_str().into();
    }
    if !is_4 {
        all["minReplicationFactor"] = collection.write_concern.into();
    }
    if let Some(like) = &collection.distribute_shards_like {
        all["distributeShardsLike"] = like.as_str().into();
    }
    all
}

/// Changes the properties that can be changed. A server ignores all others.
pub(super) fn change(call: &mut Call<'_>, name: &str) -> HandlerResult {
    let body = call.object()?;
    let servers = call.state.usable_db_servers();
    let wanted = Replication::read(body.as_object().unwrap_or(&Map::new()), call.version)?;
    let collection = find_mut(call, name)?;
    if body.get("replicationFactor").and_then(Value::as_u64) == Some(0) && !collection.definition.is_satellite
    {
        return Err(ApiError::bad_parameter("`replicationFactor` must be at least 1"));
    }
    let (factor, concern) = replication(collection, wanted, servers.len())?;
    set_validation(collection, &body)?;
    if let Some(wait) = body.get("waitForSync").and_then(Value::as_bool) {
        collection.wait_for_sync = wait;
    }
    if let Some(enabled) = body.get("cacheEnabled").and_then(Value::as_bool) {
        collection.definition.cache_enabled = enabled;
    }
    collection.write_concern = concern;
    if factor != collection.replication_factor {
        collection.replication_factor = factor;
        resize(&mut collection.shards, factor, &servers);
    }
    Ok(Reply::flat(200, properties(call, find(call, name)?)))
}

/// Returns the replication factor and the write concern that a collection has after a change.
fn replication(
    collection: &Collection,
    wanted: Replication,
    servers: usize,
) -> Result<(usize, usize), ApiError> {
    let (old_factor, old_concern) = (collection.replication_factor, collection.write_concern);
    let is_satellite = collection.definition.is_satellite;
    let concern = wanted.concern.unwrap_or(old_concern);
    let factor = match wanted.factor {
        None => old_factor,
        Some(Factor::Satellite) if is_satellite => old_factor,
        Some(Factor::Satellite) => {
            return Err(ApiError::forbidden("a collection cannot become a satellite collection"));
        }
        Some(Factor::Count(count)) => count,
    };
    if wanted.factor.is_some() && !is_satellite {
        check_factor(factor, servers)?;
    }
    if wanted.concern.is_some_and(|concern| concern > servers) {
        return Err(too_few_servers());
    }
    let is_changed = factor != old_factor || matches!(wanted.factor, Some(Factor::Count(_)));
    if is_satellite && (is_changed || concern != old_concern) {
        return Err(ApiError::forbidden("the copies of a satellite collection cannot be changed"));
    }
    if collection.distribute_shards_like.is_some() && factor != old_factor {
        let text = "cannot change replicationFactor for a collection using 'distributeShardsLike'";
        return Err(ApiError::forbidden(text));
    }
    if !is_satellite && (wanted.factor.is_some() || wanted.concern.is_some()) {
        check_concern(concern, factor)?;
    }
    Ok((factor, concern))
}

/// Sets schema and computed values, if the body has them. Nothing is changed if one of them is invalid.
pub(super) fn set_validation(collection: &mut Collection, body: &Value) -> Result<(), ApiError> {
    let is_empty = |value: &Value| value.is_null() || value.as_object().is_some_and(Map::is_empty);
    let schema = match body.get("schema") {
        Some(schema) if is_empty(schema) => Some((Value::Null, None)),
        Some(schema) => Some((completed_schema(schema), Some(Arc::new(Schema::read(schema)?)))),
        None => None,
    };
    let computed = match body.get("computedValues") {
        Some(Value::Null) => Some((Value::Null, Vec::new())),
        Some(Value::Array(values)) if values.is_empty() => Some((Value::Null, Vec::new())),
        Some(Value::Array(values)) => {
            let read = ComputedValue::read_all(values, &collection.rules.shard_keys)?;
            Some((values.iter().map(completed_value).collect(), read))
        }
        Some(_) => return Err(ApiError::bad_parameter("`computedValues` must be an array")),
        None => None,
    };
    if let Some((echo, schema)) = schema {
        collection.definition.schema = echo;
        Arc::make_mut(&mut collection.rules).schema = schema;
    }
    if let Some((echo, values)) = computed {
        collection.definition.computed_values = echo;
        Arc::make_mut(&mut collection.rules).computed_values = values.into();
    }
    Ok(())
}

fn completed_schema(schema: &Value) -> Value {
    with_defaults(schema, &[("level", json!("strict")), ("message", json!("")), ("type", json!("json"))])
}

/// Completes a computed value. The writes have a fixed order, and each of them occurs once.
fn completed_value(value: &Value) -> Value {
    let on = value.get("computeOn").and_then(Value::as_array);
    let is_on = |write: &&str| on.is_none_or(|on| on.iter().any(|one| one == write));
    let on: Value = ["insert", "update", "replace"].into_iter().filter(is_on).collect();
    let mut completed = with_defaults(value, &[("keepNull", json!(true)), ("failOnWarning", json!(false))]);
    completed["computeOn"] = on;
    completed
}

fn with_defaults(given: &Value, defaults: &[(&str, Value)]) -> Value {
    let mut all = given.as_object().cloned().unwrap_or_default();
    for (name, value) in defaults {
        all.entry(*name).or_insert_with(|| value.clone());
    }
    Value::Object(all)
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
