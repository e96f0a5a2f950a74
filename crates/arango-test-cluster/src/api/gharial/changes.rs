//! Lists of the collections of a graph, and changes of its definitions.

use serde_json::{Value, json};

use super::definition::{self, EdgeDefinition, GraphOptions};
use super::{ensure_all, not_found, require_no_options};
use crate::api::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};

/// Lists the collections of vertices, orphans included.
pub(super) fn vertex_collections(call: &Call<'_>, name: &str) -> HandlerResult {
    Ok(listed(definition::vertices(graph(call, name)?).into_iter().collect()))
}

/// Lists the collections of edges.
pub(super) fn edge_collections(call: &Call<'_>, name: &str) -> HandlerResult {
    Ok(listed(edge_names(graph(call, name)?)))
}

fn listed(mut names: Vec<String>) -> Reply {
    names.sort_unstable();
    names.dedup();
    Reply::flat(200, json!({ "collections": names }))
}

/// Removes an orphan from a graph, and on request the collection.
pub(super) fn remove_vertices(call: &mut Call<'_>, name: &str, collection: &str) -> HandlerResult {
    let drops = call.request.query.is_true("dropCollection");
    if !definition::is_listed(&graph(call, name)?["orphanCollections"], collection) {
        return Err(ApiError::new(400, 1928, "collection is not in list of orphan collections"));
    }
    require_drop(call, drops, collection)?;
    let graph = graph_mut(call, name)?;
    if let Some(orphans) = graph["orphanCollections"].as_array_mut() {
        orphans.retain(|orphan| orphan != collection);
    }
    changed(call, name, drops.then_some(collection))
}

/// Removes an edge definition from a graph, and on request the collection of its edges.
pub(super) fn remove_edges(call: &mut Call<'_>, name: &str, collection: &str) -> HandlerResult {
    let drops = call.request.query.is_true("dropCollections");
    require_definition(graph(call, name)?, collection)?;
    require_drop(call, drops, collection)?;
    set_definition(graph_mut(call, name)?, collection, None)?;
    changed(call, name, drops.then_some(collection))
}

/// Replaces an edge definition, in all graphs that have its collection of edges.
pub(super) fn replace_edges(call: &mut Call<'_>, name: &str, collection: &str) -> HandlerResult {
    let body = call.object()?;
    require_no_options(call, &body)?;
    if body.get("purge") == Some(&Value::Bool(true)) {
        return Err(call.not_modelled("attribute", "purge"));
    }
    require_definition(graph(call, name)?, collection)?;
    let definition = EdgeDefinition::read(&body)?;
    let options = GraphOptions::of_graph(graph(call, name)?);
    ensure_all(call, &[&definition], &[], &options)?;
    // The body decides which definition is replaced, and only the graph of the path must have it.
    require_definition(graph(call, name)?, &definition.collection)?;
    for graph in call.database_mut()?.graphs.values_mut() {
        if edge_names(graph).contains(&definition.collection) {
            set_definition(graph, &definition.collection, Some(&definition))?;
        }
    }
    changed(call, name, None)
}

/// Refuses to drop a collection for a caller who may not change its documents.
fn require_drop(call: &Call<'_>, drops: bool, collection: &str) -> Result<(), ApiError> {
    if drops { call.require_definition_write_of(collection) } else { Ok(()) }
}

fn graph<'a>(call: &'a Call<'_>, name: &str) -> Result<&'a Value, ApiError> {
    call.database()?.graphs.get(name).ok_or_else(|| not_found(name))
}

fn graph_mut<'a>(call: &'a mut Call<'_>, name: &str) -> Result<&'a mut Value, ApiError> {
    call.database_mut()?.graphs.get_mut(name).ok_or_else(|| not_found(name))
}

fn edge_names(graph: &Value) -> Vec<String> {
    let definitions = graph["edgeDefinitions"].as_array().into_iter().flatten();
    definitions.filter_map(|definition| definition["collection"].as_str().map(str::to_owned)).collect()
}

fn require_definition(graph: &Value, collection: &str) -> Result<(), ApiError> {
    if edge_names(graph).iter().any(|name| name == collection) {
        return Ok(());
    }
    Err(ApiError::new(404, 1930, "edge collection not used in graph"))
}

/// Replaces or removes a definition. Vertices that no definition uses any more become orphans.
fn set_definition(graph: &mut Value, collection: &str, new: Option<&EdgeDefinition>) -> Result<(), ApiError> {
    let known = EdgeDefinition::read_all(graph)?;
    let kept = |definition: &&EdgeDefinition| definition.collection != collection;
    let definitions: Vec<&EdgeDefinition> = match new {
        None => known.iter().filter(kept).collect(),
        Some(new) => known.iter().map(|old| if kept(&old) { old } else { new }).collect(),
    };
    let orphans = graph["orphanCollections"].as_array().into_iter().flatten();
    let mut vertices: Vec<String> = orphans.filter_map(|name| name.as_str().map(str::to_owned)).collect();
    let ends = known.iter().flat_map(|definition| definition.from.iter().chain(&definition.to));
    for end in ends {
        if !vertices.contains(end) {
            vertices.push(end.clone());
        }
    }
    vertices.retain(|vertex| !definitions.iter().any(|definition| definition.has_end(vertex)));
    let definitions: Vec<_> = definitions.into_iter().map(EdgeDefinition::json).collect();
    graph["edgeDefinitions"] = definitions.into();
    graph["orphanCollections"] = vertices.into();
    definition::sort(graph);
    Ok(())
}

/// Ends a change: gives the graph a new revision, and drops a collection that no graph uses.
fn changed(call: &mut Call<'_>, name: &str, dropped: Option<&str>) -> HandlerResult {
    let revision = call.state.ids.revision();
    let graph = graph_mut(call, name)?;
    graph["_rev"] = revision.into();
    let graph = graph.clone();
    let graphs = &call.database()?.graphs;
    let is_used =
        |collection: &str| graphs.values().flat_map(definition::collections).any(|used| used == collection);
    if let Some(collection) = dropped.filter(|collection| !is_used(collection)) {
        call.state.drop_collection(&call.request.database, collection);
    }
    Ok(super::changed(202, &graph))
}
