//! `/_api/token/{user}`: passwords of their own name and life.

use http::Method;
use serde_json::{Value, json};

use super::{Answer, Call};
use crate::http::reply::{Refusal, Reply};
use crate::state::users::AccessToken;

/// How long a token holds where nobody says otherwise, in seconds.
const MONTH: u64 = 30 * 86_400;

pub(super) fn answer(call: &mut Call<'_>, rest: &[&str]) -> Answer {
    let user = *rest.first().ok_or_else(|| Refusal::unknown_path(&call.request.path))?;
    if !call.is_admin() && call.caller.user() != Some(user) {
        return Err(Refusal::forbidden("forbidden"));
    }
    let not_found = || Refusal::new(404, 1703, "user not found");
    let now = call.state.clock.calendar(call.state.at).as_secs();
    let known = call.state.users.by_name.get_mut(user).ok_or_else(not_found)?;
    match (call.request.method.clone(), rest) {
        (Method::GET, [_]) => {
            let tokens: Vec<_> = known.tokens.iter().map(|token| token.public(now)).collect();
            Ok(Reply::raw(200, &json!({ "tokens": tokens })))
        }
        (Method::POST, [_]) => create(call, user),
        (Method::DELETE, [_, id]) => {
            let place = known.tokens.iter().position(|token| token.id.to_string() == *id);
            known.tokens.remove(place.ok_or_else(|| Refusal::new(404, 404, "token not found"))?);
            Ok(Reply::flat(200, json!({})))
        }
        _ => Err(Refusal::wrong_method()),
    }
}

/// The only answer that shows the token itself.
fn create(call: &mut Call<'_>, user: &str) -> Answer {
    let body = call.object()?;
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let created_at = call.state.clock.calendar(call.state.at).as_secs();
    let valid_until = body.get("valid_until").and_then(Value::as_u64).unwrap_or(created_at + MONTH);
    let (id, secret) = (call.state.ids.next(), format!("v1.{}", call.state.ids.hex(32)));
    let known =
        call.state.users.by_name.get_mut(user).ok_or_else(|| Refusal::new(404, 1703, "user not found"))?;
    if known.tokens.iter().any(|token| token.name == name) {
        return Err(Refusal::new(409, 1207, "duplicate name"));
    }
    let token = AccessToken { id, name, valid_until, created_at, secret };
    let mut public = token.public(created_at);
    public["token"] = token.secret.as_str().into();
    known.tokens.push(token);
    Ok(Reply::raw(200, &public))
}
