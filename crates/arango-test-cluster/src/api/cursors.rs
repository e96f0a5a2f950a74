//! `/_api/cursor`: results in batches.

use http::Method;
use serde_json::json;

use super::forwarding::to_owner;
use super::{Call, Outcome, queries};
use crate::http::reply::{Refusal, Reply};
use crate::journal::EntryId;
use crate::state::State;
use crate::state::owner::owner;

pub(super) fn answer(call: &mut Call<'_>, rest: &[&str]) -> Result<Outcome, Refusal> {
    let version = call.version;
    match (call.request.method.clone(), rest) {
        (Method::POST, []) => queries::create(call).map(Outcome::Now),
        (Method::PUT, _) if version.is_4() => Err(Refusal::wrong_method()),
        (Method::POST | Method::PUT, [id]) => at_owner(call, id, Wish::Next),
        (Method::POST | Method::PUT, [id, batch]) if version.at_least(3, 11, 0) => {
            let batch = batch.parse().map_err(|_| no_batch())?;
            at_owner(call, id, Wish::Batch(batch))
        }
        (Method::DELETE, [id]) => at_owner(call, id, Wish::End),
        (Method::POST | Method::PUT | Method::DELETE, _) => {
            Err(Refusal::new(400, 400, "expecting /_api/cursor/<cursor-id>"))
        }
        _ => Err(Refusal::wrong_method()),
    }
}

/// What is asked of a cursor.
#[derive(Debug, Clone, Copy)]
enum Wish {
    /// The next batch, whichever that is.
    Next,
    /// This batch: the latest once more, or the one after it.
    Batch(u64),
    End,
}

/// Asks the coordinator that has the cursor.
fn at_owner(call: &mut Call<'_>, id: &str, wish: Wish) -> Result<Outcome, Refusal> {
    let id = id.parse::<u64>().map_err(|_| not_found())?;
    let known = owner(id).filter(|index| *index < call.state.coordinators.len());
    let index = known.ok_or_else(|| Refusal::new(404, 1600, "cannot find target server for cursor id"))?;
    let (database, entry) = (call.request.database.clone(), call.entry);
    let ask = move |state: &mut State| fulfil(state, &database, id, wish, entry).unwrap_or_else(Reply::from);
    Ok(to_owner(call, index, ask))
}

fn fulfil(state: &mut State, database: &str, id: u64, wish: Wish, entry: EntryId) -> Result<Reply, Refusal> {
    let now = state.at;
    let cursor = state.cursors.find(id, database, now).ok_or_else(not_found)?;
    if let Wish::End = wish {
        state.cursors.remove(id);
        return Ok(Reply::flat(202, json!({ "id": id.to_string() })));
    }
    if cursor.is_busy_for(entry) {
        return Err(Refusal::new(409, 1601, "cursor is busy"));
    }
    cursor.renew(now);
    if let Wish::Batch(wanted) = wish {
        if wanted == cursor.batch() {
            // Whatever its first answer was, a repetition has status 200.
            let latest = cursor.latest().map(|body| Reply::raw(200, body));
            return latest.ok_or_else(|| Refusal::new(400, 400, "expecting allowRetry option to be true"));
        }
        if wanted != cursor.batch() + 1 || !cursor.has_more() {
            return Err(no_batch());
        }
    }
    let reply = Reply::raw(200, cursor.advance(200));
    if !cursor.is_of_use() {
        state.cursors.remove(id);
    }
    Ok(reply)
}

fn not_found() -> Refusal {
    Refusal::new(404, 1600, "cursor not found")
}

fn no_batch() -> Refusal {
    Refusal::new(404, 1600, "batch id not found")
}
