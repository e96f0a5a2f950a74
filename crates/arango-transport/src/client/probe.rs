//! Health probe: checks that ArangoDB responds at an address, and that it takes requests.

use std::sync::Arc;

use arango_balance::{MemberState, ProbeResult};
use arango_protocol::{ApiResponse, ErrorKind, is_arangodb};
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Request, StatusCode, Uri};
use http_body_util::Full;

use crate::call::attempt_request::{AttemptPlan, AttemptRequest};
use crate::error::attempt_error::AttemptError;
use crate::error::foreign::ForeignResponse;
use crate::layers::attempt::SendAttempt as _;
use crate::layers::finalize::Finalize;
use crate::pool::Pool;

/// Requires no login, so no credentials are sent to a service that is not verified yet.
const AVAILABILITY: PathAndQuery = PathAndQuery::from_static("/_admin/server/availability");
/// ArangoDB rejects it with its own error object if a login is missing. Proxies that block `/_admin` forward
/// it.
const VERSION: PathAndQuery = PathAndQuery::from_static("/_api/version");
/// The maximum number of bytes read of a response.
const MAX_BODY_BYTES: usize = 64 << 10;

/// Probes a coordinator once, using its connection pool. The caller sets the time limit.
///
/// A draining coordinator becomes available only by its own response to the availability request, because a
/// proxy that blocks this path responds on behalf of stopped coordinators too. `before` is the state of the coordinator.
pub(crate) async fn availability(service: Finalize, pool: Pool, before: MemberState) -> ProbeResult {
    let result = probe(&service, &pool, before).await;
    tracing::debug!(coordinator = %pool.coordinator(), ?result, "probed the coordinator");
    result
}

async fn probe(service: &Finalize, pool: &Pool, before: MemberState) -> ProbeResult {
    let first = match request(service, AVAILABILITY).await {
        Ok(response) => response,
        Err(error) => return connection_failure(&error),
    };
    let status = first.status();
    if is_arangodb(&first) {
        pool.record_probe(None);
        return match status {
            StatusCode::OK => ProbeResult::Available,
            status if status.is_server_error() => ProbeResult::Unavailable,
            _ => ProbeResult::Inconclusive,
        };
    }
    // A proxy may block this path only.
    let second = match request(service, VERSION).await {
        Ok(response) => response,
        Err(error) => return connection_failure(&error),
    };
    if is_arangodb(&second) {
        pool.record_probe(None);
        return if status.is_server_error() { ProbeResult::TimedOut } else { ProbeResult::Inconclusive };
    }
    // A gateway error does not show what is behind the proxy.
    if [status, second.status()].iter().any(|status| matches!(status.as_u16(), 502..=504)) {
        return ProbeResult::TimedOut;
    }
    // A gateway may refuse what lacks a header that middleware of the program adds. So one request of the program shows
    // whether the coordinator is back.
    if before == MemberState::Ejected && matches!(second.status().as_u16(), 401 | 403 | 407) {
        pool.record_probe(None);
        return ProbeResult::Inconclusive;
    }
    pool.record_probe(Some(ForeignResponse::new(second.status(), second.headers(), second.bytes())));
    ProbeResult::Unrecognized
}

async fn request(service: &Finalize, path: PathAndQuery) -> Result<ApiResponse, AttemptError> {
    let mut request = Request::new(Full::new(Bytes::new()));
    *request.uri_mut() = Uri::from(path);
    let plan = AttemptPlan::untracked(&request);
    let context = Arc::clone(&plan.context);
    let (idle, deadline) = (context.settings.limits.body_idle, context.deadline);
    let response = service.clone().send(AttemptRequest::new(plan, request), &context).await?;
    let (parts, mut body) = response.into_parts();
    // Of a body that breaks off or is too large, only the head counts.
    let read = body.buffer(MAX_BODY_BYTES, idle, deadline).await;
    let body = if read.is_ok() { body.take_buffered().unwrap_or_default() } else { Bytes::new() };
    Ok(ApiResponse::new(parts.status, parts.headers, body))
}

fn connection_failure(error: &AttemptError) -> ProbeResult {
    tracing::debug!(%error, "a probe cannot reach the coordinator");
    // A refused connection proves that no server listens. Other failures may affect only this connection.
    if error.kind() == ErrorKind::ConnectRefused { ProbeResult::Unreachable } else { ProbeResult::TimedOut }
}
