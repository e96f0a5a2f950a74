//! `POST /_api/cursor`: running a query.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::collections::find;
use super::{Answer, Call, documents, not_simulated};
use crate::aql::{Plan, Query, Unbound};
use crate::http::reply::{Refusal, Reply};
use crate::state::cursors::{Cursor, Settings};
use crate::state::records::AqlQuery;
use crate::version::Version;

/// Rows of a batch, unless a query wants more or fewer.
const BATCH_SIZE: usize = 1000;
/// How long a coordinator keeps a cursor that nobody asks for, unless a query wants otherwise.
const TTL: Duration = Duration::from_secs(600);

pub(super) fn create(call: &mut Call<'_>) -> Answer {
    let body = match call.request.json()? {
        Value::Object(body) if !body.is_empty() => body,
        _ => return Err(Refusal::new(400, 600, "expecting a non-empty object")),
    };
    let text = body.get("query").and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let text = text.ok_or_else(|| Refusal::new(400, 1502, "query is empty"))?;
    let variables = match body.get("bindVars") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(variables)) => variables.clone(),
        Some(_) => return Err(Refusal::new(400, 17, "expecting object for <bindVars>")),
    };
    let settings = settings(call, &body)?;
    let Some(query) = Query::parse(text).filter(|_| !is_true(&body, "stream")) else {
        let stream = if is_true(&body, "stream") { " as a stream" } else { "" };
        call.state.report_unsupported(format!("POST /_api/cursor{stream}: {text}"));
        return Err(not_simulated());
    };
    let record = AqlQuery {
        at: call.state.at,
        text: text.to_owned(),
        bind_vars: Value::Object(variables.clone()),
        database: call.request.database.clone(),
    };
    call.state.coordinators[call.index].records.queried(record);
    let plan = query.bind(variables).map_err(unbound)?;
    let writes = usize::from(matches!(plan, Plan::Insert { .. }));
    let rows = run(call, plan)?;

    let (state, index) = (&mut *call.state, call.index);
    let id = state.cursors.next_id(index);
    let extra = extra(call.version, writes);
    let mut cursor = Cursor::new(id, &call.request.database, settings, rows, extra, state.at);
    let reply = Reply::raw(201, cursor.advance(201));
    // What fits into one batch is never kept, whatever was wanted.
    if cursor.has_more() {
        if state.coordinators[index].soft_shutdown {
            return Err(Refusal::new(503, 30, "Coordinator soft shutdown ongoing."));
        }
        state.cursors.keep(id, cursor);
    }
    Ok(reply)
}

fn settings(call: &Call<'_>, body: &Map<String, Value>) -> Result<Settings, Refusal> {
    let version = call.version;
    let positive = |name: &str| body.get(name).and_then(Value::as_f64).filter(|value| *value > 0.0);
    let batch_size = match body.get("batchSize").filter(|value| value.is_number()) {
        None => BATCH_SIZE,
        Some(value) => {
            let size = value.as_u64().and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0);
            size.ok_or_else(|| Refusal::new(400, 17, "expecting positive value for <batchSize>"))?
        }
    };
    let ttl = positive("ttl").and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or(TTL);
    let allow_retry = version.at_least(3, 11, 0) && is_true_of(body.get("options"), "allowRetry");
    Ok(Settings {
        batch_size,
        // Far enough away for every test, and no overflow.
        ttl: ttl.min(Duration::from_secs(365 * 24 * 3600)),
        counts: body.get("count").is_some_and(|value| *value == true),
        allow_retry,
        names_batches: allow_retry || version.at_least(3, 11, 1),
    })
}

/// Whether an option says yes that may stand in two places.
fn is_true(body: &Map<String, Value>, name: &str) -> bool {
    let own = body.get(name).and_then(Value::as_bool);
    own.unwrap_or_else(|| is_true_of(body.get("options"), name))
}

fn is_true_of(options: Option<&Value>, name: &str) -> bool {
    options.is_some_and(|options| options[name] == true)
}

fn run(call: &mut Call<'_>, plan: Plan) -> Result<Vec<Value>, Refusal> {
    match plan {
        Plan::Rows(rows) => Ok(rows),
        Plan::Scan { collection } => {
            let found = find(call, &collection).map_err(within)?;
            if !call.state.has_all_leaders(call.database()?, found) {
                return Err(within(Refusal::no_backend()));
            }
            Ok(found.documents.values().cloned().collect())
        }
        Plan::Insert { document, into } => {
            call.may_write()?;
            let Value::Object(document) = document else {
                return Err(within(Refusal::new(400, 1227, "invalid document type")));
            };
            documents::insert(call, &into, document).map_err(within)?;
            Ok(Vec::new())
        }
    }
}

/// As a query says what went wrong in one of its parts.
fn within(mut refusal: Refusal) -> Refusal {
    let when = if refusal.error_num == 1203 { "parsing" } else { "executing" };
    refusal.message = format!("AQL: {} (while {when})", refusal.message);
    refusal
}

fn unbound(unbound: Unbound) -> Refusal {
    let (number, text) = match unbound {
        Unbound::Missing(name) => (1551, format!("no value specified for declared bind parameter '{name}'")),
        Unbound::Surplus(name) => (1552, format!("bind parameter '{name}' was not declared in the query")),
        Unbound::NoName(name) => (1553, format!("bind parameter '{name}' has an invalid value or type")),
    };
    Refusal::new(400, number, format!("AQL: {text} (while parsing)"))
}

fn extra(version: &Version, writes: usize) -> Value {
    let mut stats = json!({
        "writesExecuted": writes, "writesIgnored": 0, "scannedFull": 0, "scannedIndex": 0, "cursorsCreated": 0,
        "cursorsRearmed": 0, "cacheHits": 0, "cacheMisses": 0, "filtered": 0, "httpRequests": 0,
        "executionTime": 0.0003, "peakMemoryUsage": 32768, "intermediateCommits": 0,
    });
    if version.at_least(3, 12, 0) {
        stats["documentLookups"] = 0.into();
        stats["seeks"] = 0.into();
    }
    json!({ "warnings": [], "stats": stats })
}
