//! A new collection.

use std::sync::Arc;

use serde_json::{Value, json};

use super::find;
use super::properties::{properties, set_validation};
use crate::api::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::databases::{Definition, Kind, ShardingOptions};
use crate::store::keys::Keys;
use crate::store::rules::Rules;

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
    if name.is_empty() || name.len() > 256 || name.contains('/') || (name.starts_with('_') && !is_system) {
        return Err(ApiError::new(400, 1208, "illegal name"));
    }
    let database = call.database()?;
    if database.collection(name).is_some() || database.views.contains_key(name) {
        return Err(ApiError::new(409, 1207, "duplicate name"));
    }
    let layout = layout(call, &body)?;
    let kind = match body.get("type") {
        Some(Value::Number(kind)) if kind.as_u64() == Some(3) => Kind::Edge,
        Some(Value::String(kind)) if kind == "3" || kind == "edge" => Kind::Edge,
        _ => Kind::Document,
    };
    let rules = Rules {
        keys: keys(call, &body, layout.shards)?,
        shard_keys: shard_keys(call, &body)?,
        ..Rules::new(name, kind.in_queries())
    };
    let definition = Definition {
        cache_enabled: body.get("cacheEnabled").and_then(Value::as_bool).unwrap_or(false),
        sharding_strategy: strategy(call, &body)?,
        is_satellite: layout.is_satellite,
        smart_join_attribute: smart_join_attribute(call, &body, &rules.shard_keys)?,
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
    collection.rules = Arc::new(rules);
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

fn layout(call: &Call<'_>, body: &Value) -> Result<Layout, ApiError> {
    let database = call.database()?;
    let like = body.get("distributeShardsLike").and_then(Value::as_str).filter(|name| !name.is_empty());
    if let Some(prototype) = like {
        match database.collection(prototype).map(|prototype| prototype.distribute_shards_like.is_some()) {
            None => {
                let text = "could not find collection given in distributeShardsLike";
                return Err(ApiError::new(500, 1486, text));
            }
            Some(true) => return Err(ApiError::new(500, 1484, "conflicting chain of distributeShardsLike")),
            Some(false) => {}
        }
    }
    let count =
        |key: &str| body.get(key).and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok());
    let servers = call.state.usable_db_servers().len();
    let (replication_factor, default_concern) = match body.get("replicationFactor").and_then(Value::as_str) {
        Some("satellite") => (servers, 0),
        Some(_) => return Err(ApiError::bad_parameter("invalid `replicationFactor`")),
        None => (count("replicationFactor").unwrap_or(database.replication_factor), database.write_concern),
    };
    if replication_factor > servers && call.request.query.flag("enforceReplicationFactor", true) {
        return Err(ApiError::new(500, 1487, "not enough DB-Servers for this replication factor"));
    }
    let shards = count("numberOfShards").unwrap_or(1).max(1);
    if shards > 1000 {
        return Err(ApiError::new(400, 1450, "too many shards"));
    }
    let old_concern = count("minReplicationFactor").filter(|_| !call.version.is_4());
    let write_concern = count("writeConcern").or(old_concern).unwrap_or(default_concern);
    if database.sharding == "single" {
        // The server decides: one shard, placed as the database is.
        let replication_factor = database.replication_factor;
        return Ok(Layout { shards: 1, replication_factor, write_concern, like: None, is_satellite: false });
    }
    let is_satellite = body.get("replicationFactor").is_some_and(Value::is_string);
    Ok(Layout { shards, replication_factor, write_concern, like: like.map(str::to_owned), is_satellite })
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
