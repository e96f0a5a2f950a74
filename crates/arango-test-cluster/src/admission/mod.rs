//! Checks before any handler, in the order in which a coordinator makes them.

mod mode;
mod queue;

use std::borrow::Cow;

use http::{HeaderName, Method, header};

use crate::api::{Call, Outcome};
use crate::config::settings::{Authentication, Config};
use crate::config::version::Version;
use crate::http::encoding;
use crate::http::reply::{ApiError, Reply};
use crate::http::request::Request;
use crate::state::State;
use crate::state::auth::Caller;
use crate::state::grants::Level;

/// Has its own response where other paths are refused.
const AVAILABILITY: &str = "/_admin/server/availability";

/// The coordinator that received the request.
#[derive(Clone, Copy)]
pub(crate) struct AdmissionContext<'a> {
    pub(crate) config: &'a Config,
    pub(crate) version: &'a Version,
    pub(crate) index: usize,
}

/// Admits a request and decodes its body, or returns a refusal.
pub(crate) fn admit<'a>(
    state: &State,
    context: AdmissionContext<'_>,
    request: &'a Request,
) -> Result<(Cow<'a, Request>, Caller), Box<Reply>> {
    if let Some(reply) = check_protocol(request) {
        return Err(Box::new(reply));
    }
    let caller = match context.config.authentication {
        Authentication::Off => Caller::Superuser,
        Authentication::On => {
            let now = state.clock.unix_time(state.current_time).as_secs();
            Caller::identify(request, &state.sessions, context.index, &state.users, now)
        }
    };
    check(state, context, request, &caller).map_err(|refusal| Box::new(refusal.into()))?;
    let request = decoded(context, request, &caller).map_err(|refusal| Box::new(refusal.into()))?;
    queue::check(state, context.index, &request).map_err(|refusal| Box::new(refusal.into()))?;
    Ok((request, caller))
}

/// Decompresses the body.
fn decoded<'a>(
    context: AdmissionContext<'_>,
    request: &'a Request,
    caller: &Caller,
) -> Result<Cow<'a, Request>, ApiError> {
    let encoding = request.header("content-encoding");
    if encoding.is_none() {
        return Ok(Cow::Borrowed(request));
    }
    if *caller == Caller::Anonymous && context.version.at_least(3, 12, 0) {
        return Err(ApiError::unauthorized());
    }
    let body = encoding::decode(encoding, request.body.clone())?;
    Ok(Cow::Owned(Request { body, ..request.clone() }))
}

/// Returns the replies that precede authentication.
fn check_protocol(request: &Request) -> Option<Reply> {
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
        let refusal = ApiError::new(501, 9, "Support for Transfer-Encoding: chunked is not implemented.");
        return Some(Reply::from(refusal).with_header(header::CONNECTION, "Close"));
    }
    None
}

fn check(
    state: &State,
    context: AdmissionContext<'_>,
    request: &Request,
    caller: &Caller,
) -> Result<(), ApiError> {
    api_version(context, request)?;
    mode::check(state, context, request)?;
    let level = caller.level(&request.database, &state.users);
    if !state.knows_database(context.index, &request.database) {
        // Grants that came with a database are not propagated either; those for all databases and for `_system` apply.
        let is_unpropagated = state.databases.contains_key(&request.database);
        let level = if is_unpropagated { caller.default_level(&state.users) } else { level };
        // A caller without access must not learn whether the database exists.
        let may_see_name = level != Level::None;
        return Err(if may_see_name { ApiError::database_not_found() } else { ApiError::unauthorized() });
    }
    let is_open = matches!(request.path.as_str(), "/" | AVAILABILITY)
        || request.path.starts_with("/_open/")
        || request.path.starts_with("/_admin/aardvark/");
    let is_for_users = request.path == "/_api/cluster/endpoints" || request.path.starts_with("/_api/user/");
    let is_admitted = is_open || level != Level::None || (is_for_users && *caller != Caller::Anonymous);
    if is_admitted { Ok(()) } else { Err(ApiError::unauthorized()) }
}

fn api_version(context: AdmissionContext<'_>, request: &Request) -> Result<(), ApiError> {
    let Some(prefix) = request.api_version.as_deref() else { return Ok(()) };
    if !context.version.has_api_versions() {
        return Err(ApiError::unknown_path(&format!("/_arango/{prefix}{}", request.path)));
    }
    let number = prefix.strip_prefix('v').filter(|digits| *digits == "0" || !digits.starts_with('0'));
    match (prefix, number.and_then(|digits| digits.parse::<u32>().ok())) {
        ("experimental", _) | (_, Some(1)) => Ok(()),
        (_, Some(0)) if !context.version.is_4() => Ok(()),
        (_, Some(_)) => Err(ApiError::new(404, 404, "unsupported API version")),
        (_, None) => Err(ApiError::new(400, 400, "invalid API version")),
    }
}

/// Runs a request in the background, if its header requests it.
pub(crate) fn background(call: &mut Call<'_>) -> Option<Outcome> {
    let mode = call.request.header("x-arango-async")?;
    let keeps_result = match mode {
        "true" => false,
        "store" => true,
        _ => return None,
    };
    let server = &mut call.state.coordinators[call.index];
    if keeps_result && server.soft_shutdown {
        return Some(Outcome::Now(ApiError::new(503, 21003, "queue is full").into()));
    }
    server.requests.asynchronous += 1;
    let mut reply = Reply::empty(202);
    let mut kept = None;
    if keeps_result {
        let since = call.state.clock.unix_time(call.state.current_time).as_secs();
        let user = call.caller.user().map(str::to_owned);
        let id = call.state.async_jobs.begin(call.index, user, since, call.entry);
        reply = reply.with_header(HeaderName::from_static("x-arango-async-id"), &id.to_string());
        kept = Some(id);
    }
    Some(Outcome::Background { id: kept, reply })
}
