//! What a call looks like to those who watch: one span for the call, and one within it for each attempt, named by the
//! OpenTelemetry conventions for database and HTTP clients.

use tracing::field::{Empty, debug, display};
use tracing::{Instrument, Span};

use crate::attempt::Refusal;
use crate::attempt_error::AttemptError;
use crate::outgoing::Incoming;
use crate::record::CallRecord;
use crate::{Coordinator, Error};

/// Opens the span of a call. It costs next to nothing while nobody listens.
pub(crate) fn span(record: &CallRecord) -> Span {
    tracing::debug_span!(
        "arango",
        otel.kind = "client",
        otel.name = record.call.name,
        db.system.name = "arangodb",
        db.operation.name = record.call.name,
        http.request.method = record.template.method.as_str(),
        http.response.status_code = Empty,
        server.address = Empty,
        server.port = Empty,
        error.r#type = Empty,
        arango.outcome = Empty,
    )
}

/// Writes down how the call ended.
pub(crate) fn ended(span: &Span, result: &Result<Incoming, Error>) {
    if span.is_disabled() {
        return;
    }
    match result {
        Ok(response) => {
            span.record("http.response.status_code", response.status().as_u16());
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
            span.record("arango.outcome", display(error.outcome()));
        }
    }
}

/// Its port, if it has one.
fn port(coordinator: &Coordinator) -> Option<u16> {
    Some(coordinator.port()).filter(|port| *port != 0)
}

/// Opens the span of one attempt, within that of its call.
pub(crate) fn attempt(record: &CallRecord, coordinator: &Coordinator, number: u32) -> Span {
    tracing::debug_span!(
        "arango.attempt",
        otel.kind = "client",
        http.request.method = record.template.method.as_str(),
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

/// Makes an attempt within its span, and writes down how it ended.
pub(crate) async fn attempted(
    span: Span,
    attempt: impl Future<Output = Result<Incoming, AttemptError>>,
) -> Result<Incoming, AttemptError> {
    let mut result = attempt.instrument(span.clone()).await;
    let failed = match &mut result {
        Ok(response) => {
            span.record("http.response.status_code", response.status().as_u16());
            response.extensions().get::<Refusal>().map(|refusal| &refusal.0)
        }
        Err(error) => Some(&*error.attempt()),
    };
    if let Some(failed) = failed {
        span.record("error.type", debug(failed.kind));
        span.record("arango.outcome", display(failed.outcome));
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
    result
}
