//! `/_api/gharial`: named graphs.
//!
//! | module | what |
//! |---|---|
//! | `definition` | edge definitions and options of graphs |
//! | `changes` | lists of collections, and changes of definitions |
//! | `elements` | vertices and edges |
//! | `ends` | the ends of an edge |

mod changes;
mod definition;
mod elements;
mod ends;

use http::{Method, header};
use serde_json::{Value, json};

use self::definition::{EdgeDefinition, GraphOptions};
use self::elements::Element;
use super::collections::find;
use super::modelled::Modelled;
use super::names::check_collection;
use super::replication::check_factor;
use super::{Call, HandlerResult, Outcome};
use crate::http::reply::{ApiError, Reply};
use crate::http::request::TRANSACTION;
use crate::state::databases::{Database, Kind, ShardingOptions};
use crate::state::transactions::Access;

fn modelled(call: &Call<'_>, rest: &[&str]) -> Modelled {
    let waits = Modelled::parameters(&["waitForSync"]);
    let headers: &'static [&'static str] = match (call.request.method.as_str(), rest.len()) {
        ("GET", 4) => &["if-match", "if-none-match", TRANSACTION],
        (_, 4) => &["if-match", TRANSACTION],
        _ => &[TRANSACTION],
    };
    match (call.request.method.as_str(), rest) {
        ("POST", []) => {
            let names = &["name", "edgeDefinitions", "orphanCollections", "options", "isSmart", "isDisjoint"];
            waits.attributes(names)
        }
        ("DELETE", [_]) => Modelled::parameters(&["dropCollections", "waitForSync"]),
        ("POST", [_, "vertex"]) => waits.attributes(&["collection", "options"]),
        ("POST", [_, "edge"]) => waits.attributes(&["collection", "from", "to", "options"]),
        ("DELETE", [_, "vertex", _]) => Modelled::parameters(&["dropCollection", "waitForSync"]),
        // A server ignores `dropCollection` here. Some clients send it.
        ("DELETE", [_, "edge", _]) => {
            Modelled::parameters(&["dropCollection", "dropCollections", "waitForSync"])
        }
        ("PUT", [_, "edge", _]) => waits.attributes(&["collection", "from", "to", "options", "purge"]),
        ("POST", [_, _, _]) => Modelled::parameters(&["returnNew", "waitForSync"]),
        ("GET", [_, _, _, _]) => Modelled::parameters(&["rev"]),
        // A server ignores `overwrite` here. Some clients send it.
        ("PUT" | "PATCH", [_, _, _, _]) => {
            let names = &["keepNull", "overwrite", "rev", "returnNew", "returnOld", "waitForSync"];
            Modelled::parameters(names)
        }
        ("DELETE", [_, _, _, _]) => Modelled::parameters(&["rev", "returnOld", "waitForSync"]),
        _ => Modelled::NOTHING,
    }
    .headers(headers)
}

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> Result<Outcome, ApiError> {
    call.require_modelled(&modelled(call, rest))?;
    if let Some(outcome) = call.enter_transaction()? {
        return Ok(outcome);
    }
    let is_write = call.request.method != Method::GET;
    if call.transaction.is_some() && is_write && !writes_element(call, rest) {
        return Err(call.not_modelled("header", TRANSACTION));
    }
    if let (true, [graph, _, collection, ..]) = (is_write, rest)
        && let Ok(name) = find(call, collection).map(|collection| collection.name.clone())
    {
        let access = Access::to_write(name);
        if writes_element(call, rest) && call.database()?.graphs.contains_key(*graph) {
            call.require_access(&access)?;
        }
        if let Some(outcome) = call.wait_for_locks(access) {
            return Ok(outcome);
        }
    }
    respond(call, rest).map(Outcome::Now)
}

/// Returns whether a request that writes is about a vertex or an edge, not about a definition.
fn writes_element(call: &Call<'_>, rest: &[&str]) -> bool {
    match rest {
        [_, _, _] => call.request.method == Method::POST,
        _ => rest.len() == 4,
    }
}

fn respond(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    let method = call.request.method.clone();
    let writes_element = writes_element(call, rest);
    let (name, rest) = match (&method, rest) {
        (&Method::GET, []) => {
            let graphs: Vec<_> = call.database()?.graphs.values().cloned().collect();
            return Ok(Reply::flat(200, json!({ "graphs": graphs })));
        }
        (&Method::POST, []) => {
            call.require_write()?;
            return create(call);
        }
        (_, []) => return Err(ApiError::wrong_method()),
        (_, [name, rest @ ..]) => (*name, rest),
    };
    let graph = call.database()?.graphs.get(name).cloned().ok_or_else(|| not_found(name))?;
    // Vertices and edges are documents, and need no write access to the database.
    if method != Method::GET && !writes_element {
        call.require_write()?;
    }
    let Some((kind, rest)) = rest.split_first() else {
        return match method {
            Method::GET => Ok(Reply::flat(200, json!({ "graph": graph }))),
            Method::DELETE => remove(call, name),
            _ => Err(ApiError::wrong_method()),
        };
    };
    let unknown = || ApiError::unknown_path(&call.request.path);
    let element = Element::read(kind).ok_or_else(unknown)?;
    match (element, &method, rest) {
        (Element::Vertex, &Method::POST, []) => add_vertices(call, name),
        (Element::Edge, &Method::POST, []) => add_edges(call, name),
        (Element::Vertex, &Method::GET, []) => changes::vertex_collections(call, name),
        (Element::Edge, &Method::GET, []) => changes::edge_collections(call, name),
        (Element::Vertex, &Method::DELETE, [collection]) => changes::remove_vertices(call, name, collection),
        (Element::Edge, &Method::DELETE, [collection]) => changes::remove_edges(call, name, collection),
        (Element::Edge, &Method::PUT, [collection]) => changes::replace_edges(call, name, collection),
        (_, &Method::POST, [collection]) => elements::create(call, &graph, element, collection),
        (_, &Method::GET, [collection, key]) => elements::read(call, &graph, element, collection, key),
        (_, &Method::PUT | &Method::PATCH, [collection, key]) => {
            elements::change(call, &graph, element, collection, key)
        }
        (_, &Method::DELETE, [collection, key]) => elements::remove(call, &graph, element, collection, key),
        (_, _, [] | [_] | [_, _]) => Err(ApiError::wrong_method()),
        _ => Err(ApiError::unknown_path(&call.request.path)),
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

/// Returns the name of a graph that has a collection.
pub(super) fn graph_with<'a>(database: &'a Database, collection: &str) -> Option<&'a String> {
    let has = |graph: &Value| definition::collections(graph).any(|used| used == collection);
    database.graphs.iter().find(|(_, graph)| has(graph)).map(|(name, _)| name)
}

fn not_found(name: &str) -> ApiError {
    ApiError::new(404, 1924, format!("graph '{name}' not found"))
}

/// Builds the response to a change of a graph, with its revision. Only a new graph may be 201.
fn changed(status: u16, graph: &Value) -> Reply {
    let revision = graph["_rev"].as_str().unwrap_or_default();
    Reply::flat(status, json!({ "graph": graph })).with_header(header::ETAG, revision)
}

fn create(call: &mut Call<'_>) -> HandlerResult {
    let body = call.object()?;
    let missing = || ApiError::of_number(1922, "missing graph name");
    let name = body.get("name").and_then(Value::as_str).ok_or_else(missing)?.to_owned();
    if call.database()?.graphs.contains_key(&name) {
        return Err(ApiError::new(409, 1925, "graph already exists"));
    }
    let options = GraphOptions::read(call, &body)?;
    let list = |key: &str| body.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let definitions: Vec<_> =
        list("edgeDefinitions").iter().map(EdgeDefinition::read).collect::<Result<_, _>>()?;
    for (index, definition) in definitions.iter().enumerate() {
        definition.require_new(&definitions[..index])?;
        definition.require_compatible(call, &name)?;
    }
    let orphans: Vec<String> =
        list("orphanCollections").iter().filter_map(|name| name.as_str().map(str::to_owned)).collect();
    ensure_all(call, &definitions.iter().collect::<Vec<_>>(), &orphans, &options)?;
    let definitions: Vec<_> = definitions.iter().map(EdgeDefinition::json).collect();
    let mut graph = json!({
        "_key": name, "_id": format!("_graphs/{name}"), "_rev": call.state.ids.revision(), "name": name,
        "edgeDefinitions": definitions, "orphanCollections": orphans, "numberOfShards": options.shards,
        "replicationFactor": options.replication_factor, "writeConcern": options.write_concern,
        "isSmart": false, "isDisjoint": false, "isSatellite": false,
    });
    definition::sort(&mut graph);
    if !call.version.is_4() {
        graph["minReplicationFactor"] = options.write_concern.into();
    }
    call.database_mut()?.graphs.insert(name, graph.clone());
    Ok(changed(if call.request.query.is_true("waitForSync") { 201 } else { 202 }, &graph))
}

/// Removes a graph, and on request the collections that no other graph uses.
fn remove(call: &mut Call<'_>, name: &str) -> HandlerResult {
    let dropped: Vec<String> = if call.request.query.is_true("dropCollections") {
        let graphs = &call.database()?.graphs;
        let others = graphs.iter().filter(|(other, _)| *other != name);
        let used: Vec<String> = others.flat_map(|(_, graph)| definition::collections(graph)).collect();
        let own = graphs.get(name).into_iter().flat_map(definition::collections);
        own.filter(|collection| !used.contains(collection)).collect()
    } else {
        Vec::new()
    };
    dropped.iter().try_for_each(|collection| call.require_definition_write_of(collection))?;
    call.database_mut()?.graphs.remove(name).ok_or_else(|| not_found(name))?;
    for collection in dropped {
        call.state.drop_collection(&call.request.database, &collection);
    }
    Ok(Reply::flat(202, json!({ "removed": true })))
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
    if call.database()?.collection(&collection).is_some_and(|found| found.kind == Kind::Edge) {
        return Err(ApiError::of_number(1927, "not a vertex collection"));
    }
    ensure_all(call, &[], std::slice::from_ref(&collection), &options)?;
    add(call, name, "orphanCollections", json!(collection))
}

fn add_edges(call: &mut Call<'_>, name: &str) -> HandlerResult {
    let body = call.object()?;
    require_no_options(call, &body)?;
    let definition = EdgeDefinition::read(&body)?;
    let graph = call.database()?.graphs.get(name).ok_or_else(|| not_found(name))?.clone();
    definition.require_new(&EdgeDefinition::read_all(&graph)?)?;
    definition.require_compatible(call, name)?;
    let options = GraphOptions::of_graph(&graph);
    ensure_all(call, &[&definition], &[], &options)?;
    let graph = call.database_mut()?.graphs.get_mut(name).ok_or_else(|| not_found(name))?;
    if let Some(orphans) = graph["orphanCollections"].as_array_mut() {
        orphans.retain(|orphan| !orphan.as_str().is_some_and(|orphan| definition.has_end(orphan)));
    }
    add(call, name, "edgeDefinitions", definition.json())
}

/// Creates the collections of edge definitions and the collections of vertices that do not exist: all or none of them.
fn ensure_all(
    call: &mut Call<'_>,
    definitions: &[&EdgeDefinition],
    vertices: &[String],
    options: &GraphOptions,
) -> Result<(), ApiError> {
    let ends = definitions.iter().flat_map(|definition| definition.from.iter().chain(&definition.to));
    let vertices = ends.chain(vertices).map(|name| (name, Kind::Document));
    let edges = definitions.iter().map(|definition| (&definition.collection, Kind::Edge));
    let all: Vec<_> = edges.chain(vertices).collect();
    let servers = call.state.usable_db_servers().len();
    for (name, kind) in &all {
        call.require_read(name)?;
        match call.database()?.collection(name) {
            Some(found) if *kind == Kind::Edge && found.kind == Kind::Document => {
                let text = format!("Collection: '{name}' is not an EdgeCollection");
                return Err(ApiError::of_number(1944, text));
            }
            Some(_) => {}
            None => {
                check_collection(call, name, false)?;
                check_factor(options.replication_factor, servers)?;
            }
        }
    }
    all.into_iter().try_for_each(|(name, kind)| ensure_collection(call, name, kind, options))
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
    call.grant_new_collection(name);
    Ok(())
}

fn add(call: &mut Call<'_>, name: &str, list: &str, item: Value) -> HandlerResult {
    let revision = call.state.ids.revision();
    let graph = call.database_mut()?.graphs.get_mut(name).ok_or_else(|| not_found(name))?;
    graph["_rev"] = revision.into();
    if let Some(items) = graph[list].as_array_mut() {
        items.push(item);
    }
    definition::sort(graph);
    Ok(changed(202, graph))
}
