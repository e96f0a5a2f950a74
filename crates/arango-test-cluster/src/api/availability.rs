//! `/_admin/server/availability`: the only call that needs no login.

use http::Method;
use serde_json::json;

use super::{Call, HandlerResult};
use crate::http::reply::Reply;

pub(super) fn handle(call: &Call<'_>) -> HandlerResult {
    call.require_method(&Method::GET)?;
    Ok(Reply::flat(200, json!({ "mode": mode(call) })))
}

pub(super) fn mode(call: &Call<'_>) -> &'static str {
    if call.state.read_only { "readonly" } else { "default" }
}
