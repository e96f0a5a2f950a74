//! A call whose response is streamed: it ends with the body.

use std::sync::Arc;

use arango_protocol::{ErrorKind, Outcome};

use crate::call::context::CallContext;
use crate::call::counts::CallTotals;
use crate::call::lifecycle::Lifecycle;
use crate::layers::attempt::receive;
use crate::pool::body::Body;
use crate::pool::body_end::BodyEnd;
use crate::telemetry::metrics;

/// A call that has a response, and whose body has not ended.
///
/// Dropped before that, it is not counted, as a call whose future is dropped. It does not keep the client open.
#[derive(Debug)]
pub(super) struct StreamedCall {
    counts: CallTotals,
    lifecycle: Lifecycle,
    context: Arc<CallContext>,
}

impl StreamedCall {
    pub(super) fn new(counts: CallTotals, lifecycle: Lifecycle, context: Arc<CallContext>) -> Self {
        Self { counts, lifecycle, context }
    }

    /// Returns the kind of the error with which the body ends: its connection may have been closed with the client.
    pub(super) fn kind(&self, kind: ErrorKind) -> ErrorKind {
        self.lifecycle.failure_kind(kind)
    }

    /// Ends with a body that the caller reads without knowing of the call.
    pub(super) fn observe(self, body: &mut Body) {
        body.on_end(Box::new(move |end| match end {
            BodyEnd::Complete => self.end(None),
            BodyEnd::Failed { kind, .. } => {
                let context = &self.context;
                let earlier = context.attempts.worst_outcome(context.progress.sends.sent());
                let outcome = receive::broken_off_outcome(context, kind).max(earlier);
                let kind = self.kind(kind);
                self.end(Some((outcome, kind)));
            }
            BodyEnd::Dropped => {}
        }));
    }

    /// Counts the call. `failed`: the outcome and the kind of a failure.
    pub(super) fn end(self, failed: Option<(Outcome, ErrorKind)>) {
        self.counts.call(failed.map(|(outcome, _)| outcome));
        metrics::called(&self.context, failed);
    }
}
