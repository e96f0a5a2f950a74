//! Reads as much of a response as the call needs.

use arango_protocol::{ErrorKind, ErrorNumber, Outcome};
use bytes::Bytes;
use http::{Method, Response, StatusCode};

use crate::call::context::CallContext;
use crate::call::progress::Responder;
use crate::error::attempt::Phase;
use crate::error::attempt_error::AttemptError;
use crate::layers::attempt::refusal;
use crate::pool::body::{AttemptResponse, Body, Interrupted};
use crate::types::boxed::BoxError;

/// The maximum number of bytes read of an error response.
const ERROR_BYTES: usize = 64 << 10;

/// Explanation of an error when a coordinator cannot forward a request to the server it names.
const UNKNOWN_SERVER: &str =
    "no coordinator or DB-Server has the id that the request names: `health()` lists the ids";

/// What a coordinator responded.
pub(crate) enum Received {
    Success(AttemptResponse),
    /// An error response.
    Refusal(AttemptError),
}

/// Reads a response.
pub(crate) async fn read(
    context: &CallContext,
    mut response: AttemptResponse,
) -> Result<Received, AttemptError> {
    let (limits, is_success) = (&context.settings.limits, is_success(context, response.status()));
    if is_success && context.call.streaming {
        let body = std::mem::replace(response.body_mut(), Body::buffered(Bytes::new()));
        *response.body_mut() = body.with_idle_timeout(limits.body_idle);
        return Ok(Received::Success(response));
    }
    let max_bytes = if is_success { limits.body_bytes } else { ERROR_BYTES };
    match response.body_mut().buffer(max_bytes, limits.body_idle, context.deadline).await {
        // The status is enough. The body of an error that breaks off adds nothing.
        read if !is_success => Ok(Received::Refusal(refused(context, *response, read.is_ok()))),
        Ok(()) => Ok(Received::Success(response)),
        Err(interrupted) => Err(broken_off(context, response.status(), interrupted)),
    }
}

fn is_success(context: &CallContext, status: StatusCode) -> bool {
    status.is_success() || context.call.success_statuses.contains(&status.as_u16())
}

/// Returns the error of an error response. `is_whole`: its body was read to its end.
fn refused(context: &CallContext, mut response: Response<Body>, is_whole: bool) -> AttemptError {
    let is_head = context.request.method == Method::HEAD;
    let body = is_whole.then(|| response.body_mut().take_buffered().unwrap_or_default());
    let mut refused = refusal::of_response(response.status(), response.headers(), body.as_deref(), is_head);
    if context.call.relayed && refused.number == Some(ErrorNumber::CLUSTER_BACKEND_UNAVAILABLE) {
        let cause: BoxError = UNKNOWN_SERVER.into();
        (refused.kind, refused.outcome) = (ErrorKind::UnknownServer, Outcome::NotExecuted);
        refused.source = Some(cause.into());
    }
    AttemptError::from_attempt(refused, body.unwrap_or_default())
}

/// Returns the outcome of an attempt with a success whose body was not read to its end.
pub(crate) fn broken_off_outcome(context: &CallContext, kind: ErrorKind) -> Outcome {
    // A successful status proves nothing if an intermediary may have sent it.
    let is_executed = context.progress.responder() == Responder::ArangoDb && kind != ErrorKind::Decode;
    if is_executed { Outcome::Executed } else { Outcome::Unknown }
}

/// Returns the error of a body that was not read to its end.
pub(crate) fn broken_off(
    context: &CallContext,
    status: StatusCode,
    interrupted: Interrupted,
) -> AttemptError {
    let outcome = broken_off_outcome(context, interrupted.kind);
    let mut error = AttemptError::new(interrupted.kind, outcome, Phase::Body);
    error.attempt_mut().status = Some(status);
    error.attempt_mut().already_reported = interrupted.report_loss();
    match interrupted.source {
        Some(source) => error.with_source(source),
        None => error,
    }
}
