//! `/_api/cursor`: results in batches.

use arango_test_aql::{QueryError, Value};
use http::Method;
use serde_json::json;

use super::forwarding::forward_to;
use super::modelled::Modelled;
use super::queries::batch::{finish, wait};
use super::queries::errors;
use super::{Call, Outcome, queries};
use crate::http::reply::{ApiError, Reply};
use crate::http::request::TRANSACTION;
use crate::journal::EntryId;
use crate::state::State;
use crate::state::cursors::Results;
use crate::state::id_owner::owner;

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> Result<Outcome, ApiError> {
    let version = call.version;
    call.require_modelled(&Modelled::NOTHING.headers(&[TRANSACTION]))?;
    // A cursor names its owner by itself; only a new one needs the transaction.
    if rest.is_empty()
        && call.request.method == Method::POST
        && let Some(outcome) = call.enter_transaction()?
    {
        return Ok(outcome);
    }
    call.transaction_id()?;
    match (call.request.method.clone(), rest) {
        (Method::POST, []) => queries::create(call),
        (Method::PUT, _) if version.is_4() => Err(ApiError::wrong_method()),
        (Method::POST | Method::PUT, [id]) => forward_to_owner(call, id, CursorRequest::Next),
        (Method::POST | Method::PUT, [id, batch]) if version.at_least(3, 11, 0) => {
            let batch = batch.parse().map_err(|_| no_batch())?;
            forward_to_owner(call, id, CursorRequest::Batch(batch))
        }
        (Method::DELETE, [id]) => forward_to_owner(call, id, CursorRequest::End),
        (Method::POST | Method::PUT | Method::DELETE, _) => {
            Err(ApiError::new(400, 400, "expecting /_api/cursor/<cursor-id>"))
        }
        _ => Err(ApiError::wrong_method()),
    }
}

/// A request to a cursor.
#[derive(Debug, Clone, Copy)]
enum CursorRequest {
    /// The next batch.
    Next,
    /// The batch with this number: the latest again, or the one after it.
    Batch(u64),
    End,
}

/// Forwards the request to the coordinator that owns the cursor.
fn forward_to_owner(call: &mut Call<'_>, id: &str, request: CursorRequest) -> Result<Outcome, ApiError> {
    let id = id.parse::<u64>().map_err(|_| not_found())?;
    let known = owner(id).filter(|index| *index < call.state.coordinators.len());
    let index = known.ok_or_else(|| ApiError::new(404, 1600, "cannot find target server for cursor id"))?;
    let (database, entry) = (call.request.database.clone(), call.entry);
    let respond = move |state: &mut State| {
        execute(state, &database, id, request, entry).unwrap_or_else(|error| Outcome::Now(error.into()))
    };
    Ok(forward_to(call, index, respond))
}

fn execute(
    state: &mut State,
    database: &str,
    id: u64,
    request: CursorRequest,
    entry: EntryId,
) -> Result<Outcome, ApiError> {
    let now = state.current_time;
    let cursor = state.cursors.find(id, database).ok_or_else(not_found)?;
    if let CursorRequest::End = request {
        if cursor.is_locked_for(entry) {
            cursor.close_when_unlocked();
        } else if let Some(removed) = state.cursors.remove(id) {
            state.end_cursor(&removed, now);
        }
        return Ok(Outcome::Now(Reply::flat(202, json!({ "id": id.to_string() }))));
    }
    if cursor.is_locked_for(entry) {
        return Err(if cursor.is_closing() {
            not_found()
        } else {
            ApiError::new(409, 1601, "cursor is busy")
        });
    }
    cursor.reset_ttl(now);
    if let CursorRequest::Batch(wanted) = request {
        if wanted == cursor.batch() {
            // A repeated batch has status 200, whatever the status of its first response.
            let latest = cursor.latest().map(|body| Outcome::Now(Reply::json(200, body.to_vec())));
            return latest.ok_or_else(|| ApiError::new(400, 400, "expecting allowRetry option to be true"));
        }
        if wanted != cursor.batch() + 1 || !cursor.results.has_more() {
            return Err(no_batch());
        }
    }
    Ok(advance(state, id, entry))
}

/// Computes the next batch. While it takes time, the cursor is locked by its request.
fn advance(state: &mut State, id: u64, entry: EntryId) -> Outcome {
    state.cursors.lock(id, entry, state.current_time);
    let Some(cursor) = state.cursors.get_mut(id) else { return Outcome::Now(not_found().into()) };
    let query = cursor.query;
    let log = match &cursor.results {
        Results::Stream(streamed) => Some(streamed.log().clone()),
        Results::Complete { .. } | Results::Ended => None,
    };
    let batch = cursor.results.take(cursor.options.batch_size);
    let locked = log.map_or(Ok(()), |log| state.lock_writes(query, &log));
    let rows = batch.rows.and_then(|rows| locked.map(|()| rows).map_err(QueryError::from));
    let rows = rows.map_err(|error| errors::during(&error));
    wait(state, query, batch.slept, move |state| finish_next(state, id, rows))
}

/// Responds with a batch that was computed. The cursor may have been removed meanwhile.
fn finish_next(state: &mut State, id: u64, rows: Result<Vec<Value>, ApiError>) -> Reply {
    let Some(mut cursor) = state.cursors.remove(id) else { return not_found().into() };
    cursor.unlock();
    let now = state.current_time;
    let reply = match rows.and_then(|rows| finish(state, &mut cursor, &rows, 200)) {
        Ok(reply) => reply,
        Err(error) => {
            let reply = Reply::from(error);
            cursor.fail(&reply.body);
            reply
        }
    };
    if !matches!(cursor.results, Results::Stream(_)) {
        state.queries.end(cursor.query, now);
    }
    if cursor.can_be_read() {
        cursor.reset_ttl(now);
        state.open_cursor(cursor);
    } else {
        state.end_cursor(&cursor, now);
    }
    reply
}

fn not_found() -> ApiError {
    ApiError::new(404, 1600, "cursor not found")
}

fn no_batch() -> ApiError {
    ApiError::new(404, 1600, "batch id not found")
}
