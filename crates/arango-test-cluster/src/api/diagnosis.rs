//! `agencyDiagnosis`: five tests of what the agency holds.

use std::time::Duration;

use http::Method;
use serde_json::{Map, Value, json};

use super::{Answer, Call};
use crate::http::reply::{Refusal, Reply};
use crate::model::agency_jobs::Stage;
use crate::state::servers::Status;

/// The tests, and the key under which each says what it has found.
const TESTS: [(&str, &str); 5] = [
    ("DuplicateCollectionNames", "duplicateCollectionNames"),
    ("UnhealthyShardLeaders", "unhealthyShardLeaders"),
    ("DistributeShardsLikeInconsistencies", "distributeShardsLikeInconsistencies"),
    ("StalePendingJobs", "stalePendingJobs"),
    ("InvalidSchemas", "invalidSchemas"),
];

/// A job that has been pending for longer is no longer believed in.
const STALE: Duration = Duration::from_secs(3600);

pub(super) fn answer(call: &Call<'_>) -> Answer {
    if !call.caller.is_superuser() {
        return Err(Refusal::forbidden("only superusers may diagnose the agency"));
    }
    let found = match call.request.method {
        Method::GET => findings(call),
        // Nobody who sends a dump has anything wrong in it: what is in it is not looked at.
        Method::POST => {
            let dump = call.request.json()?;
            let dump = dump.as_object().ok_or_else(|| Refusal::new(400, 400, "body must be an object"))?;
            if !is_tree(dump) {
                let result =
                    json!({ "diagnosis": null, "error": true, "errorMessage": "no agency in the dump" });
                return Ok(Reply::result(200, result));
            }
            Map::new()
        }
        _ => return Err(Refusal::wrong_method()),
    };
    let (bad, good): (Vec<_>, Vec<_>) = TESTS.into_iter().partition(|(_, key)| found.contains_key(*key));
    let named = |tests: Vec<(&str, &str)>, verdict: &str| {
        tests.into_iter().map(|(name, _)| format!("{name}_{verdict}")).collect::<Vec<_>>()
    };
    let mut diagnosis = json!({ "goodTests": named(good, "GOOD"), "badTests": named(bad, "BAD") });
    for (key, text) in found {
        diagnosis[key] = text;
    }
    Ok(Reply::result(200, json!({ "diagnosis": diagnosis, "error": false, "errorMessage": "" })))
}

/// The bare tree, or one with its index and term.
fn is_tree(dump: &Map<String, Value>) -> bool {
    let holds = |object: &Map<String, Value>| ["arango", "Plan"].iter().any(|key| object.contains_key(*key));
    holds(dump) || dump.get("agency").and_then(Value::as_object).is_some_and(holds)
}

/// What is wrong, by key.
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
            && job.started.is_some_and(|started| state.at.saturating_duration_since(started) > STALE)
    });
    let hanging: Vec<_> = hanging.map(|job| job.id.as_str()).collect();
    if !hanging.is_empty() {
        found.insert("stalePendingJobs".into(), hanging.join(", ").into());
    }
    found
}
