//! `/_open/auth`: exchanges a password for a token.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};

/// The last seconds of a token's life, in which it can be renewed.
const RENEWABLE: u64 = 150;

pub(super) fn handle(call: &mut Call<'_>) -> HandlerResult {
    let version = call.version;
    if !call.needs_authentication() {
        return if version.at_least(3, 12, 6) {
            Ok(Reply::raw(200, &json!({ "jwt": "invalid" })))
        } else {
            Err(ApiError::unknown_path(&call.request.path))
        };
    }
    call.require_method(&Method::POST)?;
    let invalid = || ApiError::new(400, 400, "invalid JSON");
    let body = call.request.json()?;
    let body = body.as_object().ok_or_else(invalid)?;
    let password = body.get("password").and_then(Value::as_str).ok_or_else(invalid)?;
    let name = match body.get("username") {
        Some(name) => name.as_str().ok_or_else(invalid)?,
        None if version.has_access_tokens() => "",
        None => return Err(invalid()),
    };
    let now = now(call);
    let user = call.state.users.verify(name, password, now);
    let user = user.ok_or_else(|| ApiError::new(401, 401, "Wrong credentials"))?;
    let wanted = body.get("expiryTime").filter(|_| version.at_least(3, 12, 6));
    let lifetime = wanted.map_or(Ok(call.state.sessions.lifetime), lifetime)?;
    Ok(Reply::raw(200, &json!({ "jwt": call.state.sessions.issue(call.index, &user, now, lifetime) })))
}

fn lifetime(wanted: &Value) -> Result<Duration, ApiError> {
    let refused = |text: &str| ApiError::new(400, 400, text);
    let seconds = wanted.as_f64().ok_or_else(|| refused("expiryTime must be a number"))?;
    if seconds < 10.0 {
        return Err(refused("expiryTime is below the minimal allowed value of 10 seconds"));
    }
    if seconds > 3600.0 {
        return Err(refused("expiryTime exceeds the maximal allowed value of 3600 seconds"));
    }
    Ok(Duration::from_secs_f64(seconds))
}

pub(super) fn renew(call: &mut Call<'_>) -> HandlerResult {
    call.require_method(&Method::POST)?;
    let unknown = || ApiError::new(404, 1703, "user not found");
    let header = call.request.header("authorization").unwrap_or_default();
    let (scheme, token) = header.split_once(' ').unwrap_or_default();
    let now = now(call);
    let claims = call
        .state
        .sessions
        .verify(call.index, token, now)
        .filter(|_| scheme.eq_ignore_ascii_case("bearer"))
        .ok_or_else(unknown)?;
    let user = claims.user.filter(|user| call.state.users.is_active(user)).ok_or_else(unknown)?;
    let is_ending = claims.expires.is_some_and(|expires| expires <= now + RENEWABLE);
    if !is_ending {
        return Ok(Reply::raw(200, &json!({})));
    }
    let sessions = &mut call.state.sessions;
    let lifetime = sessions.lifetime;
    Ok(Reply::raw(200, &json!({ "jwt": sessions.issue(call.index, &user, now, lifetime) })))
}

fn now(call: &Call<'_>) -> u64 {
    call.state.clock.unix_time(call.state.current_time).as_secs()
}
