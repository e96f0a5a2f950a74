//! `/_admin/license` and `/_admin/deployment/id`.

use http::Method;
use serde_json::{Value, json};

use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::tls;

/// `/_admin/license`
pub(super) fn license(call: &mut Call<'_>) -> HandlerResult {
    match call.request.method {
        Method::GET => {
            call.require_admin_if_hardened()?;
            Ok(Reply::raw(200, &document(call)))
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
            key.clone_into(&mut call.state.license);
            // The server puts the envelope into the result.
            Ok(Reply::raw(201, &json!({ "result": { "error": false, "code": 201 } })))
        }
        _ => Err(ApiError::wrong_method()),
    }
}

fn document(call: &Call<'_>) -> Value {
    let state = &*call.state;
    let expires = state.clock.unix_time(state.clock.origin()).as_secs() + 365 * 86_400;
    let hash = tls::fingerprint(state.license.as_bytes());
    json!({
        "features": { "expires": expires }, "license": state.license, "hash": hash, "version": 1,
        "status": "good", "upgrading": false,
    })
}

/// `/_admin/deployment/id`
pub(super) fn deployment_id(call: &Call<'_>) -> HandlerResult {
    call.require_method(&Method::GET)?;
    call.require_admin_if_hardened()?;
    Ok(Reply::raw(200, &json!({ "id": call.state.deployment_id })))
}
