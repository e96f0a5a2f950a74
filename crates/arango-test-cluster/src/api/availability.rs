//! `/_admin/server/availability`: the one question that needs no login.

use http::Method;
use serde_json::json;

use super::{Answer, Call};
use crate::http::reply::Reply;

pub(super) fn answer(call: &Call<'_>) -> Answer {
    call.only(&Method::GET)?;
    Ok(Reply::flat(200, json!({ "mode": mode(call) })))
}

pub(super) fn mode(call: &Call<'_>) -> &'static str {
    if call.state.read_only { "readonly" } else { "default" }
}
