//! Ends a batch: commits, responds, keeps the cursor.

use std::mem;
use std::time::Duration;

use arango_test_aql::Value;
use http::HeaderName;

use super::errors;
use crate::api::Outcome;
use crate::http::reply::{ApiError, Reply};
use crate::state::State;
use crate::state::cursors::{Cursor, Results};
use crate::store::database_view::DatabaseView;

/// The longest time between two checks whether a query that sleeps was killed.
const LONGEST_STEP: Duration = Duration::from_secs(10);

const DIRTY_READ: HeaderName = HeaderName::from_static("x-arango-potential-dirty-read");

/// The response to a batch, and whether its cursor is kept.
pub(crate) struct Finished {
    pub(crate) reply: Reply,
    pub(crate) is_open: bool,
}

/// Calls `finish` after the time that a query slept, or when it is killed.
pub(crate) fn wait(
    state: &mut State,
    query: u64,
    slept: Duration,
    finish: impl FnOnce(&mut State) -> Reply + Send + 'static,
) -> Outcome {
    if slept.is_zero() {
        return Outcome::Now(finish(state));
    }
    // A query that sleeps for a long time is checked about once in a second, and a very long one less often.
    let steps = u32::try_from(slept.as_secs().clamp(1, 600)).unwrap_or(1);
    // `None` is never.
    let deadline = state.current_time.checked_add(slept);
    let mut finish = Some(finish);
    let check = move |state: &mut State| {
        let next = state.current_time + Duration::from_millis(1);
        let is_over = deadline.is_some_and(|deadline| next > deadline);
        let finish = if is_over || state.queries.end_reason(query).is_some() { finish.take() } else { None };
        finish.map(|finish| finish(state))
    };
    Outcome::Wait { every: (slept / steps).min(LONGEST_STEP), check: Box::new(check) }
}

/// Ends the first batch of a query. `view` has the writes of a query that has run to its end.
pub(super) fn finish_first(
    state: &mut State,
    index: usize,
    mut cursor: Cursor,
    mut rows: Vec<Value>,
    view: Option<DatabaseView>,
) -> Result<Finished, ApiError> {
    let is_complete = view.is_some();
    if let Some(view) = view {
        require_alive(state, &cursor)?;
        let database = cursor.database.clone();
        state.commit_query(&database, cursor.query, view).map_err(errors::of_document)?;
        rows = cursor.results.take(cursor.options.batch_size).rows.map_err(|error| errors::during(&error))?;
    }
    let reply = finish(state, &mut cursor, &rows, 201)?;
    // A result that fits into one batch is kept only for a stream whose batches may be read again.
    let is_kept = if is_complete { cursor.results.has_more() } else { cursor.can_be_read() };
    if is_kept && state.coordinators[index].soft_shutdown {
        return Err(ApiError::new(503, 30, "Coordinator soft shutdown ongoing."));
    }
    let is_open = matches!(cursor.results, Results::Stream(_));
    if is_kept {
        cursor.reset_ttl(state.current_time);
        state.open_cursor(cursor);
    }
    Ok(Finished { reply, is_open })
}

/// Ends a batch. With the last one the writes of a stream are made.
pub(crate) fn finish(
    state: &mut State,
    cursor: &mut Cursor,
    rows: &[Value],
    code: u16,
) -> Result<Reply, ApiError> {
    require_alive(state, cursor)?;
    let mut extra = None;
    if let Results::Complete { extra: of_query, .. } = &cursor.results {
        extra = Some(of_query.clone());
    } else if !cursor.results.has_more()
        && let Results::Stream(query) = mem::replace(&mut cursor.results, Results::Ended)
    {
        query.check_writes().map_err(|error| errors::during(&error))?;
        extra = Some(query.extra());
        let view = query.into_view();
        state.commit_query(&cursor.database, cursor.query, view).map_err(errors::of_document)?;
    }
    let body = cursor.render(rows, extra.as_deref(), code);
    let reply = Reply::json(code, body);
    Ok(if cursor.options.reads_dirty { reply.with_header(DIRTY_READ, "true") } else { reply })
}

fn require_alive(state: &State, cursor: &Cursor) -> Result<(), ApiError> {
    state.queries.end_reason(cursor.query).map_or(Ok(()), |reason| Err(errors::ended(reason)))
}
