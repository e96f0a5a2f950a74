//! `/_api/document`: single documents, and arrays of them.
//!
//! | module | what |
//! |---|---|
//! | `options` | query parameters and revisions in headers |
//! | `response` | the object that a response has for each written document |
//! | `single` | operations on one document |
//! | `many` | operations on arrays |
//! | `repeat` | the two copies of a write that a coordinator repeats |

mod many;
mod options;
mod repeat;
mod response;
mod single;

use arango_test_aql::Value;
use http::{HeaderName, Method};

use self::options::WriteRequest;
use super::collections::find;
use super::modelled::Modelled;
use super::{Call, HandlerResult, Outcome};
use crate::http::json;
use crate::http::reply::{ApiError, Reply};
use crate::http::request::TRANSACTION;
use crate::state::transactions::Access;

const DIRTY_READ: HeaderName = HeaderName::from_static("x-arango-potential-dirty-read");

fn modelled(call: &Call<'_>, rest: &[&str]) -> Modelled {
    match (&call.request.method, rest) {
        (&Method::GET | &Method::HEAD, _) => {
            Modelled::NOTHING.headers(&["if-match", "if-none-match", TRANSACTION])
        }
        (&Method::PUT, [_]) if reads_many(call) => {
            Modelled::parameters(&["onlyget", "ignoreRevs"]).headers(&[TRANSACTION])
        }
        (method, rest) => {
            let parameters = match *method {
                Method::POST => options::INSERT,
                Method::PUT => options::REPLACE,
                Method::PATCH => options::UPDATE,
                _ => options::REMOVE,
            };
            let headers: &[&str] = if rest.len() == 2 { &["if-match", TRANSACTION] } else { &[TRANSACTION] };
            Modelled::parameters(parameters).headers(headers)
        }
    }
}

/// Returns whether a `PUT` reads. The parameter counts by its presence, whatever its value.
fn reads_many(call: &Call<'_>) -> bool {
    call.request.query.get("onlyget").is_some()
}

pub(super) use self::many::require_legal_keys;
pub(super) use self::options::{Operation, revision_header};
pub(super) use self::repeat::{first_copy, second_copy};
pub(super) use self::response::write_ids_and_revisions;
pub(super) use self::single::{apply, failure};

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> Result<Outcome, ApiError> {
    call.require_modelled(&modelled(call, rest))?;
    if let Some(outcome) = call.enter_transaction()? {
        return Ok(outcome);
    }
    let reads = matches!(call.request.method, Method::GET | Method::HEAD) || reads_many(call);
    if let Some(collection) = rest.first()
        && let Ok(name) = find(call, collection).map(|collection| collection.name.clone())
    {
        let access = if reads { Access::to_read(name) } else { Access::to_write(name) };
        call.require_access(&access)?;
        if !reads && let Some(outcome) = call.wait_for_locks(access) {
            return Ok(outcome);
        }
    }
    respond(call, rest).map(Outcome::Now)
}

fn respond(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    let method = call.request.method.clone();
    match (method, rest) {
        (Method::GET | Method::HEAD, [collection, key]) => {
            single::read(call, collection, key).map(|reply| with_dirty_read(call, reply))
        }
        (Method::GET | Method::HEAD, [] | [_]) => {
            Err(ApiError::collection_not_found(rest.first().unwrap_or(&"")))
        }
        (Method::PUT, [collection]) if reads_many(call) => {
            many::read(call, collection).map(|reply| with_dirty_read(call, reply))
        }
        (Method::POST, [collection]) => write(call, collection, None, Operation::Insert),
        (Method::PUT, [collection, rest @ ..]) if rest.len() < 2 => {
            write(call, collection, rest.first().copied(), Operation::Replace)
        }
        (Method::PATCH, [collection, rest @ ..]) if rest.len() < 2 => {
            write(call, collection, rest.first().copied(), Operation::Update)
        }
        (Method::DELETE, [collection, rest @ ..]) if rest.len() < 2 => {
            write(call, collection, rest.first().copied(), Operation::Remove)
        }
        _ => Err(ApiError::new(400, 601, "expecting /_api/document/<collection>/<key>")),
    }
}

/// Writes one document or an array. The key is in the path, or within the body.
fn write(call: &mut Call<'_>, collection: &str, key: Option<&str>, operation: Operation) -> HandlerResult {
    let body = match (operation, key) {
        (Operation::Remove, Some(_)) => Value::Null,
        _ => json::parse_value(&call.request.body)?,
    };
    let request = WriteRequest::read(call, operation);
    match (key, &body) {
        (Some(key), _) => single::write(call, collection, Some(key), &body, &request),
        (None, Value::Array(elements)) => many::write(call, collection, elements, &request),
        (None, Value::Object(_)) if matches!(operation, Operation::Insert | Operation::Remove) => {
            single::write(call, collection, None, &body, &request)
        }
        _ => Err(ApiError::new(400, 1227, "invalid document type")),
    }
}

/// Says that a read may have come from a follower, if the request allows that. Here it never does.
pub(super) fn with_dirty_read(call: &Call<'_>, reply: Reply) -> Reply {
    if call.allows_dirty_reads() { reply.with_header(DIRTY_READ, "true") } else { reply }
}
