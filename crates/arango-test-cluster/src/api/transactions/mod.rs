//! `/_api/transaction`: stream transactions.
//!
//! | module | what |
//! |---|---|
//! | `begin` | begins a transaction |
//! | `end` | reports the status of a transaction, commits and aborts it |
//! | `list` | lists the transactions in progress, and aborts those that write |

mod begin;
mod end;
mod list;

use http::Method;

use super::modelled::Modelled;
use super::{Call, Outcome};
use crate::http::reply::ApiError;
use crate::http::request::TRANSACTION;

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> Result<Outcome, ApiError> {
    let modelled = match (&call.request.method, rest) {
        (&Method::POST, ["begin"]) => Modelled::NOTHING.attributes(begin::attributes(call.version)),
        (&Method::GET, []) | (&Method::DELETE, ["write"]) => Modelled::parameters(&["local"]),
        _ => Modelled::NOTHING,
    };
    match (call.request.method.clone(), rest) {
        (Method::POST, []) if call.version.is_4() => return Err(ApiError::unknown_path(&call.request.path)),
        (Method::POST, []) => return Err(call.unsupported()),
        _ => call.require_modelled(&modelled.headers(&[TRANSACTION]))?,
    }
    match (call.request.method.clone(), rest) {
        (Method::POST, ["begin"]) => begin::begin(call),
        (Method::GET, []) => list::list(call).map(Outcome::Now),
        (Method::DELETE, ["write"]) => list::abort_writing(call).map(Outcome::Now),
        (Method::GET | Method::PUT | Method::DELETE, [id]) => end::handle(call, id),
        (Method::POST, _) | (_, [_, _, ..]) => Err(ApiError::bad_parameter("invalid path of a transaction")),
        _ => Err(ApiError::wrong_method()),
    }
}
