//! `/_api/gharial`: definitions of named graphs.

use http::Method;
use serde_json::{Value, json};

use super::modelled::Modelled;
use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::databases::{Kind, ShardingOptions};

fn modelled(call: &Call<'_>, rest: &[&str]) -> Modelled {
    match (&call.request.method, rest) {
        (&Method::POST, []) => {
            Modelled::NOTHING.attributes(&["name", "edgeDefinitions", "orphanCollections"])
        }
        (&Method::POST, [_, "vertex"]) => Modelled::NOTHING.attributes(&["collection"]),
        (&Method::POST, [_, "edge"]) => Modelled::NOTHING.attributes(&["collection", "from", "to"]),
        _ => Modelled::NOTHING,
    }
}

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    call.require_modelled(&modelled(call, rest))?;
    match (call.request.method.clone(), rest) {
        (Method::GET, []) => {
            let graphs: Vec<_> = call.database()?.graphs.values().cloned().collect();
            Ok(Reply::flat(200, json!({ "graphs": graphs })))
        }
        (Method::POST, []) => {
            call.require_write()?;
            create(call)
        }
        (Method::GET, [name]) => {
            let graph = call.database()?.graphs.get(*name).ok_or_else(|| not_found(name))?;
            Ok(Reply::flat(200, json!({ "graph": graph })))
        }
        (Method::DELETE, [name]) => {
            call.require_write()?;
            call.database_mut()?.graphs.remove(*name).ok_or_else(|| not_found(name))?;
            Ok(Reply::flat(202, json!({ "removed": true })))
        }
        (Method::POST, [name, "vertex"]) => {
            call.require_write()?;
            let collection = text(&call.object()?, "collection")?;
            ensure_collection(call, &collection, Kind::Document)?;
            add(call, name, "orphanCollections", json!(collection))
        }
        (Method::POST, [name, "edge"]) => {
            call.require_write()?;
            let definition = call.object()?;
            ensure_collection(call, &text(&definition, "collection")?, Kind::Edge)?;
            add(call, name, "edgeDefinitions", definition)
        }
        _ => Err(call.unsupported()),
    }
}

fn text(body: &Value, key: &str) -> Result<String, ApiError> {
    let text = body.get(key).and_then(Value::as_str).map(str::to_owned);
    text.ok_or_else(|| ApiError::bad_parameter(format!("missing `{key}`")))
}

fn not_found(name: &str) -> ApiError {
    ApiError::new(404, 1924, format!("graph '{name}' not found"))
}

fn create(call: &mut Call<'_>) -> HandlerResult {
    let body = call.object()?;
    let name = text(&body, "name")?;
    if call.database()?.graphs.contains_key(&name) {
        return Err(ApiError::new(409, 1925, "graph already exists"));
    }
    let list = |key: &str| body.get(key).cloned().filter(Value::is_array).unwrap_or_else(|| json!([]));
    let graph = json!({
        "_key": name, "_id": format!("_graphs/{name}"), "_rev": call.state.ids.revision(), "name": name,
        "edgeDefinitions": list("edgeDefinitions"), "orphanCollections": list("orphanCollections"),
    });
    call.database_mut()?.graphs.insert(name, graph.clone());
    Ok(Reply::flat(202, json!({ "graph": graph })))
}

/// Creates a collection of a graph, if it does not exist.
fn ensure_collection(call: &mut Call<'_>, name: &str, kind: Kind) -> Result<(), ApiError> {
    if call.database()?.collection(name).is_some() {
        return Ok(());
    }
    let servers = call.state.usable_db_servers();
    let propagation = call.state.new_propagation(call.index);
    let (state, database) = (&mut *call.state, &call.request.database);
    let content = state.databases.get_mut(database).ok_or_else(ApiError::database_not_found)?;
    let layout = ShardingOptions {
        shards: 1,
        replication_factor: content.replication_factor,
        write_concern: content.write_concern,
        distribute_shards_like: None,
    };
    let first = content.collections.len();
    content.add(&mut state.ids, name, kind, &layout, &servers, first).propagation = propagation;
    Ok(())
}

fn add(call: &mut Call<'_>, name: &str, list: &str, item: Value) -> HandlerResult {
    let revision = call.state.ids.revision();
    let graph = call.database_mut()?.graphs.get_mut(name).ok_or_else(|| not_found(name))?;
    graph["_rev"] = revision.into();
    if let Some(items) = graph[list].as_array_mut() {
        items.push(item);
    }
    let graph = graph.clone();
    Ok(Reply::flat(202, json!({ "graph": graph })))
}
