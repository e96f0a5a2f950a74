//! What is known of a query without running it.

use arango_test_aql::{Prepared, Query, QueryError, ReadDocuments as _};
use serde_json::{Map, Value, json};

use super::body::{bind_vars, object, text};
use super::errors;
use super::run::prepare;
use crate::api::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};

/// Handles `POST /_api/explain`.
///
/// There is no optimiser, so the nodes of the plan are not those of a server: their types begin with `sim:`.
pub(super) fn explain(call: &mut Call<'_>) -> HandlerResult {
    let body = object(call)?;
    call.require_attributes(&body, "", &["query", "bindVars", "options"])?;
    let mut shows_all = false;
    if let Some(Value::Object(options)) = body.get("options") {
        call.require_attributes(options, "options.", &["allPlans", "maxNumberOfPlans", "optimizer"])?;
        shows_all = options.get("allPlans") == Some(&Value::Bool(true));
    }
    let (text, bind_vars) = (text(&body)?, bind_vars(&body)?);
    let prepared = prepare(call, &text, &bind_vars)?;
    let view = call.state.database_view(call.database()?, call.index, call.config);
    if let Some((name, _)) = prepared.collections().iter().find(|(name, _)| view.kind(name).is_none()) {
        let text = format!("AQL: collection or view not found: {name} (while parsing)");
        return Err(ApiError::new(404, 1203, text));
    }
    let plan = plan(&text, &prepared).map_err(|error| errors::before(call, &text, &error))?;
    let mut payload = json!({
        "cacheable": false, "warnings": [],
        "stats": { "rulesExecuted": 0, "rulesSkipped": 0, "plansCreated": 1 },
    });
    // There is only one plan.
    if shows_all {
        payload["plans"] = json!([plan]);
    } else {
        payload["plan"] = plan;
    }
    Ok(Reply::flat(200, payload))
}

/// Returns the plan of a query. Its nodes are numbered from 1.
///
/// # Errors
/// If the text is not valid.
pub(super) fn plan(text: &str, prepared: &Prepared) -> Result<Value, QueryError> {
    let used = prepared.collections();
    let collections: Vec<_> = used
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
