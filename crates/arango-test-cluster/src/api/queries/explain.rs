//! What is known of a query without running it.

use std::collections::BTreeMap;

use arango_test_aql::{Prepared, Query, QueryError, ReadDocuments as _, Store as _};
use serde_json::{Map, Value, json};

use super::body::{Profile, WarningOptions, bind_vars, object, require_options, text};
use super::errors;
use super::run::{options, prepare};
use crate::api::collections::find;
use crate::api::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::cursors::{BASE_MEMORY, PHASE_TIME, described};
use crate::state::transactions::Access;
use crate::store::database_view::DatabaseView;

/// Handles `POST /_api/explain`.
///
/// There is no optimiser, so the nodes of the plan are not those of a server: their types begin with `sim:`.
pub(super) fn explain(call: &mut Call<'_>) -> HandlerResult {
    let body = object(call)?;
    call.require_attributes(&body, "", &["query", "bindVars", "options"])?;
    let given = match body.get("options") {
        Some(Value::Object(options)) => options.clone(),
        _ => Map::new(),
    };
    require_options(call, &given, &["allPlans"])?;
    let (text, bind_vars) = (text(&body)?, bind_vars(&body)?);
    let prepared = prepare(call, &text, &bind_vars)?;
    let mut view = call.state.database_view(call.database()?, call.index, call.config);
    view.forbid(call.unreadable_names());
    if let Some((name, _)) = prepared.collections().iter().find(|(name, _)| view.kind(name).is_none()) {
        let text = format!("AQL: collection or view not found: {name} (while parsing)");
        return Err(ApiError::new(404, 1203, text));
    }
    require_access(call, &prepared, &view)?;
    let plan = plan(&text, &prepared, &view).map_err(|error| errors::before(call, &text, &error))?;
    let options = options(call, WarningOptions::read(&given));
    // A query that has begun knows the warnings about its constants.
    let begun = prepared.run(view, options).map_err(|error| errors::before(call, &text, &error))?;
    let mut payload = json!({
        "cacheable": false, "warnings": described(&begun.warnings()),
        "stats": { "rulesExecuted": 0, "rulesSkipped": 0, "plansCreated": 1 },
    });
    if call.version.at_least(3, 10, 4) {
        payload["stats"]["peakMemoryUsage"] = BASE_MEMORY.into();
        payload["stats"]["executionTime"] = PHASE_TIME.into();
    }
    if Profile::read(given.get("profile")) == Profile::Plan {
        // No rule is executed that could take time.
        payload["stats"]["rules"] = json!({});
    }
    // There is only one plan.
    if given.get("allPlans") == Some(&Value::Bool(true)) {
        payload["plans"] = json!([plan]);
    } else {
        payload["plan"] = plan;
    }
    Ok(Reply::flat(200, payload))
}

/// Returns the plan of a query. Its nodes are numbered from 1.
///
/// # Errors
/// If the text is not valid, or a graph does not exist.
pub(super) fn plan(text: &str, prepared: &Prepared, view: &DatabaseView) -> Result<Value, QueryError> {
    let collections: Vec<_> = used(prepared, view)?
        .iter()
        .map(|(name, is_written)| json!({ "name": name, "type": if *is_written { "write" } else { "read" } }))
        .collect();
    let query = Query::parse(text)?;
    let variables: Vec<_> =
        query.variables().enumerate().map(|(id, name)| json!({ "id": id, "name": name })).collect();
    let node = |id: u64, kind: &str, after: &[u64]| json!({ "type": format!("sim:{kind}"), "id": id, "dependencies": after, "estimatedCost": 0, "estimatedNrItems": 0 });
    Ok(json!({
        "nodes": [node(1, "SingletonNode", &[]), node(2, "ReturnNode", &[1])],
        "rules": [], "collections": collections, "variables": variables, "estimatedCost": 0,
        "estimatedNrItems": 0, "isModificationQuery": prepared.is_modification(),
    }))
}

/// Refuses a query of a caller who may not read or write one of its collections in this way.
pub(super) fn require_access(
    call: &Call<'_>,
    prepared: &Prepared,
    view: &DatabaseView,
) -> Result<(), ApiError> {
    // A graph that does not exist is an error when the query begins.
    let (written, read): (Vec<_>, Vec<_>) =
        used(prepared, view).unwrap_or_default().into_iter().partition(|(_, is_written)| *is_written);
    let existing = |names: Vec<(String, bool)>| {
        names.into_iter().map(|(name, _)| name).filter(|name| find(call, name).is_ok()).collect()
    };
    let access = Access { read: existing(read), write: existing(written), ..Access::default() };
    call.require_access(&access).map_err(errors::of_document)
}

/// Returns the collections of a query and of the graphs that it traverses, and whether it writes to them.
fn used(prepared: &Prepared, view: &DatabaseView) -> Result<BTreeMap<String, bool>, QueryError> {
    let mut used = BTreeMap::new();
    let defined = view.graphs();
    for name in prepared.graphs() {
        let Some(graph) = defined.iter().find(|graph| graph.name == name) else {
            return Err(QueryError::new(1924, format!("graph '{name}' not found")));
        };
        let edges = graph.edge_definitions.iter();
        let connected = edges.flat_map(|edges| edges.from.iter().chain(&edges.to).chain([&edges.collection]));
        used.extend(connected.chain(&graph.orphan_collections).map(|name| (name.clone(), false)));
    }
    used.extend(prepared.collections().into_iter().map(|(name, is_written)| (name.to_owned(), is_written)));
    Ok(used)
}

/// Handles `POST /_api/query`. The syntax tree is not reported.
pub(super) fn parse(call: &mut Call<'_>) -> HandlerResult {
    let body: Map<String, Value> = object(call)?;
    let text = text(&body)?;
    let query = Query::parse(&text).map_err(|error| errors::before(call, &text, &error))?;
    let mut collections: Vec<_> = query.collections().collect();
    collections.sort_unstable();
    collections.dedup();
    let bind_vars: Vec<_> = query.bind_parameters().collect();
    Ok(Reply::flat(
        200,
        json!({ "parsed": true, "collections": collections, "bindVars": bind_vars, "ast": [] }),
    ))
}
