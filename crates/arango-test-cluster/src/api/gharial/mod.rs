//! `/_api/gharial`: definitions of named graphs. Their vertices and edges are documents, and not simulated here.

mod changes;
mod definition;

use http::Method;
use serde_json::{Value, json};

use self::definition::{EdgeDefinition, GraphOptions};
use super::modelled::Modelled;
use super::{Call, HandlerResult, Outcome};
use crate::http::reply::{ApiError, Reply};
use crate::http::request::TRANSACTION;
use crate::state::databases::{Kind, ShardingOptions};

fn modelled(call: &Call<'_>, rest: &[&str]) -> Modelled {
    match (&call.request.method, rest) {
        (&Method::POST, []) => {
            let names = &["name", "edgeDefinitions", "orphanCollections", "options", "isSmart", "isDisjoint"];
            Modelled::parameters(&["waitForSync"]).attributes(names)
        }
        (&Method::DELETE, [_]) => Modelled::parameters(&["dropCollections", "waitForSync"]),
        (&Method::POST, [_, "vertex"]) => {
            Modelled::parameters(&["waitForSync"]).attributes(&["collection", "options"])
        }
        (&Method::POST, [_, "edge"]) => {
            Modelled::parameters(&["waitForSync"]).attributes(&["collection", "from", "to", "options"])
        }
        (&Method::DELETE, [_, "vertex", _]) => Modelled::parameters(&["dropCollection"]),
        // A server ignores `dropCollection` here. Some clients send it.
        (&Method::DELETE, [_, "edge", _]) => Modelled::parameters(&["dropCollection", "dropCollections"]),
        (&Method::PUT, [_, "edge", _]) => {
            Modelled::NOTHING.attributes(&["collection", "from", "to", "options", "purge"])
        }
        _ => Modelled::NOTHING,
    }
    .headers(&[TRANSACTION])
}

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> Result<Outcome, ApiError> {
    call.require_modelled(&modelled(call, rest))?;
    if let Some(outcome) = call.enter_transaction()? {
        return Ok(outcome);
    }
    if call.transaction.is_some() && call.request.method != Method::GET {
        return Err(call.not_modelled("header", TRANSACTION));
    }
    respond(call, rest).map(Outcome::Now)
}

fn respond(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
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
            remove(call, name)
        }
        (Method::POST, [name, "vertex"]) => {
            call.require_write()?;
            add_vertices(call, name)
        }
        (Method::POST, [name, "edge"]) => {
            call.require_write()?;
            add_edges(call, name)
        }
        (Method::GET, [name, "vertex"]) => changes::vertex_collections(call, name),
        (Method::GET, [name, "edge"]) => changes::edge_collections(call, name),
        (Method::DELETE, [name, "vertex", collection]) => {
            call.require_write()?;
            changes::remove_vertices(call, name, collection)
        }
        (Method::DELETE, [name, "edge", collection]) => {
            call.require_write()?;
            changes::remove_edges(call, name, collection)
        }
        (Method::PUT, [name, "edge", collection]) => {
            call.require_write()?;
            changes::replace_edges(call, name, collection)
        }
        _ => Err(call.unsupported()),
    }
}

fn text(body: &Value, key: &str) -> Result<String, ApiError> {
    let text = body.get(key).and_then(Value::as_str).map(str::to_owned);
    text.ok_or_else(|| ApiError::bad_parameter(format!("missing `{key}`")))
}

/// Refuses options of single definitions. They are about smart graphs only.
fn require_no_options(call: &mut Call<'_>, body: &Value) -> Result<(), ApiError> {
    match body.get("options") {
        Some(Value::Object(options)) => call.require_attributes(options, "options.", &[]),
        _ => Ok(()),
    }
}

fn not_found(name: &str) -> ApiError {
    ApiError::new(404, 1924, format!("graph '{name}' not found"))
}

/// Returns 201 if the request waits for the disk, else 202.
fn written(call: &Call<'_>) -> u16 {
    if call.request.query.is_true("waitForSync") { 201 } else { 202 }
}

fn create(call: &mut Call<'_>) -> HandlerResult {
    let body = call.object()?;
    let name = text(&body, "name")?;
    if call.database()?.graphs.contains_key(&name) {
        return Err(ApiError::new(409, 1925, "graph already exists"));
    }
    let options = GraphOptions::read(call, &body)?;
    let list = |key: &str| body.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let definitions: Vec<_> =
        list("edgeDefinitions").iter().map(EdgeDefinition::read).collect::<Result<_, _>>()?;
    for (index, definition) in definitions.iter().enumerate() {
        definition.require_new(&definitions[..index])?;
    }
    let orphans: Vec<String> =
        list("orphanCollections").iter().filter_map(|name| name.as_str().map(str::to_owned)).collect();
    for definition in &definitions {
        ensure_all(call, definition, &options)?;
    }
    for orphan in &orphans {
        ensure_collection(call, orphan, Kind::Document, &options)?;
    }
    let definitions: Vec<_> = definitions.iter().map(EdgeDefinition::json).collect();
    let mut graph = json!({
        "_key": name, "_id": format!("_graphs/{name}"), "_rev": call.state.ids.revision(), "name": name,
        "edgeDefinitions": definitions, "orphanCollections": orphans, "numberOfShards": options.shards,
        "replicationFactor": options.replication_factor, "writeConcern": options.write_concern,
        "isSmart": false, "isDisjoint": false, "isSatellite": false,
    });
    if !call.version.is_4() {
        graph["minReplicationFactor"] = options.write_concern.into();
    }
    call.database_mut()?.graphs.insert(name, graph.clone());
    Ok(Reply::flat(written(call), json!({ "graph": graph })))
}

/// Removes a graph, and on request the collections that no other graph uses.
fn remove(call: &mut Call<'_>, name: &str) -> HandlerResult {
    let drops = call.request.query.is_true("dropCollections");
    let status = written(call);
    let database = call.database_mut()?;
    let graph = database.graphs.remove(name).ok_or_else(|| not_found(name))?;
    if drops {
        let used: Vec<String> = database.graphs.values().flat_map(definition::collections).collect();
        for collection in definition::collections(&graph).filter(|collection| !used.contains(collection)) {
            database.collections.remove(&collection);
        }
    }
    Ok(Reply::flat(status, json!({ "removed": true })))
}

fn add_vertices(call: &mut Call<'_>, name: &str) -> HandlerResult {
    let body = call.object()?;
    require_no_options(call, &body)?;
    let collection = text(&body, "collection")?;
    let graph = call.database()?.graphs.get(name).ok_or_else(|| not_found(name))?.clone();
    if definition::is_listed(&graph["orphanCollections"], &collection) {
        return Err(ApiError::new(400, 1938, "collection used in orphans"));
    }
    if definition::collections(&graph).any(|used| used == collection) {
        return Err(ApiError::new(400, 1929, "collection already used in edge def"));
    }
    let options = GraphOptions::of_graph(&graph);
    ensure_collection(call, &collection, Kind::Document, &options)?;
    add(call, name, "orphanCollections", json!(collection))
}

fn add_edges(call: &mut Call<'_>, name: &str) -> HandlerResult {
    let body = call.object()?;
    require_no_options(call, &body)?;
    let definition = EdgeDefinition::read(&body)?;
    let graph = call.database()?.graphs.get(name).ok_or_else(|| not_found(name))?.clone();
    let known: Vec<_> = graph["edgeDefinitions"].as_array().into_iter().flatten().collect();
    let known: Vec<_> = known.into_iter().map(EdgeDefinition::read).collect::<Result<_, _>>()?;
    definition.require_new(&known)?;
    let options = GraphOptions::of_graph(&graph);
    ensure_all(call, &definition, &options)?;
    let graph = call.database_mut()?.graphs.get_mut(name).ok_or_else(|| not_found(name))?;
    if let Some(orphans) = graph["orphanCollections"].as_array_mut() {
        orphans.retain(|orphan| !orphan.as_str().is_some_and(|orphan| definition.has_end(orphan)));
    }
    add(call, name, "edgeDefinitions", definition.json())
}

fn ensure_all(
    call: &mut Call<'_>,
    definition: &EdgeDefinition,
    options: &GraphOptions,
) -> Result<(), ApiError> {
    ensure_collection(call, &definition.collection, Kind::Edge, options)?;
    for vertices in definition.from.iter().chain(&definition.to) {
        ensure_collection(call, vertices, Kind::Document, options)?;
    }
    Ok(())
}

/// Creates a collection of a graph, if it does not exist.
fn ensure_collection(
    call: &mut Call<'_>,
    name: &str,
    kind: Kind,
    options: &GraphOptions,
) -> Result<(), ApiError> {
    if call.database()?.collection(name).is_some() {
        return Ok(());
    }
    let servers = call.state.usable_db_servers();
    let propagation = call.state.new_propagation(call.index);
    let (state, database) = (&mut *call.state, &call.request.database);
    let content = state.databases.get_mut(database).ok_or_else(ApiError::database_not_found)?;
    let layout = ShardingOptions {
        shards: options.shards,
        replication_factor: options.replication_factor,
        write_concern: options.write_concern,
        distribute_shards_like: None,
    };
    let first = content.collections.len();
    content.add(&mut state.ids, name, kind, &layout, &servers, first).propagation = propagation;
    Ok(())
}

fn add(call: &mut Call<'_>, name: &str, list: &str, item: Value) -> HandlerResult {
    let (revision, status) = (call.state.ids.revision(), written(call));
    let graph = call.database_mut()?.graphs.get_mut(name).ok_or_else(|| not_found(name))?;
    graph["_rev"] = revision.into();
    if let Some(items) = graph[list].as_array_mut() {
        items.push(item);
    }
    let graph = graph.clone();
    Ok(Reply::flat(status, json!({ "graph": graph })))
}
