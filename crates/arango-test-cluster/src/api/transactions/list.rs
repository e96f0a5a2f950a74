//! The transactions in progress on all coordinators.

use serde_json::{Value, json};

use crate::api::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::id_owner::owner;
use crate::state::servers::Server;
use crate::state::transactions::Transaction;

/// Lists the caller's transactions in this database.
pub(super) fn list(call: &Call<'_>) -> HandlerResult {
    require_all_coordinators(call)?;
    let database = &call.request.database;
    let running = call.state.transactions.running().filter(|one| is_meant(call, one));
    let listed = running.filter(|one| one.is_of(call.caller, database));
    let described: Vec<Value> =
        listed.map(|one| json!({ "id": one.id.to_string(), "state": "running" })).collect();
    Ok(Reply::raw(200, &json!({ "transactions": described })))
}

/// Aborts the caller's transactions that may write, in all databases, and ends the queries that write.
pub(super) fn abort_writing(call: &mut Call<'_>) -> HandlerResult {
    require_all_coordinators(call)?;
    let running = call.state.transactions.running().filter(|one| is_meant(call, one));
    let writing = running.filter(|one| !one.access.is_read_only() && one.is_of(call.caller, &one.database));
    // One that a request uses is left alone; its query is killed.
    let unused = writing.filter(|one| !one.is_used_by_another(call.entry));
    let ids: Vec<_> = unused.map(|one| one.id).collect();
    for id in ids {
        call.state.abort_transaction(id, false);
    }
    let caller = call.caller;
    call.state.queries.kill_modifications(|user| caller.is_superuser() || user == caller.user());
    Ok(Reply::result(200, json!({})))
}

/// Returns whether the request is about this transaction: by default about those of all coordinators.
fn is_meant(call: &Call<'_>, transaction: &Transaction) -> bool {
    !call.request.query.is_true("local") || owner(transaction.id) == Some(call.index)
}

/// Refuses a request about all coordinators while one of them cannot be asked.
fn require_all_coordinators(call: &Call<'_>) -> Result<(), ApiError> {
    let mut coordinators = call.state.coordinators.iter().filter(|server| server.registered);
    if call.request.query.is_true("local") || coordinators.all(Server::is_up) {
        return Ok(());
    }
    Err(ApiError::no_backend())
}
