//! Runs a query, to its end or to its first batch.

use std::time::Duration;

use arango_test_aql::{Options, Prepared, Query, QueryError, Rows, Value, VertexCollections};

use super::batch::{Finished, finish_first, wait};
use super::body::{Profile, QueryBody, WarningOptions};
use super::{errors, explain, plan_cache};
use crate::api::collections::find;
use crate::api::{Call, Outcome};
use crate::http::reply::{ApiError, Reply};
use crate::state::cursors::{
    BASE_MEMORY, Batch, Cursor, Report, Results, StreamedQuery, Totals, commits_in_between,
};
use crate::state::diagnostics::AqlQuery;
use crate::state::queries::RunningQuery;
use crate::state::transactions::Access;
use crate::store::database_view::{DatabaseView, WriteLog};

/// Handles `POST /_api/cursor`.
pub(crate) fn create(call: &mut Call<'_>) -> Result<Outcome, ApiError> {
    let body = QueryBody::read(call)?;
    let prepared = prepare(call, &body.text, &body.bind_vars);
    let written = prepared.as_ref().map(written).unwrap_or_default();
    let permitted = call.require_access(&written);
    if permitted.is_ok()
        && let Some(outcome) = call.wait_for_locks(written)
    {
        return Ok(outcome);
    }
    let record = AqlQuery {
        at: call.state.current_time,
        text: body.text.clone(),
        bind_vars: serde_json::Value::Object(body.bind_vars.clone()),
        database: call.request.database.clone(),
    };
    call.state.coordinators[call.index].diagnostics.record_query(record);
    let prepared = prepared?;
    permitted.map_err(errors::of_document)?;
    let mut view = call.database_view(&prepared)?;
    read_one_shard(call, &body, &prepared, &mut view)?;
    require_skippable(call, &body)?;
    explain::require_access(call, &prepared, &view)?;
    let cached_plan =
        if body.uses_plan_cache { plan_cache::find_or_add(call, &body, &prepared)? } else { None };
    let query = begin(call, &body, &prepared);
    let log = view.log();
    let has_plan = body.output.profile == Profile::Plan;
    let plan = has_plan.then(|| explain::plan(&body.text, &prepared, &view));
    let result = match prepared.run(view, query_options(call, &body, query)) {
        Ok(rows) => {
            let report =
                Report { plan: plan.map(Result::unwrap_or_default), ..report(call, &body, &prepared) };
            Ok(respond(call, &body, &prepared, (report, cached_plan), query, rows, &log))
        }
        Err(error) => Err(errors::before(call, &body.text, &error)),
    };
    if result.is_err() {
        call.state.queries.end(query, call.state.current_time);
    }
    result
}

/// Refuses to skip collections if there are some that the user may not read. Without these the option has no effect.
fn require_skippable(call: &mut Call<'_>, body: &QueryBody) -> Result<(), ApiError> {
    if body.skips_inaccessible && !call.may_read_all_collections() {
        let name = "options.skipInaccessibleCollections of a user who may not read every collection";
        return Err(call.not_modelled("attribute", name));
    }
    Ok(())
}

/// Restricts a query to the shards of one value of the shard key, if it asks for that.
fn read_one_shard(
    call: &mut Call<'_>,
    body: &QueryBody,
    prepared: &Prepared,
    view: &mut DatabaseView,
) -> Result<(), ApiError> {
    let Some(value) = &body.shard_value else { return Ok(()) };
    let collections: Vec<&str> = prepared.collections().into_iter().map(|(name, _)| name).collect();
    let is_readable = !prepared.is_modification() && prepared.graphs().is_empty();
    match view.read_shards_of(value, &collections) {
        Ok(()) if is_readable => Ok(()),
        _ => Err(call.not_modelled(
            "attribute",
            "options.forceOneShardAttributeValue with several shard keys, graphs or writes",
        )),
    }
}

/// Returns the access of a query to the collections that it writes to.
fn written(prepared: &Prepared) -> Access {
    let used = prepared.collections();
    let written = used.iter().filter(|(_, is_written)| *is_written).map(|(name, _)| (*name).to_owned());
    Access { write: written.collect(), ..Access::default() }
}

/// Parses a query and binds its parameters.
pub(super) fn prepare(
    call: &mut Call<'_>,
    text: &str,
    bind_vars: &serde_json::Map<String, serde_json::Value>,
) -> Result<Prepared, ApiError> {
    let prepared = Query::parse(text).and_then(|query| query.bind(bind_vars));
    prepared.map_err(|error| errors::before(call, text, &error))
}

fn begin(call: &mut Call<'_>, body: &QueryBody, prepared: &Prepared) -> u64 {
    let bind_vars = serde_json::Value::Object(body.bind_vars.clone());
    let (database, user, now) = (&call.request.database, call.caller.user(), call.state.current_time);
    let mut running = RunningQuery::new(database, user, &body.text, bind_vars, now, call.entry);
    running.is_stream = body.output.is_stream;
    running.is_modification = prepared.is_modification();
    running.transaction = call.transaction;
    call.state.queries.begin(call.index, running)
}

fn query_options(call: &Call<'_>, body: &QueryBody, query: u64) -> Options {
    let seed = call.config.seed ^ query;
    Options { seed, full_count: body.output.has_full_count, ..options(call, body.warnings) }
}

/// Returns how any query of this request runs.
pub(super) fn options(call: &Call<'_>, warnings: WarningOptions) -> Options {
    let now = call.state.clock.unix_time(call.state.current_time).as_millis();
    Options {
        now_ms: i64::try_from(now).unwrap_or(i64::MAX),
        fail_on_warning: warnings.fail,
        max_warnings: warnings.most,
        database: call.request.database.clone(),
        user: call.caller.user().map(str::to_owned),
        vertex_collections: if call.version.at_least(3, 12, 6) {
            VertexCollections::DeclaredOrDefined
        } else {
            VertexCollections::Declared
        },
        ..Options::default()
    }
}

/// Counts the shards of the collections that a query uses.
fn shards_of(call: &Call<'_>, prepared: &Prepared) -> usize {
    let names = prepared.collections();
    names.iter().filter_map(|(name, _)| find(call, name).ok()).map(|collection| collection.shards.len()).sum()
}

/// Returns the report of a query that has not begun.
fn report(call: &Call<'_>, body: &QueryBody, prepared: &Prepared) -> Report {
    Report {
        counts_lookups: call.version.at_least(3, 12, 0),
        has_profile: body.output.profile != Profile::None,
        plan: None,
        slept: write_time(call, prepared),
        memory: BASE_MEMORY,
        rows: 0,
        shards: shards_of(call, prepared),
        commits: 0,
    }
}

/// Returns how long a query takes besides `SLEEP`.
fn write_time(call: &Call<'_>, prepared: &Prepared) -> Duration {
    if prepared.is_modification() { call.config.write_query_time } else { Duration::ZERO }
}

fn respond(
    call: &mut Call<'_>,
    body: &QueryBody,
    prepared: &Prepared,
    (report, cached_plan): (Report, Option<String>),
    query: u64,
    rows: Rows<DatabaseView>,
    log: &WriteLog,
) -> Outcome {
    // A stream of a transaction makes its writes at once, so that they are in the transaction in their order.
    let is_lazy = body.output.is_stream && !(call.transaction.is_some() && prepared.is_modification());
    let (results, batch, view) = if is_lazy {
        let streamed = StreamedQuery::new(rows, log.clone(), report, body.limits.clone());
        let mut results = Results::Stream(Box::new(streamed));
        let batch = results.take(body.cursor.batch_size);
        (results, batch, None)
    } else {
        run_to_end(call, body, rows, log, report)
    };
    let locked = call.state.lock_writes(query, log).map_err(QueryError::from);
    let rows = batch.rows.and_then(|rows| locked.map(|()| rows));
    if rows.as_ref().is_err_and(QueryError::is_not_implemented) {
        call.state.report_unsupported(format!("POST /_api/cursor: {}", body.text));
    }
    let transaction = call.transaction;
    let (index, database, cursor_options) = (call.index, call.request.database.clone(), body.cursor.clone());
    wait(call.state, query, batch.slept.saturating_add(write_time(call, prepared)), move |state| {
        let now = state.current_time;
        let id = state.cursors.next_id(index);
        let mut cursor = Cursor::new(id, query, &database, cursor_options, results, now);
        cursor.transaction = transaction;
        cursor.plan_cache_key = cached_plan;
        let reply = match rows {
            Ok(rows) => finish_first(state, index, cursor, rows, view),
            Err(error) => Err(errors::during(&error)),
        };
        match reply {
            Ok(Finished { reply, is_open: true }) => reply,
            Ok(Finished { reply, is_open: false }) => {
                state.queries.end(query, now);
                reply
            }
            Err(error) => {
                state.queries.end(query, now);
                Reply::from(error)
            }
        }
    })
}

/// Computes all rows. Their batches are taken later; only the time that they took belongs to the first one.
fn run_to_end(
    call: &Call<'_>,
    body: &QueryBody,
    mut rows: Rows<DatabaseView>,
    log: &WriteLog,
    mut report: Report,
) -> (Results, Batch, Option<DatabaseView>) {
    let all: Result<Vec<Value>, QueryError> = rows.by_ref().collect();
    let slept = rows.take_slept();
    let batch = body.limits.batch(&mut report, all, slept);
    let totals = Totals::of(&rows);
    let checked = if call.transaction.is_some() {
        body.limits.check_writes(totals.stats.writes_executed, log.bytes())
    } else {
        count_commits(call, body, &batch, log).and_then(|(commits, largest)| {
            report.commits = commits;
            // Each part is a transaction.
            body.limits.check_size(largest)
        })
    };
    // An error after a commit in between has precedence, since what was committed would stay.
    let all = match checked {
        Err(error) if error.is_not_implemented() => Err(error),
        checked => batch.rows.and_then(|all| checked.map(|()| all)),
    };
    match all {
        Ok(all) => {
            let extra = report.extra(&totals);
            let results = Results::Complete { total: all.len(), rows: all.into(), extra };
            (results, Batch { rows: Ok(Vec::new()), slept: batch.slept }, Some(rows.into_store()))
        }
        Err(error) => (Results::Ended, Batch { rows: Err(error), slept: batch.slept }, None),
    }
}

/// Returns how often a query commits in between, and the bytes of its largest part.
///
/// # Errors
/// If others could see such a commit, or it is not known when a server makes it.
fn count_commits(
    call: &Call<'_>,
    body: &QueryBody,
    batch: &Batch,
    log: &WriteLog,
) -> Result<(u64, usize), QueryError> {
    let writes = log.since(0);
    let (commits, largest) = body.limits.parts(&writes)?;
    let collections = call.database().ok().map(|database| &database.collections);
    let shards = |name: &str| collections.and_then(|all| all.get(name)).map_or(1, |one| one.shards.len());
    let what = if batch.rows.is_err() {
        "of a query that fails"
    } else if !batch.slept.is_zero() {
        "of a query that sleeps"
    } else if writes.iter().any(|write| shards(&write.collection) > 1) {
        "in several shards"
    } else {
        return Ok((commits, largest));
    };
    if commits > 0 { Err(commits_in_between(what)) } else { Ok((0, largest)) }
}
