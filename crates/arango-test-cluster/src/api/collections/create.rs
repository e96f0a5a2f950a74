//! A new collection.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::find;
use super::properties::{properties, set_validation};
use crate::api::names::check_collection;
use crate::api::replication::{Factor, Replication, check_concern, check_factor, too_few_servers, whole};
use crate::api::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::databases::{Definition, Kind, ShardingOptions};
use crate::store::keys::Keys;

/// The attributes of a collection.
pub(super) const ATTRIBUTES: &[&str] = &[
    "name",
    "type",
    "isSystem",
    "waitForSync",
    "schema",
    "computedValues",
    "keyOptions",
    "cacheEnabled",
    "syncByRevision",
    "numberOfShards",
    "shardKeys",
    "replicationFactor",
    "writeConcern",
    "minReplicationFactor",
    "shardingStrategy",
    "distributeShardsLike",
    "smartJoinAttribute",
];

const STRATEGIES: [&str; 3] = ["hash", "community-compat", "enterprise-compat"];

pub(super) fn create(call: &mut Call<'_>) -> HandlerResult {
    let body = call.object()?;
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
    let is_system = body.get("isSystem").and_then(Value::as_bool).unwrap_or(false);
    check_collection(call, name, is_system)?;
    let database = call.database()?;
    if database.collection(name).is_some() || database.views.contains_key(name) {
        return Err(ApiError::new(409, 1207, "duplicate name"));
    }
    let shard_keys = shard_keys(call, &body)?;
    let layout = layout(call, body.as_object().unwrap_or(&Map::new()), &shard_keys)?;
    if layout.is_satellite && shard_keys != ["_key"] && call.version.at_least(3, 12, 0) {
        return Err(ApiError::bad_parameter(
            "a satellite collection cannot have other `shardKeys` than `_key`",
        ));
    }
    let kind = match body.get("type") {
        Some(Value::Number(kind)) if kind.as_u64() == Some(3) => Kind::Edge,
        Some(Value::String(kind)) if kind == "3" || kind == "edge" => Kind::Edge,
        _ => Kind::Document,
    };
    let keys = keys(call, &body, layout.shards)?;
    let definition = Definition {
        cache_enabled: body.get("cacheEnabled").and_then(Value::as_bool).unwrap_or(false),
        sharding_strategy: strategy(call, &body)?,
        is_satellite: layout.is_satellite,
        smart_join_attribute: smart_join_attribute(call, &body, &shard_keys)?,
        ..Definition::default()
    };
    let servers = call.state.usable_db_servers();
    let propagation = call.state.new_propagation(call.index);
    let (state, database) = (&mut *call.state, &call.request.database);
    let content = state.databases.get_mut(database).ok_or_else(ApiError::database_not_found)?;
    let first = content.collections.len();
    let layout = layout.options();
    let mut collection = content.place(&mut state.ids, name, kind, &layout, &servers, first);
    collection.propagation = propagation;
    collection.is_system = is_system;
    collection.wait_for_sync = body.get("waitForSync").and_then(Value::as_bool).unwrap_or(false);
    let rules = Arc::make_mut(&mut collection.rules);
    (rules.keys, rules.shard_keys) = (keys, shard_keys);
    collection.definition = definition;
    set_validation(&mut collection, &body)?;
    content.collections.insert(name.to_owned(), collection);
    Ok(Reply::flat(200, properties(call, find(call, name)?)))
}

/// Where the shards of a new collection are placed.
struct Layout {
    shards: usize,
    replication_factor: usize,
    write_concern: usize,
    like: Option<String>,
    is_satellite: bool,
}

impl Layout {
    fn options(&self) -> ShardingOptions<'_> {
        ShardingOptions {
            shards: self.shards,
            replication_factor: self.replication_factor,
            write_concern: self.write_concern,
            distribute_shards_like: self.like.as_deref(),
        }
    }
}

fn layout(call: &Call<'_>, body: &Map<String, Value>, shard_keys: &[String]) -> Result<Layout, ApiError> {
    let database = call.database()?;
    let wanted = Replication::read(body, call.version)?;
    let shards = match body.get("numberOfShards") {
        None | Some(Value::Null) => 1,
        Some(number) => whole(number, "numberOfShards")?,
    };
    if shards > 1000 {
        return Err(ApiError::new(400, 1450, "too many shards"));
    }
    let like = body.get("distributeShardsLike").and_then(Value::as_str).filter(|name| !name.is_empty());
    let layout = if database.sharding == "single" {
        // The server decides: one shard, placed as the database is.
        Layout {
            shards: 1,
            replication_factor: database.replication_factor,
            write_concern: own_concern(call, wanted).unwrap_or(database.write_concern),
            like: None,
            is_satellite: false,
        }
    } else if let Some(like) = like {
        let text = "could not find collection given in distributeShardsLike";
        let prototype = database.collection(like).ok_or_else(|| ApiError::of_number(1486, text))?;
        if prototype.distribute_shards_like.is_some() {
            return Err(ApiError::of_number(1484, "conflicting chain of distributeShardsLike"));
        }
        if prototype.rules.shard_keys.len() != shard_keys.len() {
            return Err(ApiError::bad_parameter(
                "`shardKeys` must have as many attributes as those of the collection in `distributeShardsLike`",
            ));
        }
        Layout {
            shards: prototype.shards.len(),
            replication_factor: prototype.replication_factor,
            write_concern: own_concern(call, wanted).unwrap_or(prototype.write_concern),
            like: Some(prototype.name.clone()),
            is_satellite: prototype.definition.is_satellite,
        }
    } else {
        if shards == 0 {
            return Err(ApiError::bad_parameter("`numberOfShards` must be at least 1"));
        }
        placed(call, wanted, shards)?
    };
    if layout.is_satellite {
        return Ok(Layout { write_concern: 0, ..layout });
    }
    check_concern(layout.write_concern, layout.replication_factor)?;
    Ok(layout)
}

/// Returns the layout of a collection that follows no other one.
fn placed(call: &Call<'_>, wanted: Replication, shards: usize) -> Result<Layout, ApiError> {
    let database = call.database()?;
    let servers = call.state.usable_db_servers().len();
    if wanted.factor == Some(Factor::Satellite) {
        let (replication_factor, write_concern) = (servers, 0);
        return Ok(Layout { shards: 1, replication_factor, write_concern, like: None, is_satellite: true });
    }
    let replication_factor = match wanted.factor {
        Some(Factor::Count(count)) => count,
        _ => database.replication_factor,
    };
    let write_concern = wanted.concern.unwrap_or(database.write_concern);
    if call.request.query.flag("enforceReplicationFactor", true) {
        check_factor(replication_factor, servers)?;
        if write_concern > servers && !call.version.at_least(3, 12, 0) {
            return Err(too_few_servers());
        }
    }
    Ok(Layout { shards, replication_factor, write_concern, like: None, is_satellite: false })
}

/// Returns the write concern of a request. Before 3.12 a collection that is placed like another one has none by itself.
fn own_concern(call: &Call<'_>, wanted: Replication) -> Option<usize> {
    wanted.concern.filter(|_| call.version.at_least(3, 12, 0))
}

fn keys(call: &mut Call<'_>, body: &Value, shards: usize) -> Result<Arc<Keys>, ApiError> {
    match body.get("keyOptions") {
        None | Some(Value::Null) => Ok(Arc::default()),
        Some(Value::Object(options)) => {
            let names = ["type", "allowUserKeys", "increment", "offset", "lastValue"];
            call.require_attributes(options, "keyOptions.", &names)?;
            Ok(Arc::new(Keys::read(options, shards, call.version.at_least(3, 12, 0))?))
        }
        Some(_) => Err(ApiError::bad_parameter("`keyOptions` must be an object")),
    }
}

fn shard_keys(call: &mut Call<'_>, body: &Value) -> Result<Vec<String>, ApiError> {
    let keys = match body.get("shardKeys") {
        None | Some(Value::Null) => json!(["_key"]),
        Some(keys) => keys.clone(),
    };
    let names = keys.as_array().filter(|keys| (1..=8).contains(&keys.len()));
    let names: Option<Vec<String>> =
        names.and_then(|keys| keys.iter().map(|key| key.as_str().map(str::to_owned)).collect());
    let names = names.ok_or_else(|| ApiError::bad_parameter("`shardKeys` must be an array of strings"))?;
    // A colon at one of the ends belongs to smart collections.
    let is_forbidden = |name: &String| {
        let name = name.strip_prefix(':').or_else(|| name.strip_suffix(':')).unwrap_or(name);
        matches!(name, "_id" | "_rev")
    };
    if names.iter().any(is_forbidden) {
        return Err(ApiError::bad_parameter("`_id` and `_rev` cannot be shard keys"));
    }
    let is_smart = body.get("smartJoinAttribute").is_some_and(|name| !name.is_null()) && names.len() == 1;
    let is_refused = |name: &String| name.starts_with(':') || (name.ends_with(':') && !is_smart);
    match names.iter().find(|name| is_refused(name)) {
        Some(_) => Err(call.not_modelled("attribute", "shardKeys of a smart collection")),
        None => Ok(names),
    }
}

/// Returns the attribute by which a collection is joined with another one. Its shard key ends with a colon.
fn smart_join_attribute(
    call: &mut Call<'_>,
    body: &Value,
    shard_keys: &[String],
) -> Result<Option<String>, ApiError> {
    match (body.get("smartJoinAttribute"), shard_keys) {
        (None | Some(Value::Null), _) => Ok(None),
        (Some(Value::String(name)), [key]) if !name.is_empty() && key.ends_with(':') => {
            Ok(Some(name.clone()))
        }
        _ => {
            Err(call
                .not_modelled("attribute", "smartJoinAttribute without a shard key that ends with a colon"))
        }
    }
}

fn strategy(call: &mut Call<'_>, body: &Value) -> Result<String, ApiError> {
    match body.get("shardingStrategy").and_then(Value::as_str) {
        None | Some("") => Ok(Definition::default().sharding_strategy),
        Some(strategy) if STRATEGIES.contains(&strategy) => Ok(strategy.to_owned()),
        Some(strategy) => Err(call.not_modelled("attribute", &format!("shardingStrategy: {strategy}"))),
    }
}
