//! `POST /_api/cursor`: runs a query.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Call, HandlerResult, not_simulated};
use crate::aql::{BindError, Plan, Query};
use crate::config::version::Version;
use crate::http::reply::{ApiError, Reply};
use crate::state::cursors::{Cursor, CursorOptions};
use crate::state::diagnostics::AqlQuery;

/// The default number of rows in a batch.
const BATCH_SIZE: usize = 1000;
/// How long a coordinator keeps an unused cursor, by default.
const TTL: Duration = Duration::from_secs(600);

pub(super) fn create(call: &mut Call<'_>) -> HandlerResult {
    let body = match call.request.json()? {
        Value::Object(body) if !body.is_empty() => body,
        _ => return Err(ApiError::new(400, 600, "expecting a non-empty object")),
    };
    call.require_attributes(
        &body,
        "",
        &["query", "bindVars", "batchSize", "count", "ttl", "stream", "options"],
    )?;
    if let Some(Value::Object(options)) = body.get("options") {
        call.require_attributes(options, "options.", &["allowRetry", "stream"])?;
    }
    let text = body.get("query").and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let text = text.ok_or_else(|| ApiError::new(400, 1502, "query is empty"))?;
    let variables = match body.get("bindVars") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(variables)) => variables.clone(),
        Some(_) => return Err(ApiError::new(400, 17, "expecting object for <bindVars>")),
    };
    let settings = cursor_options(call, &body)?;
    let Some(query) = Query::parse(text).filter(|_| !is_true(&body, "stream")) else {
        let stream = if is_true(&body, "stream") { " as a stream" } else { "" };
        call.state.report_unsupported(format!("POST /_api/cursor{stream}: {text}"));
        return Err(not_simulated());
    };
    let record = AqlQuery {
        at: call.state.current_time,
        text: text.to_owned(),
        bind_vars: Value::Object(variables.clone()),
        database: call.request.database.clone(),
    };
    call.state.coordinators[call.index].diagnostics.record_query(record);
    let plan = query.bind(variables).map_err(bind_error)?;
    let writes = usize::from(matches!(plan, Plan::Insert { .. }));
    let rows = run(call, plan)?;

    let (state, index) = (&mut *call.state, call.index);
    let id = state.cursors.next_id(index);
    let extra = extra(call.version, writes);
    let mut cursor = Cursor::new(id, &call.request.database, settings, rows, extra, state.current_time);
    let reply = Reply::raw(201, cursor.advance(201));
    // A result that fits into one batch is never kept, whatever the options.
    if cursor.has_more() {
        if state.coordinators[index].soft_shutdown {
            return Err(ApiError::new(503, 30, "Coordinator soft shutdown ongoing."));
        }
        state.cursors.insert(id, cursor);
    }
    Ok(reply)
}

fn cursor_options(call: &Call<'_>, body: &Map<String, Value>) -> Result<CursorOptions, ApiError> {
    let version = call.version;
    let positive = |name: &str| body.get(name).and_then(Value::as_f64).filter(|value| *value > 0.0);
    let batch_size = match body.get("batchSize").filter(|value| value.is_number()) {
        None => BATCH_SIZE,
        Some(value) => {
            let size = value.as_u64().and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0);
            size.ok_or_else(|| ApiError::new(400, 17, "expecting positive value for <batchSize>"))?
        }
    };
    let ttl = positive("ttl").and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or(TTL);
    let allow_retry = version.at_least(3, 11, 0) && is_true_of(body.get("options"), "allowRetry");
    Ok(CursorOptions {
        batch_size,
        // Longer than any test, and without overflow.
        ttl: ttl.min(Duration::from_secs(365 * 24 * 3600)),
        count: body.get("count").is_some_and(|value| *value == true),
        allow_retry,
        has_batch_ids: allow_retry || version.at_least(3, 11, 1),
    })
}

/// Returns whether an option is true that has two possible places.
fn is_true(body: &Map<String, Value>, name: &str) -> bool {
    let own = body.get(name).and_then(Value::as_bool);
    own.unwrap_or_else(|| is_true_of(body.get("options"), name))
}

fn is_true_of(options: Option<&Value>, name: &str) -> bool {
    options.is_some_and(|options| options[name] == true)
}

fn run(call: &mut Call<'_>, plan: Plan) -> Result<Vec<Value>, ApiError> {
    match plan {
        Plan::Rows(rows) => Ok(rows),
        Plan::Scan { collection } => {
            let view = call.view(&collection).map_err(aql_error)?;
            view.require_all_leaders().map_err(|error| aql_error(error.into()))?;
            Ok(view.shuffled(0).iter().map(|document| document.value().to_json()).collect())
        }
        Plan::Insert { document, into } => {
            call.require_write()?;
            let mut view = call.view(&into).map_err(aql_error)?;
            let written = view.insert(&document.into(), &crate::store::write::DocumentOptions::default());
            written.and_then(|_| call.commit(view)).map_err(|error| aql_error(error.into()))?;
            Ok(Vec::new())
        }
    }
}

/// Turns an error in a part of a query into the query's error.
fn aql_error(mut refusal: ApiError) -> ApiError {
    let when = if refusal.error_num == 1203 { "parsing" } else { "executing" };
    refusal.message = format!("AQL: {} (while {when})", refusal.message);
    refusal
}

fn bind_error(unbound: BindError) -> ApiError {
    let (number, text) = match unbound {
        BindError::Missing(name) => {
            (1551, format!("no value specified for declared bind parameter '{name}'"))
        }
        BindError::Undeclared(name) => {
            (1552, format!("bind parameter '{name}' was not declared in the query"))
        }
        BindError::InvalidCollectionName(name) => {
            (1553, format!("bind parameter '{name}' has an invalid value or type"))
        }
    };
    ApiError::new(400, number, format!("AQL: {text} (while parsing)"))
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
