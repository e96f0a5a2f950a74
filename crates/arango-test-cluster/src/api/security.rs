//! `tls`, `jwt`, `encryption`: fingerprints of keys, never the keys themselves.

use http::Method;
use serde_json::json;

use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::http::token::Signer;
use crate::tls;

/// Returns the TLS fingerprints; nothing without TLS. A reload finds no change.
pub(super) fn tls(call: &Call<'_>) -> HandlerResult {
    match call.request.method {
        Method::GET => {}
        Method::POST => superuser(call)?,
        _ => return Err(ApiError::forbidden("method not allowed")),
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

/// Returns the fingerprints of the secrets. A reload finds no change, since only a test changes secrets.
pub(super) fn jwt(call: &Call<'_>) -> HandlerResult {
    superuser(call)?;
    if call.request.method != Method::GET && call.request.method != Method::POST {
        return Err(ApiError::wrong_method());
    }
    let keys = call.state.sessions.keys(call.index);
    let fingerprint = |signer: &Signer| json!({ "sha256": tls::fingerprint(signer.secret().as_bytes()) });
    let passive: Vec<_> = keys.passive.iter().map(fingerprint).collect();
    Ok(Reply::result(200, json!({ "active": fingerprint(&keys.active), "passive": passive })))
}

/// Coordinators hold no data to encrypt.
pub(super) fn encryption(call: &Call<'_>) -> HandlerResult {
    superuser(call)?;
    Err(ApiError::unknown_path(&call.request.path))
}

fn superuser(call: &Call<'_>) -> Result<(), ApiError> {
    if call.caller.is_superuser() { Ok(()) } else { Err(ApiError::forbidden("only superusers may do this")) }
}
