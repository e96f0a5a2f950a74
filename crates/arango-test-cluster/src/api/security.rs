//! `tls`, `jwt`, `encryption`: keys, of which only fingerprints are told.

use http::Method;
use serde_json::json;

use super::{Answer, Call};
use crate::http::reply::{Refusal, Reply};
use crate::http::token::Signer;
use crate::tls;

/// Without TLS there is nothing to tell; a reload finds what is there already.
pub(super) fn tls(call: &Call<'_>) -> Answer {
    match call.request.method {
        Method::GET => {}
        Method::POST => superuser(call)?,
        _ => return Err(Refusal::forbidden("method not allowed")),
    }
    let mut result = json!({});
    if let Some(keyfile) = &call.state.keyfile {
        result["keyfile"] = json!({
            "sha256": keyfile.sha256, "certificates": [keyfile.certificate], "privateKeySha256": keyfile.key_sha256,
        });
        if let Some(authority) = &keyfile.client_authority {
            result["clientCA"] =
                json!({ "sha256": tls::fingerprint(authority.as_bytes()), "certificates": [authority] });
        }
    }
    Ok(Reply::result(200, result))
}

/// Secrets change when a test says so; a reload finds what is there already.
pub(super) fn jwt(call: &Call<'_>) -> Answer {
    superuser(call)?;
    if call.request.method != Method::GET && call.request.method != Method::POST {
        return Err(Refusal::wrong_method());
    }
    let keys = call.state.sessions.keys(call.index);
    let told = |signer: &Signer| json!({ "sha256": tls::fingerprint(signer.secret().as_bytes()) });
    let passive: Vec<_> = keys.passive.iter().map(told).collect();
    Ok(Reply::result(200, json!({ "active": told(&keys.active), "passive": passive })))
}

/// Coordinators hold no data to encrypt.
pub(super) fn encryption(call: &Call<'_>) -> Answer {
    superuser(call)?;
    Err(Refusal::unknown_path(&call.request.path))
}

fn superuser(call: &Call<'_>) -> Result<(), Refusal> {
    if call.caller.is_superuser() { Ok(()) } else { Err(Refusal::forbidden("only superusers may do this")) }
}
