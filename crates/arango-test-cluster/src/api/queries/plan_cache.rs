//! Plans that are kept for the next query of the same text.

use arango_test_aql::Prepared;
use http::Method;
use serde_json::{Value, json};

use super::body::QueryBody;
use crate::api::modelled::Modelled;
use crate::api::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::plan_cache::{CachedPlan, PlanKey, Source};

/// Finds the plan of a query among those that the coordinator keeps, and returns its name; keeps it otherwise.
///
/// # Errors
/// If its plan cannot be kept (1584), or it is not modelled whether it can.
pub(super) fn find_or_add(
    call: &mut Call<'_>,
    body: &QueryBody,
    prepared: &Prepared,
) -> Result<Option<String>, ApiError> {
    if prepared.binds_attributes() || prepared.has_upsert() {
        return Err(ApiError::new(400, 1584, "query is not eligible for plan caching"));
    }
    if prepared.has_traversals() {
        return Err(call.not_modelled("attribute", "options.usePlanCache of a query with traversals"));
    }
    let collections = body.bind_vars.iter().filter(|(name, _)| name.starts_with('@'));
    let key = PlanKey {
        text: body.text.clone(),
        collections: collections.map(|(name, value)| (name.clone(), value.clone())).collect(),
        full_count: body.output.has_full_count,
    };
    let names: Vec<&str> = prepared.collections().into_iter().map(|(name, _)| name).collect();
    let Some(sources) = names.iter().map(|name| source(call, name)).collect::<Option<Vec<_>>>() else {
        // The query fails, since a collection does not exist.
        return Ok(None);
    };
    let created = call.state.current_time;
    let plans = valid_plans(call);
    if let Some(plan) = plans.iter_mut().find(|plan| plan.key == key) {
        plan.hits += 1;
        return Ok(Some(plan.key.hash()));
    }
    plans.push(CachedPlan { key, sources, created, hits: 0 });
    Ok(None)
}

/// Handles `/_api/query-plan-cache`. Each coordinator has the plans of the queries that it received.
pub(in crate::api) fn handle(call: &mut Call<'_>) -> HandlerResult {
    call.require_modelled(&Modelled::NOTHING)?;
    match call.request.method {
        Method::GET => {
            let plans = valid_plans(call).clone();
            Ok(Reply::raw(200, &plans.iter().map(|plan| entry(call, plan)).collect()))
        }
        Method::DELETE => {
            valid_plans(call).clear();
            Ok(Reply::without_result(200))
        }
        _ => Err(ApiError::wrong_method()),
    }
}

fn entry(call: &Call<'_>, plan: &CachedPlan) -> Value {
    let CachedPlan { key, sources, created, hits } = plan;
    let sources: Vec<&str> = sources.iter().map(|source| &*source.name).collect();
    json!({
        "hash": key.hash(), "query": key.text, "queryHash": key.text_hash(), "bindVars": key.collections,
        "fullCount": key.full_count, "dataSources": sources, "created": call.state.clock.timestamp(*created),
        "hits": hits, "memoryUsage": key.text.len(),
    })
}

/// Returns the plans of the coordinator and the database, after removing those whose collections have changed.
fn valid_plans<'a>(call: &'a mut Call<'_>) -> &'a mut Vec<CachedPlan> {
    let cache = (call.index, call.request.database.clone());
    let plans = call.state.queries.plan_caches.get(&cache).cloned().unwrap_or_default();
    let is_current =
        |sources: &[Source]| sources.iter().all(|one| source(call, &one.name).as_ref() == Some(one));
    let valid = plans.into_iter().filter(|plan| is_current(&plan.sources)).collect();
    let entry = call.state.queries.plan_caches.entry(cache).or_default();
    *entry = valid;
    entry
}

fn source(call: &Call<'_>, name: &str) -> Option<Source> {
    let collection = call.database().ok()?.collection(name)?;
    let indexes = collection.indexes.iter().map(|index| index["id"].as_str().unwrap_or_default().to_owned());
    Some(Source { name: name.to_owned(), id: collection.id.clone(), indexes: indexes.collect() })
}
