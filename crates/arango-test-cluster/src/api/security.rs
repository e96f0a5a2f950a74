//! `tls`, `jwt`, `encryption`: keys, of which only fingerprints are told.

use http::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Answer, Call};
use crate::http::reply::{Refusal, Reply};
use crate::http::token::Signer;

/// There is no TLS here, so there is nothing to tell or to reload.
pub(super) fn tls(call: &Call<'_>) -> Answer {
    match call.request.method {
        Method::GET => {}
        Method::POST => superuser(call)?,
        _ => return Err(Refusal::forbidden("method not allowed")),
    }
    Ok(Reply::result(200, json!({})))
}

/// Secrets change when a test says so; a reload finds what is there already.
pub(super) fn jwt(call: &Call<'_>) -> Answer {
    superuser(call)?;
    if call.request.method != Method::GET && call.request.method != Method::POST {
        return Err(Refusal::wrong_method());
    }
    let keys = call.state.sessions.keys(call.index);
    let passive: Vec<_> = keys.passive.iter().map(fingerprint).collect();
    Ok(Reply::result(200, json!({ "active": fingerprint(&keys.active), "passive": passive })))
}

fn fingerprint(signer: &Signer) -> Value {
    let digest = Sha256::digest(signer.secret());
    json!({ "sha256": digest.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}")) })
}

/// Coordinators hold no data to encrypt.
pub(super) fn encryption(call: &Call<'_>) -> Answer {
    superuser(call)?;
    Err(Refusal::unknown_path(&call.request.path))
}

fn superuser(call: &Call<'_>) -> Result<(), Refusal> {
    if call.caller.is_superuser() { Ok(()) } else { Err(Refusal::forbidden("only superusers may do this")) }
}
