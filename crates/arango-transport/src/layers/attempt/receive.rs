//! Reads as much of a response as the call needs.

use std::sync::Arc;
use std::task::Context;

use arango_protocol::ErrorNumber;
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use http_body::Frame;

use crate::call::context::CallContext;
use crate::call::progress::Responder;
use crate::error::attempt::Phase;
use crate::error::attempt_error::AttemptError;
use crate::error::kind::ErrorKind;
use crate::layers::attempt::refusal;
use crate::pool::body::{AttemptResponse, Body, Buffering, Interrupted};
use crate::types::boxed::BoxError;
use crate::types::outcome::Outcome;

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

/// A response that may still be read.
pub(crate) enum Reading {
    /// It is read as far as needed.
    Ended(Result<Received, AttemptError>),
    /// More must be awaited. Contains the part of the body that was read.
    Incomplete(AttemptResponse, Option<Result<Frame<Bytes>, BoxError>>),
}

/// Reads a response if that is possible without waiting.
pub(crate) fn start(context: &CallContext, mut response: AttemptResponse, cx: &mut Context<'_>) -> Reading {
    let is_success = is_success(context, response.status());
    if is_success && context.call.streaming {
        let body = std::mem::replace(response.body_mut(), Body::buffered(Bytes::new()));
        *response.body_mut() = body.with_idle_timeout(context.settings.limits.body_idle);
        return Reading::Ended(Ok(Received::Success(response)));
    }
    match response.body_mut().start_buffering(cx, max_bytes(context, is_success)) {
        Buffering::Ended(result) => Reading::Ended(received(context, response, result)),
        Buffering::Incomplete(part) => Reading::Incomplete(response, part),
    }
}

/// Reads the rest of a response.
pub(crate) async fn finish(
    context: Arc<CallContext>,
    mut response: AttemptResponse,
    part: Option<Result<Frame<Bytes>, BoxError>>,
) -> Result<Received, AttemptError> {
    let limit = max_bytes(&context, is_success(&context, response.status()));
    let (idle, deadline) = (context.settings.limits.body_idle, context.deadline);
    let result = response.body_mut().finish_buffering(part, limit, idle, deadline).await;
    received(&context, response, result)
}

fn is_success(context: &CallContext, status: StatusCode) -> bool {
    status.is_success() || context.call.success_statuses.contains(&status.as_u16())
}

fn max_bytes(context: &CallContext, is_success: bool) -> usize {
    if is_success { context.settings.limits.body_bytes } else { ERROR_BYTES }
}

/// Returns what was received, after the body was buffered or broke off.
fn received(
    context: &CallContext,
    response: AttemptResponse,
    buffered: Result<(), Interrupted>,
) -> Result<Received, AttemptError> {
    if !is_success(context, response.status()) {
        // The status is enough. The body of an error that breaks off adds nothing.
        return Ok(Received::Refusal(refused(context, *response)));
    }
    match buffered {
        Ok(()) => Ok(Received::Success(response)),
        Err(interrupted) => Err(broken_off(context, response.status(), interrupted)),
    }
}

fn refused(context: &CallContext, mut response: Response<Body>) -> AttemptError {
    let is_head = context.request.method == Method::HEAD;
    let body = response.body_mut().take_buffered().unwrap_or_default();
    let mut refused = refusal::of_response(response.status(), response.headers(), &body, is_head);
    if context.call.relayed && refused.number == Some(ErrorNumber::CLUSTER_BACKEND_UNAVAILABLE) {
        let cause: BoxError = UNKNOWN_SERVER.into();
        (refused.kind, refused.outcome) = (ErrorKind::UnknownServer, Outcome::NotExecuted);
        refused.source = Some(cause.into());
    }
    AttemptError::from_attempt(refused, body)
}

fn broken_off(context: &CallContext, status: StatusCode, interrupted: Interrupted) -> AttemptError {
    // A successful status proves nothing if an intermediary may have sent it.
    let is_executed =
        context.progress.responder() == Responder::ArangoDb && interrupted.kind != ErrorKind::Decode;
    let outcome = if is_executed { Outcome::Executed } else { Outcome::Unknown };
    let mut error = AttemptError::new(interrupted.kind, outcome, Phase::Body);
    error.attempt_mut().status = Some(status);
    match interrupted.source {
        Some(source) => error.with_source(source),
        None => error,
    }
}
