//! Begins a transaction.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::api::collections::find;
use crate::api::{Call, Outcome};
use crate::config::version::Version;
use crate::http::reply::{ApiError, Reply};
use crate::state::transactions::{Access, NewTransaction};

const ATTRIBUTES: &[&str] = &[
    "collections",
    "waitForSync",
    "allowImplicit",
    "lockTimeout",
    "maxTransactionSize",
    "skipFastLockRound",
];

/// How long it waits for its locks, if the client sets no time.
const LOCK_TIMEOUT: Duration = Duration::from_secs(900);

/// Returns the attributes of the body. The last one came with 3.12.1.
pub(super) fn attributes(version: &Version) -> &'static [&'static str] {
    if version.at_least(3, 12, 1) { ATTRIBUTES } else { &ATTRIBUTES[..ATTRIBUTES.len() - 1] }
}

/// Handles `POST /_api/transaction/begin`.
pub(super) fn begin(call: &mut Call<'_>) -> Result<Outcome, ApiError> {
    if call.request.transaction().is_some() {
        return Err(ApiError::new(400, 9, "a transaction cannot begin within a transaction"));
    }
    if call.server().soft_shutdown {
        return Err(ApiError::new(503, 30, "Coordinator soft shutdown ongoing."));
    }
    let body = call.object()?;
    let lock_timeout = lock_timeout(&body)?;
    let access = access(call, &body)?;
    call.require_access(&access)?;
    if let Some(outcome) = call.wait_for_locks_until(access.clone(), lock_timeout) {
        return Ok(outcome);
    }
    let new = NewTransaction {
        user: call.caller.user().map(str::to_owned),
        database: call.request.database.clone(),
        reads_dirty: access.is_read_only() && call.allows_dirty_reads(),
        max_size: max_size(call, &body)?,
        access,
    };
    let id = call.state.begin_transaction(call.index, new, call.config);
    Ok(Outcome::Now(Reply::result(201, json!({ "id": id.to_string(), "status": "running" }))))
}

/// Returns how long it waits for its locks. `None` is no limit.
fn lock_timeout(body: &Value) -> Result<Option<Duration>, ApiError> {
    let Some(value) = body.get("lockTimeout") else { return Ok(Some(LOCK_TIMEOUT)) };
    let seconds = value.as_f64().filter(|seconds| *seconds >= 0.0);
    let timeout = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let timeout = timeout.ok_or_else(|| ApiError::bad_parameter("`lockTimeout` must be at least 0"))?;
    Ok(Some(timeout).filter(|timeout| !timeout.is_zero()))
}

fn max_size(call: &Call<'_>, body: &Value) -> Result<usize, ApiError> {
    let settings = call.state.transactions.settings;
    let most = settings.max_size.unwrap_or_else(|| call.version.max_transaction_size());
    let Some(value) = body.get("maxTransactionSize") else { return Ok(most) };
    let size = value.as_u64().and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0);
    size.map(|size| size.min(most))
        .ok_or_else(|| ApiError::bad_parameter("`maxTransactionSize` must be a positive number"))
}

fn access(call: &mut Call<'_>, body: &Value) -> Result<Access, ApiError> {
    let Some(Value::Object(collections)) = body.get("collections") else {
        return Err(ApiError::bad_parameter("missing/invalid collections definition for transaction"));
    };
    call.require_attributes(collections, "collections.", &["read", "write", "exclusive"])?;
    Ok(Access {
        read: names(call, collections, "read")?,
        write: names(call, collections, "write")?,
        exclusive: names(call, collections, "exclusive")?,
        allows_implicit_reads: body.get("allowImplicit").and_then(Value::as_bool).unwrap_or(true),
    })
}

/// Reads one collection or a list of them.
fn names(
    call: &Call<'_>,
    collections: &Map<String, Value>,
    kind: &str,
) -> Result<BTreeSet<String>, ApiError> {
    let given: &[Value] = match collections.get(kind) {
        None => &[],
        Some(Value::Array(names)) => names,
        Some(name) => std::slice::from_ref(name),
    };
    let name = |value: &Value| {
        let text = value.as_str().ok_or_else(|| {
            ApiError::bad_parameter("missing/invalid collections definition for transaction")
        })?;
        Ok(find(call, text)?.name.clone())
    };
    given.iter().map(name).collect()
}
