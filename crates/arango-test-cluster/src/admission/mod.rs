//! The refusals that come before any handler, in the order in which a coordinator makes them.

mod mode;
mod queue;

use std::borrow::Cow;

use http::{HeaderName, Method, header};

use crate::api::{Call, Outcome};
use crate::builder::Authentication;
use crate::config::Config;
use crate::http::auth::Caller;
use crate::http::encoding;
use crate::http::reply::{Refusal, Reply};
use crate::http::request::Request;
use crate::state::State;
use crate::state::users::Level;
use crate::version::Version;

/// Answers for itself where others are refused.
const AVAILABILITY: &str = "/_admin/server/availability";

/// The coordinator at whose door somebody stands.
#[derive(Clone, Copy)]
pub(crate) struct Door<'a> {
    pub(crate) config: &'a Config,
    pub(crate) version: &'a Version,
    pub(crate) index: usize,
}

/// Lets a request in, its body decoded, or answers in place of the handler.
pub(crate) fn admit<'a>(
    state: &State,
    door: Door<'_>,
    request: &'a Request,
) -> Result<(Cow<'a, Request>, Caller), Box<Reply>> {
    if let Some(reply) = protocol(request) {
        return Err(Box::new(reply));
    }
    let caller = match door.config.authentication {
        Authentication::Off => Caller::Superuser,
        Authentication::On => {
            let now = state.clock.calendar(state.at).as_secs();
            Caller::identify(request, &state.sessions, door.index, &state.users, now)
        }
    };
    check(state, door, request, &caller).map_err(|refusal| Box::new(refusal.into()))?;
    let request = decoded(door, request, &caller).map_err(|refusal| Box::new(refusal.into()))?;
    queue::check(state, door.index, &request).map_err(|refusal| Box::new(refusal.into()))?;
    Ok((request, caller))
}

/// Undoes the compression of the body.
fn decoded<'a>(door: Door<'_>, request: &'a Request, caller: &Caller) -> Result<Cow<'a, Request>, Refusal> {
    let encoding = request.header("content-encoding");
    if encoding.is_none() {
        return Ok(Cow::Borrowed(request));
    }
    if *caller == Caller::Anonymous && door.version.at_least(3, 12, 0) {
        return Err(Refusal::unauthorized());
    }
    let body = encoding::decode(encoding, request.body.clone())?;
    Ok(Cow::Owned(Request { body, ..request.clone() }))
}

/// What is answered before anybody asks who is there.
fn protocol(request: &Request) -> Option<Reply> {
    if request.method == Method::OPTIONS {
        return Some(
            Reply::empty(200).with_header(header::ALLOW, "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        );
    }
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    if !known.contains(&request.method) {
        return Some(Reply::empty(405).with_header(header::CONNECTION, "Close"));
    }
    if request.headers.contains_key(header::TRANSFER_ENCODING) {
        let refusal = Refusal::new(501, 9, "Support for Transfer-Encoding: chunked is not implemented.");
        return Some(Reply::from(refusal).with_header(header::CONNECTION, "Close"));
    }
    None
}

fn check(state: &State, door: Door<'_>, request: &Request, caller: &Caller) -> Result<(), Refusal> {
    api_version(door, request)?;
    mode::check(state, door, request)?;
    let level = caller.level(&request.database, &state.users);
    if !state.knows_database(door.index, &request.database) {
        // Grants that came with a database have not spread either: only one for all databases covers it.
        let is_news = state.databases.contains_key(&request.database);
        let level = if is_news { caller.level("*", &state.users) } else { level };
        // Whoever may not see the name must not learn that it means nothing.
        let may_know = level != Level::None;
        return Err(if may_know { Refusal::database_not_found() } else { Refusal::unauthorized() });
    }
    let is_open = matches!(request.path.as_str(), "/" | AVAILABILITY)
        || request.path.starts_with("/_open/")
        || request.path.starts_with("/_admin/aardvark/");
    let is_for_users = request.path == "/_api/cluster/endpoints" || request.path.starts_with("/_api/user/");
    let enters = is_open || level != Level::None || (is_for_users && *caller != Caller::Anonymous);
    if enters { Ok(()) } else { Err(Refusal::unauthorized()) }
}

fn api_version(door: Door<'_>, request: &Request) -> Result<(), Refusal> {
    let Some(prefix) = request.api_version.as_deref() else { return Ok(()) };
    if !door.version.has_api_versions() {
        return Err(Refusal::unknown_path(&format!("/_arango/{prefix}{}", request.path)));
    }
    let number = prefix.strip_prefix('v').filter(|digits| *digits == "0" || !digits.starts_with('0'));
    match (prefix, number.and_then(|digits| digits.parse::<u32>().ok())) {
        ("experimental", _) | (_, Some(1)) => Ok(()),
        (_, Some(0)) if !door.version.is_4() => Ok(()),
        (_, Some(_)) => Err(Refusal::new(404, 404, "unsupported API version")),
        (_, None) => Err(Refusal::new(400, 400, "invalid API version")),
    }
}

/// Sends a request into the background, if it asks for that.
pub(crate) fn background(call: &mut Call<'_>) -> Option<Outcome> {
    let wish = call.request.header("x-arango-async")?;
    let keeps_result = match wish {
        "true" => false,
        "store" => true,
        _ => return None,
    };
    let server = &mut call.state.coordinators[call.index];
    if keeps_result && server.soft_shutdown {
        return Some(Outcome::Now(Refusal::new(503, 21003, "queue is full").into()));
    }
    server.requests.asynchronous += 1;
    let mut reply = Reply::empty(202);
    let mut kept = None;
    if keeps_result {
        let since = call.state.clock.calendar(call.state.at).as_secs();
        let id = call.state.async_jobs.begin(call.index, call.caller.user().map(str::to_owned), since);
        reply = reply.with_header(HeaderName::from_static("x-arango-async-id"), &id.to_string());
        kept = Some(id);
    }
    Some(Outcome::Background { id: kept, reply })
}
