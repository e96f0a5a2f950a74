//! The ends of an edge: vertices that must be in collections of its graph, and exist.

use arango_test_aql::Value;

use super::definition;
use crate::api::Call;
use crate::http::reply::ApiError;

const ENDS: [&str; 2] = ["_from", "_to"];

/// Refuses a new edge, unless both of its ends exist.
pub(super) fn require_both(call: &Call<'_>, graph: &serde_json::Value, edge: &Value) -> Result<(), ApiError> {
    if ENDS.iter().any(|end| edge.attribute(end).as_str().is_none()) {
        return Err(invalid());
    }
    require(call, graph, edge, &ENDS)
}

/// Refuses a change of an edge, unless the ends that it sets exist. Before 3.12 only both together are checked.
pub(super) fn require_changed(
    call: &Call<'_>,
    graph: &serde_json::Value,
    edge: &Value,
) -> Result<(), ApiError> {
    let given: Vec<_> = ENDS.into_iter().filter(|end| edge.attribute(end).as_str().is_some()).collect();
    if given.len() < ENDS.len() && !call.version.at_least(3, 12, 0) {
        return Ok(());
    }
    require(call, graph, edge, &given)
}

fn require(call: &Call<'_>, graph: &serde_json::Value, edge: &Value, ends: &[&str]) -> Result<(), ApiError> {
    let known = definition::vertices(graph);
    let mut vertices = Vec::new();
    for end in ends {
        let id = edge.attribute(end);
        let (collection, key) = id.as_str().and_then(|id| id.split_once('/')).ok_or_else(invalid)?;
        if !known.contains(collection) {
            let text = format!("referenced {end} collection '{collection}' is not part of the graph");
            return Err(ApiError::of_number(1947, text));
        }
        vertices.push((collection.to_owned(), key.to_owned()));
    }
    for (collection, key) in vertices {
        if call.view(&collection)?.get(&key)?.is_none() {
            return Err(ApiError::of_number(1202, "document not found"));
        }
    }
    Ok(())
}

fn invalid() -> ApiError {
    ApiError::of_number(1233, "edge attribute missing or invalid")
}
