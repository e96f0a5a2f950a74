//! An attempt whose response is streamed: it ends with the body.

use std::sync::Arc;

use arango_balance::Signal;
use arango_protocol::Outcome;
use http::StatusCode;
use tokio::time::Instant;

use crate::call::context::CallContext;
use crate::call::progress::Responder;
use crate::error::attempt::{Attempt, Phase};
use crate::layers::attempt::report::{Reporter, RunningAttempt};
use crate::layers::attempt::signal;
use crate::pool::body::AttemptResponse;
use crate::pool::body_end::BodyEnd;

/// An attempt of which the head has arrived, and the body is read by the caller.
struct StreamedAttempt {
    context: Arc<CallContext>,
    reporter: Arc<Reporter>,
    started: Instant,
    responded: Instant,
    status: StatusCode,
    /// What sent the head; `Nothing` if middleware created the response.
    responder: Responder,
}

/// Reports an attempt when the body of its response ends. `sends`: how often it sent the request.
pub(super) fn observe(attempt: &RunningAttempt, sends: u32, response: &mut AttemptResponse) {
    let responder = if sends > 0 { attempt.context.progress.responder() } else { Responder::Nothing };
    if responder == Responder::ArangoDb {
        attempt.reporter.record_identity(attempt);
        attempt.reporter.end_half_open(attempt);
    }
    let streamed = StreamedAttempt {
        context: Arc::clone(&attempt.context),
        reporter: Arc::clone(&attempt.reporter),
        started: attempt.started,
        responded: Instant::now(),
        status: response.status(),
        responder,
    };
    response.body_mut().on_end(Box::new(move |end| streamed.end(end)));
}

impl StreamedAttempt {
    fn end(self, end: BodyEnd) {
        let failed = match end {
            BodyEnd::Complete => None,
            BodyEnd::Failed { kind, already_reported } => {
                let mut failed =
                    Attempt::new(self.reporter.lifecycle.failure_kind(kind), Outcome::Unknown, Phase::Body);
                failed.already_reported = already_reported;
                Some(failed)
            }
            // As a call whose future is dropped, it shows nothing.
            BodyEnd::Dropped => return,
        };
        let Self { context, reporter, started, responded, status, .. } = &self;
        // How fast the body was read depends on the caller, too.
        let timing = context.call.timing(*started).responded_at(*responded);
        let record = |signal| reporter.record_signal(context, signal, timing);
        match (self.responder, &failed) {
            (Responder::Nothing, _) => record(Signal::Neutral),
            (_, Some(failed)) => record(signal::signal(failed)),
            (Responder::ArangoDb, None) => record(Signal::Success),
            (Responder::Unknown, None) => reporter.record_unidentified(context, *started, timing),
        }
        reporter.labels.attempted(context, *started, Some(*status), failed.map(|failed| failed.kind));
    }
}
