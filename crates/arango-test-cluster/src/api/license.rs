//! `/_admin/license` and `/_admin/deployment/id`.

use http::Method;
use serde_json::{Value, json};

use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::State;
use crate::tls;

/// How much data a deployment without a licence may have, in bytes: 100 GiB.
const LIMIT: u64 = 100 << 30;

/// The time until a deployment below the limit becomes read-only, as servers report it: ten years.
const NO_END_IN_SIGHT: u64 = 315_569_520;

/// `/_admin/license`
pub(super) fn license(call: &mut Call<'_>) -> HandlerResult {
    match call.request.method {
        Method::GET => {
            call.require_admin_if_hardened()?;
            let document = match &call.state.license {
                Some(key) => license_document(call.state, key),
                None => json!({ "upgrading": false, "diskUsage": disk_usage(call.state) }),
            };
            Ok(Reply::raw(200, &document))
        }
        Method::PUT => {
            call.require_admin()?;
            let invalid = || ApiError::bad_parameter("invalid license");
            let body = call.request.json()?;
            let key = body.as_str().filter(|key| !key.is_empty()).ok_or_else(invalid)?;
            // The signature is not verified: any text of base64 characters is accepted.
            let could_be_one = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
            if !key.bytes().all(could_be_one) {
                return Err(invalid());
            }
            call.state.license = Some(key.to_owned());
            // The server puts the envelope into the result.
            Ok(Reply::raw(201, &json!({ "result": { "error": false, "code": 201 } })))
        }
        _ => Err(ApiError::wrong_method()),
    }
}

fn license_document(state: &State, key: &str) -> Value {
    let expires = state.clock.unix_time(state.clock.origin()).as_secs() + 365 * 86_400;
    let hash = tls::fingerprint(key.as_bytes());
    json!({
        "features": { "expires": expires }, "license": key, "hash": hash, "version": 1, "status": "good",
        "upgrading": false,
    })
}

/// Returns how much of the limit is used: each copy of each document counts. Reaching it has no effect here.
fn disk_usage(state: &State) -> Value {
    let collections = state.databases.values().flat_map(|database| database.collections.values());
    let sizes = collections.map(|one| one.documents.json_size() * one.replication_factor.max(1));
    let used = u64::try_from(sizes.sum::<usize>()).unwrap_or(u64::MAX);
    json!({
        "bytesUsed": used, "bytesLimit": LIMIT, "limitReached": used >= LIMIT,
        "secondsUntilReadOnly": NO_END_IN_SIGHT, "secondsUntilShutDown": NO_END_IN_SIGHT, "status": "good",
    })
}

/// `/_admin/deployment/id`
pub(super) fn deployment_id(call: &Call<'_>) -> HandlerResult {
    call.require_method(&Method::GET)?;
    call.require_admin_if_hardened()?;
    Ok(Reply::raw(200, &json!({ "id": call.state.deployment_id })))
}
