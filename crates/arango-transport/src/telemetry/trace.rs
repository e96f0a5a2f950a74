//! Tracing spans: one per call, and a child span per attempt.
//!
//! Names and fields follow the OpenTelemetry conventions for database and HTTP clients.

use arango_protocol::{collection_of_path, database_of_path};
use http::{Response, StatusCode};
use tracing::field::{Empty, debug, display};
use tracing::{Instrument, Span};

use crate::call::context::CallContext;
use crate::error::Error;
use crate::error::attempt::Attempt;
use crate::error::attempt_error::AttemptError;
use crate::telemetry::outcome_label;
use crate::types::coordinator::Coordinator;

/// The target of all spans, for filters of subscribers.
const TARGET: &str = "arango";

/// Opens the span of a call; it has almost no cost without a subscriber.
pub(crate) fn span(context: &CallContext) -> Span {
    let path = context.request.path();
    tracing::debug_span!(
        target: TARGET,
        "arango",
        otel.kind = "client",
        otel.name = context.call.name,
        db.system.name = "arangodb",
        db.operation.name = context.call.name,
        db.namespace = &*database_of_path(path),
        db.collection.name = collection_of_path(path).as_deref(),
        http.request.method = context.request.method.as_str(),
        http.response.status_code = Empty,
        server.address = Empty,
        server.port = Empty,
        error.r#type = Empty,
        arango.outcome = Empty,
    )
}

/// Runs a call in its span, and records its result.
pub(crate) async fn call<B>(
    span: Span,
    call: impl Future<Output = Result<Box<Response<B>>, Error>>,
) -> Result<Box<Response<B>>, Error> {
    let result = call.instrument(span.clone()).await;
    ended(&span, result.as_ref().map(|response| response.status()));
    result
}

fn ended(span: &Span, result: Result<StatusCode, &Error>) {
    match result {
        Ok(status) => {
            span.record("http.response.status_code", status.as_u16());
        }
        Err(error) => {
            if let Some(status) = error.status() {
                span.record("http.response.status_code", status.as_u16());
            }
            if let Some(coordinator) = error.coordinator() {
                span.record("server.address", display(coordinator.host()));
                span.record("server.port", port(coordinator));
            }
            span.record("error.type", debug(error.kind()));
            span.record("arango.outcome", outcome_label(error.outcome()));
        }
    }
}

/// Returns the port; `None` for a Unix socket.
fn port(coordinator: &Coordinator) -> Option<u16> {
    Some(coordinator.port()).filter(|port| *port != 0)
}

/// Opens the span of an attempt, as a child of the current span.
pub(crate) fn attempt(context: &CallContext, coordinator: &Coordinator, number: u32) -> Span {
    tracing::debug_span!(
        target: TARGET,
        "arango.attempt",
        otel.kind = "client",
        http.request.method = context.request.method.as_str(),
        http.request.resend_count = number.saturating_sub(1),
        server.address = %coordinator.host(),
        server.port = port(coordinator),
        network.peer.address = Empty,
        network.protocol.version = Empty,
        http.response.status_code = Empty,
        error.r#type = Empty,
        arango.error_number = Empty,
        arango.connection_reused = Empty,
        arango.outcome = Empty,
    )
}

/// Runs an attempt in its span, and records its result.
pub(crate) async fn attempted<B>(
    span: Span,
    attempt: impl Future<Output = Result<Box<Response<B>>, AttemptError>>,
) -> Result<Box<Response<B>>, AttemptError> {
    let result = attempt.instrument(span.clone()).await;
    attempt_ended(&span, result.as_ref().map(|response| response.status()).map_err(AttemptError::attempt));
    result
}

fn attempt_ended(span: &Span, result: Result<StatusCode, &Attempt>) {
    let (status, failed) = match result {
        Ok(status) => (Some(status), None),
        Err(failed) => (failed.status, Some(failed)),
    };
    if let Some(status) = status {
        span.record("http.response.status_code", status.as_u16());
    }
    if let Some(failed) = failed {
        span.record("error.type", debug(failed.kind));
        span.record("arango.outcome", outcome_label(failed.outcome));
        span.record("arango.connection_reused", failed.reused);
        if let Some(address) = failed.address {
            span.record("network.peer.address", display(address.ip()));
        }
        if let Some(protocol) = failed.protocol {
            span.record("network.protocol.version", protocol.version());
        }
        if let Some(number) = failed.number {
            span.record("arango.error_number", number.0);
        }
    }
}
