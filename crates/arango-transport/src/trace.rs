//! What a call looks like to those who watch: one span, named by the OpenTelemetry conventions for
//! database clients.

use tracing::Span;
use tracing::field::{Empty, display};

use crate::Error;
use crate::outgoing::Incoming;
use crate::record::CallRecord;

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
                span.record("server.address", display(coordinator));
            }
            span.record("error.type", tracing::field::debug(error.kind()));
            span.record("arango.outcome", display(error.outcome()));
        }
    }
}
