//! Asks what answers at a coordinator's address whether it is ArangoDB, and whether it takes requests.

use arango_balance::ProbeResult;
use arango_protocol::{ApiResponse, is_arangodb};
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Request, StatusCode, Uri};
use http_body_util::Full;
use tower::Service;

use crate::attempt_error::AttemptError;
use crate::foreign::ForeignAnswer;
use crate::origin::Origin;
use crate::outgoing::AttemptPlan;
use crate::pool::Pool;
use crate::{ErrorKind, Outgoing};

/// Needs no login, so that no credentials are sent while it is not known who answers.
const AVAILABILITY: PathAndQuery = PathAndQuery::from_static("/_admin/server/availability");
/// Without a login it is refused, in ArangoDB's own words. Proxies that keep administration to themselves let it pass.
const VERSION: PathAndQuery = PathAndQuery::from_static("/_api/version");
/// The largest part of an answer that is read, in bytes.
const READ: usize = 64 << 10;

/// Asks once, on a connection of the coordinator's own pool; a limit of time is the caller's to set.
///
/// What brings back a coordinator that has said it stops is its own word alone: a proxy that keeps this path to itself
/// answers for coordinators that have stopped, too.
pub(crate) async fn availability(mut origin: Origin<Pool>, pool: Pool) -> ProbeResult {
    let first = match ask(&mut origin, AVAILABILITY).await {
        Ok(answer) => answer,
        Err(error) => return unreached(&error),
    };
    let status = first.status();
    if is_arangodb(&first) {
        pool.found(None);
        return match status {
            StatusCode::OK => ProbeResult::Available,
            status if status.is_server_error() => ProbeResult::Unavailable,
            _ => ProbeResult::Inconclusive,
        };
    }
    // Something may only keep this path to itself.
    let second = match ask(&mut origin, VERSION).await {
        Ok(answer) => answer,
        Err(error) => return unreached(&error),
    };
    if is_arangodb(&second) {
        pool.found(None);
        return if status.is_server_error() { ProbeResult::TimedOut } else { ProbeResult::Inconclusive };
    }
    // A proxy that cannot reach what is behind it says nothing of what that is.
    if [status, second.status()].iter().any(|status| matches!(status.as_u16(), 502..=504)) {
        return ProbeResult::TimedOut;
    }
    pool.found(Some(ForeignAnswer::new(second.status(), second.headers(), second.bytes())));
    ProbeResult::Unrecognized
}

async fn ask(origin: &mut Origin<Pool>, path: PathAndQuery) -> Result<ApiResponse, AttemptError> {
    let mut request = Request::new(Full::new(Bytes::new()));
    *request.uri_mut() = Uri::from(path);
    let plan = AttemptPlan::unknown(&request);
    let (idle, deadline) = (plan.record.settings.limits.body_idle, plan.record.deadline);
    let response = origin.call(Outgoing::new(plan, request)).await?;
    let (parts, mut body) = response.into_parts();
    // One that is cut off or too large shows no more than its head.
    let read = body.make_whole(READ, idle, deadline).await;
    let body = if read.is_ok() { body.take_whole().unwrap_or_default() } else { Bytes::new() };
    Ok(ApiResponse::new(parts.status, parts.headers, body))
}

fn unreached(error: &AttemptError) -> ProbeResult {
    tracing::debug!(%error, "a coordinator that is probed cannot be reached");
    // That nothing listens is a fact. A connection may break for other reasons than that all of them do.
    if error.kind() == ErrorKind::ConnectRefused { ProbeResult::Unreachable } else { ProbeResult::TimedOut }
}
