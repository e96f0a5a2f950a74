//! `/_admin/license` and `/_admin/deployment/id`.

use http::Method;
use serde_json::{Value, json};

use super::{Answer, Call};
use crate::http::reply::{Refusal, Reply};
use crate::tls;

/// `/_admin/license`
pub(super) fn license(call: &mut Call<'_>) -> Answer {
    match call.request.method {
        Method::GET => {
            call.harden()?;
            Ok(Reply::raw(200, &document(call)))
        }
        Method::PUT => {
            call.admin()?;
            let invalid = || Refusal::bad_parameter("invalid license");
            let body = call.request.json()?;
            let key = body.as_str().filter(|key| !key.is_empty()).ok_or_else(invalid)?;
            // Whoever has it signed is not asked: any text that could be one in base64 will do.
            let could_be_one = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
            if !key.bytes().all(could_be_one) {
                return Err(invalid());
            }
            key.clone_into(&mut call.state.license);
            // The envelope stands within the result, for whatever reason.
            Ok(Reply::raw(201, &json!({ "result": { "error": false, "code": 201 } })))
        }
        _ => Err(Refusal::wrong_method()),
    }
}

fn document(call: &Call<'_>) -> Value {
    let state = &*call.state;
    let expires = state.clock.calendar(state.clock.origin()).as_secs() + 365 * 86_400;
    let hash = tls::fingerprint(state.license.as_bytes());
    json!({
        "features": { "expires": expires }, "license": state.license, "hash": hash, "version": 1,
        "status": "good", "upgrading": false,
    })
}

/// `/_admin/deployment/id`
pub(super) fn deployment_id(call: &Call<'_>) -> Answer {
    call.only(&Method::GET)?;
    call.harden()?;
    Ok(Reply::raw(200, &json!({ "id": call.state.deployment_id })))
}
