//! The status of a transaction, its commit and its abort.

use std::collections::BTreeSet;

use http::Method;
use serde_json::json;

use crate::api::deferred::wait_until;
use crate::api::{Call, Outcome};
use crate::http::reply::{ApiError, Reply};
use crate::state::State;
use crate::state::id_owner::owner;
use crate::state::transactions::{CommitFaults, END_TIMEOUT, End, FinalStatus};

/// Handles `/_api/transaction/{id}` at the coordinator that owns the transaction.
pub(super) fn handle(call: &mut Call<'_>, id: &str) -> Result<Outcome, ApiError> {
    let id = id.parse::<u64>().ok().filter(|id| *id > 0);
    let id = id.ok_or_else(|| ApiError::bad_parameter("bad transaction ID"))?;
    let known = owner(id).filter(|index| *index < call.state.coordinators.len());
    let owner =
        known.ok_or_else(|| ApiError::of_number(1655, "cannot find target server for transaction id"))?;
    if owner != call.index {
        return Ok(call.forward_request(owner));
    }
    match call.request.method {
        Method::PUT => end(call, id, FinalStatus::Committed),
        Method::DELETE => end(call, id, FinalStatus::Aborted),
        _ => status(call, id).map(Outcome::Now),
    }
}

fn status(call: &Call<'_>, id: u64) -> Result<Reply, ApiError> {
    let (transactions, database) = (&call.state.transactions, &call.request.database);
    let running = transactions.get(id).filter(|one| one.is_of(call.caller, database));
    let ended = transactions.tombstone(id).filter(|one| one.is_of(call.caller, database));
    let status = match (running, ended) {
        (Some(running), _) if running.is_expired(call.state.current_time) => FinalStatus::Aborted.text(),
        (Some(_), _) => "running",
        (None, Some(ended)) => ended.status.text(),
        (None, None) => return Err(ApiError::of_number(1655, "transaction not found")),
    };
    Ok(reply(id, status))
}

fn end(call: &mut Call<'_>, id: u64, status: FinalStatus) -> Result<Outcome, ApiError> {
    let end = End {
        id,
        database: call.request.database.clone(),
        caller: call.caller.clone(),
        status,
        request: call.entry,
        marker: call.request.marker().map(str::to_owned),
        faults: faults(call),
    };
    let entry = call.entry;
    let running = call.state.transactions.get(id).filter(|one| one.is_of(&end.caller, &end.database));
    if running.is_some_and(|transaction| transaction.is_used_by_another(entry)) {
        let operation = end.operation();
        let text = format!("updating transaction status on {operation} failed. transaction {id} is in use");
        return Ok(wait_until(call, Some(END_TIMEOUT), ApiError::of_number(28, text), move |state| {
            !state.transactions.get(id).is_some_and(|one| one.is_used_by_another(entry))
        }));
    }
    // One that is being committed says already that it was committed, also to a repeated request.
    let is_first = !call.state.transactions.is_committing(id);
    call.state.end_transaction(&end, call.version)?;
    if is_first && call.state.transactions.is_committing(id) {
        let check = move |state: &mut State| committed(state, id);
        return Ok(Outcome::Wait { every: end.faults.time, check: Box::new(check) });
    }
    Ok(Outcome::Now(reply(id, status.text())))
}

/// Returns the response to a commit that took time, when it is over.
fn committed(state: &State, id: u64) -> Option<Reply> {
    if state.transactions.is_committing(id) {
        return None;
    }
    let failure = state.transactions.tombstone(id).and_then(|tombstone| tombstone.failure.clone());
    Some(failure.map_or_else(|| reply(id, FinalStatus::Committed.text()), Reply::from))
}

fn faults(call: &Call<'_>) -> CommitFaults {
    let servers = call.faults.lost_on.iter().filter_map(|index| call.state.db_servers.get(*index));
    CommitFaults {
        time: call.faults.commit_time,
        fails: call.faults.fails_commit,
        lost_on: servers.map(|server| server.id.clone()).collect::<BTreeSet<_>>(),
    }
}

fn reply(id: u64, status: &str) -> Reply {
    Reply::result(200, json!({ "id": id.to_string(), "status": status }))
}
