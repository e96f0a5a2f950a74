//! `agencyDiagnosis`: five tests of the agency's contents.

use std::time::Duration;

use http::Method;
use serde_json::{Map, Value, json};

use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::agency_jobs::Stage;
use crate::state::servers::Status;

/// The tests, each with the key of its findings.
const TESTS: [(&str, &str); 5] = [
    ("DuplicateCollectionNames", "duplicateCollectionNames"),
    ("UnhealthyShardLeaders", "unhealthyShardLeaders"),
    ("DistributeShardsLikeInconsistencies", "distributeShardsLikeInconsistencies"),
    ("StalePendingJobs", "stalePendingJobs"),
    ("InvalidSchemas", "invalidSchemas"),
];

/// A job that has been pending longer counts as stale.
const STALE: Duration = Duration::from_secs(3600);

pub(super) fn handle(call: &Call<'_>) -> HandlerResult {
    if !call.caller.is_superuser() {
        return Err(ApiError::forbidden("only superusers may diagnose the agency"));
    }
    let found = match call.request.method {
        Method::GET => findings(call),
        // The contents of a dump that a client sends are not checked, so nothing is found in it.
        Method::POST => {
            let dump = call.request.json()?;
            let dump = dump.as_object().ok_or_else(|| ApiError::new(400, 400, "body must be an object"))?;
            if !is_tree(dump) {
                let result =
                    json!({ "diagnosis": null, "error": true, "errorMessage": "no agency in the dump" });
                return Ok(Reply::result(200, result));
            }
            Map::new()
        }
        _ => return Err(ApiError::wrong_method()),
    };
    let (bad, good): (Vec<_>, Vec<_>) = TESTS.into_iter().partition(|(_, key)| found.contains_key(*key));
    let named = |tests: Vec<(&str, &str)>, result: &str| {
        tests.into_iter().map(|(name, _)| format!("{name}_{result}")).collect::<Vec<_>>()
    };
    let mut diagnosis = json!({ "goodTests": named(good, "GOOD"), "badTests": named(bad, "BAD") });
    for (key, text) in found {
        diagnosis[key] = text;
    }
    Ok(Reply::result(200, json!({ "diagnosis": diagnosis, "error": false, "errorMessage": "" })))
}

/// Returns whether a dump is a tree, bare or with index and term.
fn is_tree(dump: &Map<String, Value>) -> bool {
    let holds = |object: &Map<String, Value>| ["arango", "Plan"].iter().any(|key| object.contains_key(*key));
    holds(dump) || dump.get("agency").and_then(Value::as_object).is_some_and(holds)
}

/// Returns the findings, by key.
fn findings(call: &Call<'_>) -> Map<String, Value> {
    let state = &*call.state;
    let mut found = Map::new();
    let is_good = |id: &String| state.db_server(id).is_some_and(|server| server.status == Status::Good);
    let collections = state.databases.values().flat_map(|database| database.collections.values());
    let shards = collections.flat_map(|collection| &collection.shards);
    let unhealthy: Vec<_> = shards
        .filter(|(_, copies)| copies.first().is_some_and(|leader| !is_good(leader)))
        .map(|(shard, _)| shard.as_str())
        .collect();
    if !unhealthy.is_empty() {
        found.insert("unhealthyShardLeaders".into(), unhealthy.join(", ").into());
    }
    let hanging = state.jobs.jobs.iter().filter(|job| {
        job.stage == Stage::Pending
            && job
                .started
                .is_some_and(|started| state.current_time.saturating_duration_since(started) > STALE)
    });
    let hanging: Vec<_> = hanging.map(|job| job.id.as_str()).collect();
    if !hanging.is_empty() {
        found.insert("stalePendingJobs".into(), hanging.join(", ").into());
    }
    found
}
