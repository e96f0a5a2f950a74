//! Queries in progress and slow ones.

use std::time::Duration;

use serde_json::{Value, json};

use crate::api::forwarding::forward_to;
use crate::api::{Call, HandlerResult, Outcome};
use crate::http::reply::{ApiError, Reply, number};
use crate::state::State;
use crate::state::id_owner::owner;
use crate::state::queries::{EndReason, RunningQuery};
use crate::state::query_tracking::Tracking;

/// Lists the queries in progress.
pub(super) fn current(call: &mut Call<'_>) -> HandlerResult {
    let filter = Filter::read(call)?;
    let now = call.state.current_time;
    let listed = call.state.queries.running().filter(|(id, query)| filter.accepts(*id, query));
    let described = listed.map(|(id, query)| {
        describe(call, id, query, now.saturating_duration_since(query.started), "executing")
    });
    Ok(Reply::raw(200, &described.collect()))
}

/// Lists the slow queries.
pub(super) fn slow(call: &mut Call<'_>) -> HandlerResult {
    let filter = Filter::read(call)?;
    let listed = call.state.queries.slow().filter(|(id, query, _)| filter.accepts(*id, query));
    let described = listed.map(|(id, query, time)| {
        let mut one = describe(call, id, query, time, "finished");
        one["exitCode"] = match query.end_reason {
            None => 0,
            Some(EndReason::Killed) => 1500,
            Some(EndReason::Cancelled) => 21,
        }
        .into();
        one
    });
    Ok(Reply::raw(200, &described.collect()))
}

/// Removes slow queries from the list.
pub(super) fn clear_slow(call: &mut Call<'_>) -> HandlerResult {
    let filter = Filter::read(call)?;
    call.state.queries.clear_slow(|id, query| filter.accepts(id, query));
    Ok(Reply::without_result(200))
}

/// Reports how this coordinator tracks the queries of the database.
pub(super) fn properties(call: &Call<'_>) -> Reply {
    let tracking = call.state.queries.tracking.get(call.index, &call.request.database);
    Reply::flat(
        200,
        json!({
            "enabled": tracking.is_enabled, "trackSlowQueries": tracking.tracks_slow,
            "trackBindVars": tracking.tracks_bind_vars, "maxSlowQueries": tracking.max_slow,
            "slowQueryThreshold": number(tracking.slow),
            "slowStreamingQueryThreshold": number(tracking.slow_stream),
            "maxQueryStringLength": tracking.max_text,
        }),
    )
}

/// Changes how this coordinator tracks the queries of the database. Values of other types are ignored.
pub(super) fn change_properties(call: &mut Call<'_>) -> HandlerResult {
    let body = call.object()?;
    let mut tracking = call.state.queries.tracking.get(call.index, &call.request.database);
    let flag = |name: &str, old: bool| body.get(name).and_then(Value::as_bool).unwrap_or(old);
    let size = |name: &str, old: usize| {
        body.get(name).and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok()).unwrap_or(old)
    };
    let seconds = |name: &str, old: f64| body.get(name).and_then(Value::as_f64).unwrap_or(old);
    tracking = Tracking {
        is_enabled: flag("enabled", tracking.is_enabled),
        tracks_slow: flag("trackSlowQueries", tracking.tracks_slow),
        tracks_bind_vars: flag("trackBindVars", tracking.tracks_bind_vars),
        max_slow: size("maxSlowQueries", tracking.max_slow),
        slow: seconds("slowQueryThreshold", tracking.slow),
        slow_stream: seconds("slowStreamingQueryThreshold", tracking.slow_stream),
        max_text: size("maxQueryStringLength", tracking.max_text),
    };
    let (index, database) = (call.index, &call.request.database);
    call.state.queries.tracking.set(index, database, tracking);
    Ok(properties(call))
}

/// Kills a query, at the coordinator that runs it.
pub(super) fn kill(call: &mut Call<'_>, id: &str) -> Result<Outcome, ApiError> {
    let unknown = || ApiError::new(404, 1591, "query ID not found");
    let kills_any = is_for_all_databases(call)?;
    let id = id.parse::<u64>().map_err(|_| unknown())?;
    let index = owner(id).filter(|index| *index < call.state.coordinators.len()).ok_or_else(unknown)?;
    let database = call.request.database.clone();
    let respond = move |state: &mut State| {
        let is_known = state.queries.kill(id, (!kills_any).then_some(database.as_str()));
        Outcome::Now(if is_known { Reply::without_result(200) } else { unknown().into() })
    };
    Ok(forward_to(call, index, respond))
}

/// The attributes of `PUT /_api/query/properties`.
pub(super) const PROPERTIES: &[&str] = &[
    "enabled",
    "maxQueryStringLength",
    "maxSlowQueries",
    "slowQueryThreshold",
    "slowStreamingQueryThreshold",
    "trackBindVars",
    "trackSlowQueries",
];

/// Returns whether a request is about the queries of all databases, which is for superusers.
fn is_for_all_databases(call: &Call<'_>) -> Result<bool, ApiError> {
    let is_for_all = call.request.query.is_true("all");
    if is_for_all && (call.request.database != "_system" || !call.caller.is_superuser()) {
        return Err(ApiError::forbidden("only superusers may access the queries of all databases"));
    }
    Ok(is_for_all)
}

/// Which queries a request lists.
struct Filter {
    /// `None` for all databases.
    database: Option<String>,
    /// `None` for all coordinators.
    coordinator: Option<usize>,
}

impl Filter {
    fn read(call: &Call<'_>) -> Result<Self, ApiError> {
        let lists_all = is_for_all_databases(call)?;
        let is_local = call.request.query.is_true("local");
        // All coordinators are asked, so all of them must respond.
        let mut others = call.state.coordinators.iter().filter(|server| server.registered);
        if !is_local && others.any(|server| !server.is_up()) {
            return Err(ApiError::no_backend());
        }
        Ok(Self {
            database: (!lists_all).then(|| call.request.database.clone()),
            coordinator: is_local.then_some(call.index),
        })
    }

    fn accepts(&self, id: u64, query: &RunningQuery) -> bool {
        self.database.as_ref().is_none_or(|database| *database == query.database)
            && self.coordinator.is_none_or(|index| owner(id) == Some(index))
    }
}

fn describe(call: &Call<'_>, id: u64, query: &RunningQuery, time: Duration, state: &str) -> Value {
    let mut one = json!({
        "id": id.to_string(), "database": query.database, "user": query.user.as_deref().unwrap_or("root"),
        "query": query.text, "bindVars": query.bind_vars,
        "started": call.state.clock.timestamp(query.started), "runTime": number(time.as_secs_f64()),
        "peakMemoryUsage": 32_768, "state": state, "stream": query.is_stream,
    });
    if call.version.at_least(3, 12, 2) {
        one["modificationQuery"] = query.is_modification.into();
        one["warnings"] = 0.into();
    }
    one
}
