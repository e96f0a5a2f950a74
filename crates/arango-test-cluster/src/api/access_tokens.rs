//! `/_api/token/{user}`: named passwords with an expiry time.

use http::Method;
use serde_json::{Value, json};

use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::users::AccessToken;

/// The default lifetime of an access token, in seconds.
const DEFAULT_LIFETIME: u64 = 30 * 86_400;

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    let user = *rest.first().ok_or_else(|| ApiError::unknown_path(&call.request.path))?;
    if !call.is_admin() && call.caller.user() != Some(user) {
        return Err(ApiError::forbidden("forbidden"));
    }
    let not_found = || ApiError::new(404, 1703, "user not found");
    let now = call.state.clock.unix_time(call.state.current_time).as_secs();
    let known = call.state.users.by_name.get_mut(user).ok_or_else(not_found)?;
    match (call.request.method.clone(), rest) {
        (Method::GET, [_]) => {
            let tokens: Vec<_> = known.tokens.iter().map(|token| token.public(now)).collect();
            Ok(Reply::raw(200, &json!({ "tokens": tokens })))
        }
        (Method::POST, [_]) => create(call, user),
        (Method::DELETE, [_, id]) => {
            known.tokens.retain(|token| token.id.to_string() != *id);
            Ok(Reply::empty(200))
        }
        _ => Err(ApiError::wrong_method()),
    }
}

/// Creates a token. Only this response contains the token itself.
fn create(call: &mut Call<'_>, user: &str) -> HandlerResult {
    let body = call.object()?;
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let created_at = call.state.clock.unix_time(call.state.current_time).as_secs();
    let valid_until =
        body.get("valid_until").and_then(Value::as_u64).unwrap_or(created_at + DEFAULT_LIFETIME);
    let (id, secret) = (call.state.ids.next(), format!("v1.{}", call.state.ids.hex(32)));
    let known =
        call.state.users.by_name.get_mut(user).ok_or_else(|| ApiError::new(404, 1703, "user not found"))?;
    if known.tokens.iter().any(|token| token.name == name) {
        return Err(ApiError::new(409, 1207, "duplicate name"));
    }
    let token = AccessToken { id, name, valid_until, created_at, secret };
    let mut public = token.public(created_at);
    public["token"] = token.secret.as_str().into();
    known.tokens.push(token);
    Ok(Reply::raw(200, &public))
}
