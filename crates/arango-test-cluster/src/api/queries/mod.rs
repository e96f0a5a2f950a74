//! AQL: `POST /_api/cursor`, `/_api/explain` and `/_api/query`.
//!
//! | module | what |
//! |---|---|
//! | `body` | query, bind parameters and options of a request |
//! | `errors` | errors of queries with the texts of a server |
//! | `run` | runs a query, to its end or to its first batch |
//! | `batch` | ends a batch: commits, responds, keeps the cursor |
//! | `plan_cache` | plans that are kept for the next query of the same text |
//! | `explain` | what is known of a query without running it |
//! | `tracking` | queries in progress and slow ones |

pub(super) mod batch;
mod body;
pub(super) mod errors;
mod explain;
mod plan_cache;
mod rules;
mod run;
mod tracking;

use http::Method;

pub(super) use self::plan_cache::handle as cached_plans;
pub(super) use self::run::create;
use super::modelled::Modelled;
use super::{Call, HandlerResult, Outcome};
use crate::http::reply::{ApiError, Reply};

/// Handles `/_api/explain`.
pub(super) fn explain(call: &mut Call<'_>) -> HandlerResult {
    call.require_method(&Method::POST)?;
    call.require_modelled(&Modelled::NOTHING)?;
    explain::explain(call)
}

/// Handles `/_api/query`.
pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> Result<Outcome, ApiError> {
    let modelled = match (&call.request.method, rest) {
        (&Method::POST, []) => Modelled::NOTHING.attributes(&["query"]),
        (_, ["current" | "slow"]) => Modelled::parameters(&["all", "local"]),
        (&Method::PUT, ["properties"]) => Modelled::NOTHING.attributes(tracking::PROPERTIES),
        (&Method::DELETE, [_]) => Modelled::parameters(&["all"]),
        _ => Modelled::NOTHING,
    };
    call.require_modelled(&modelled)?;
    match (call.request.method.clone(), rest) {
        (Method::POST, []) => explain::parse(call).map(Outcome::Now),
        (Method::GET, ["current"]) => tracking::current(call).map(Outcome::Now),
        (Method::GET, ["slow"]) => tracking::slow(call).map(Outcome::Now),
        (Method::DELETE, ["slow"]) => tracking::clear_slow(call).map(Outcome::Now),
        (Method::GET, ["properties"]) => Ok(Outcome::Now(tracking::properties(call))),
        (Method::PUT, ["properties"]) => tracking::change_properties(call).map(Outcome::Now),
        (Method::GET, ["rules"]) => Ok(Outcome::Now(Reply::raw(200, &rules::list()))),
        (Method::DELETE, [id]) => tracking::kill(call, id),
        (_, [] | [_]) => Err(ApiError::wrong_method()),
        _ => Err(ApiError::unknown_path(&call.request.path)),
    }
}
