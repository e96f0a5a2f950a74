//! Successful responses that are not a success of their call.

use std::sync::Arc;

use arango_balance::{Members, Signal};
use arango_protocol::{ErrorKind, Outcome, OutputError, ResponseAuthor, classify_response};
use http::StatusCode;

use crate::call::context::CallContext;
use crate::call::progress::Responder;
use crate::error::Error;
use crate::error::attempt::{Attempt, Phase};
use crate::error::attempt_error::AttemptError;
use crate::error::foreign::ForeignResponse;
use crate::types::coordinator::Coordinator;

/// Returns whether another service than ArangoDB wrote the response, as far as can be detected.
pub(crate) fn is_foreign(context: &CallContext, error: &OutputError) -> bool {
    let may_be_foreign = error.error_object().is_none() && !error.proves_execution();
    may_be_foreign && context.progress.responder() == Responder::Unknown
}

/// Returns the error of such a response, after which the retry layer continues.
fn failed(context: &CallContext, error: OutputError) -> AttemptError {
    let mut attempt = attempt(context, &error);
    let body = error.body().clone();
    attempt.source = Some(if attempt.is_arangodb {
        Arc::new(error)
    } else {
        let response = ForeignResponse::new(error.status(), error.headers(), &body);
        Arc::new(response.because(error))
    });
    AttemptError::from_attempt(attempt, body)
}

/// Returns the failed attempt of a response that is not a success of its call.
///
/// A successful status alone does not prove that the request was executed, so the outcome is unknown then. A body that only a type
/// of the program does not fit proves it.
fn attempt(context: &CallContext, error: &OutputError) -> Attempt {
    let mut attempt = match error.error_object() {
        // An error object with a successful status is classified by the status that it contains.
        Some(object) => {
            let status = StatusCode::from_u16(object.code).ok().filter(|status| status.as_u16() >= 400);
            let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let (kind, outcome) = classify_response(status, ResponseAuthor::ArangoDb(object.number));
            // A status that the operation accepts, but that is no success, says the same as the object.
            let doubt = if error.status().is_success() { Outcome::Unknown } else { outcome };
            let mut attempt = Attempt::new(kind, outcome.max(doubt), Phase::Body);
            attempt.number = Some(object.number);
            attempt.message = Some(object.message.clone());
            attempt
        }
        None if is_foreign(context, error) => {
            let mut attempt = Attempt::new(ErrorKind::NotArangoDb, Outcome::Unknown, Phase::Body);
            attempt.is_arangodb = false;
            attempt
        }
        None if error.proves_execution() => Attempt::new(ErrorKind::Decode, Outcome::Executed, Phase::Body),
        None => Attempt::new(ErrorKind::Decode, Outcome::Unknown, Phase::Body),
    };
    attempt.status = Some(error.status());
    add_current(context, &mut attempt);
    attempt
}

/// Adds the coordinator and the connection of the current attempt to its failure.
fn add_current(context: &CallContext, attempt: &mut Attempt) {
    if let Some((coordinator, since)) = context.attempts.current() {
        attempt.coordinator = Some(coordinator);
        attempt.elapsed = since.elapsed();
    }
    context.attempts.add_connection(attempt);
}

/// Returns the error of a call whose response was returned before its body had been read.
#[cold]
pub(crate) fn interrupted(context: &CallContext, failed: AttemptError) -> Error {
    let (mut attempt, _) = failed.into_parts();
    add_current(context, &mut attempt);
    context.reject();
    Error::with_response(context, attempt)
}

/// Returns the error of a response that is not a success of its call.
pub(crate) fn decode_error(context: &CallContext, source: OutputError) -> Error {
    let mut attempt = attempt(context, &source);
    context.reject();
    let body = source.body().clone();
    attempt.source = Some(Arc::new(source));
    Error::with_response(context, attempt).with_body(body)
}

/// Reports a success after the body was decoded, if the head did not identify ArangoDB.
#[inline]
pub(crate) fn accept(members: &Members<Coordinator>, context: &CallContext) {
    if context.progress.responder() == Responder::Unknown {
        report(members, context, Signal::Success);
    }
}

/// Returns a context that continues the call after a response that is not a success of it.
///
/// A response that is not from ArangoDB is reported, so that the coordinator is probed.
pub(crate) fn resume(
    members: &Members<Coordinator>,
    context: &CallContext,
    error: OutputError,
) -> Arc<CallContext> {
    if is_foreign(context, &error) {
        report(members, context, Signal::Unrecognized);
    }
    context.resume(failed(context, error))
}

/// Reports the result of decoding the body to the health of the coordinator.
fn report(members: &Members<Coordinator>, context: &CallContext, signal: Signal) {
    let Some((coordinator, since)) = context.attempts.current() else { return };
    let Some(member) = members.get(&coordinator) else { return };
    member.record(signal, context.call.timing(since));
}
