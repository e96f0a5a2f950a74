//! Reports the end of each attempt: to the health of its coordinator, to metrics, and in its error.

use std::sync::Arc;

use arango_balance::{Member, MemberState, Signal, Timing};
use arango_protocol::{ErrorKind, Outcome};
use http::{HeaderMap, Method};
use tokio::time::Instant;

use crate::call::context::CallContext;
use crate::call::lifecycle::Lifecycle;
use crate::call::progress::Responder;
use crate::call::token_acceptance::LastAccepted;
use crate::error::attempt::Attempt;
use crate::error::attempt_error::AttemptError;
use crate::layers::attempt::receive::Received;
use crate::layers::attempt::{signal, streamed_attempt};
use crate::pool::Pool;
use crate::pool::body::AttemptResponse;
use crate::telemetry::metrics::CoordinatorLabels;
use crate::types::coordinator::Coordinator;
use crate::types::queue_time;
use crate::types::token::Token;

/// An attempt in progress. It ends when it is dropped.
pub(crate) struct RunningAttempt {
    pub(crate) context: Arc<CallContext>,
    pub(crate) number: u32,
    pub(crate) sent_before: u32,
    pub(crate) started: Instant,
    /// The token that the request carries.
    pub(crate) token: Option<Arc<Token>>,
    /// Whether the response time is measured.
    pub(crate) is_timed: bool,
    pub(crate) has_ended: bool,
    pub(crate) reporter: Arc<Reporter>,
}

impl RunningAttempt {
    /// Ends the attempt. Returns how often the request was sent.
    fn end(&mut self) -> u32 {
        self.has_ended = true;
        self.close()
    }

    fn close(&self) -> u32 {
        self.context.progress.sends.end(self.number);
        self.context.progress.sends.sent().saturating_sub(self.sent_before)
    }
}

impl Drop for RunningAttempt {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let sends = self.close();
        if self.is_timed && sends > 0 {
            self.reporter.member.record_abandoned(self.started);
        }
    }
}

/// What the reports of all attempts at one coordinator share.
#[derive(Debug)]
pub(crate) struct Reporter {
    pub(crate) member: Member<Coordinator>,
    pub(crate) pool: Pool,
    accepted: Arc<LastAccepted>,
    pub(crate) labels: CoordinatorLabels,
    pub(super) lifecycle: Lifecycle,
}

impl Reporter {
    pub(crate) fn new(
        member: Member<Coordinator>,
        pool: Pool,
        accepted: Arc<LastAccepted>,
        lifecycle: Lifecycle,
    ) -> Self {
        let labels = CoordinatorLabels::of(member.key());
        Self { member, pool, accepted, labels, lifecycle }
    }

    /// Records the reported queue time, if load is measured.
    pub(crate) fn record_queue_time(&self, headers: &HeaderMap) {
        if self.member.is_load_measured()
            && let Some(time) = queue_time::parse(headers)
        {
            self.member.record_queue_time(time);
        }
    }

    /// Reports a refusal: an error response.
    fn refused(&self, attempt: &RunningAttempt, refused: &mut Attempt, sends: u32) {
        // It covers one send, and only if it is the response to that send.
        let is_own = refused.status.is_some_and(|status| attempt.context.progress.is_response_status(status));
        self.add_details(refused, attempt, sends > 1 || (sends == 1 && !is_own));
        // A response that middleware created says nothing about the service at the address.
        if sends > 0 || refused.kind != ErrorKind::NotArangoDb {
            self.record(attempt, signal::signal(refused));
        }
        refused.token.clone_from(&attempt.token);
    }

    /// Reports an attempt without a complete response. `silent`: the coordinator sent no response to any
    /// attempt meanwhile.
    fn failed(&self, attempt: &RunningAttempt, failed: &mut Attempt, sends: u32, silent: bool) {
        failed.kind = self.lifecycle.failure_kind(failed.kind);
        self.add_details(failed, attempt, sends > 0);
        let unanswered = failed.kind == ErrorKind::AttemptTimeout && sends > 0;
        if unanswered && attempt.context.call.properties.is_measured {
            self.member.record_abandoned(attempt.started);
        }
        // A timeout counts only if the request was sent and no response at all arrived: a long query on a
        // coordinator that answers other requests is not a failure.
        let signal = if unanswered && silent { Signal::Unreachable } else { signal::signal(failed) };
        self.record(attempt, signal);
    }

    /// Reports a success if ArangoDB wrote the response. Otherwise the caller that decodes the body reports
    /// it. The coordinator is probed if the body is not decoded.
    fn succeeded(&self, attempt: &RunningAttempt, response: &AttemptResponse) {
        let context = &attempt.context;
        if context.progress.responder() == Responder::ArangoDb {
            self.record_identity(attempt);
            return self.record(attempt, Signal::Success);
        }
        if !context.call.has_body {
            let timing = context.call.timing(attempt.started);
            return self.record_unidentified(context, attempt.started, timing);
        }
        // An empty body has no shape to check, and this coordinator is known to identify itself in headers.
        let has_body = context.request.method == Method::HEAD || !response.body().bytes().is_empty();
        if !has_body && self.pool.is_arangodb() {
            self.record(attempt, Signal::Unrecognized);
        }
    }

    /// Records that ArangoDB wrote the response, and accepted the token.
    pub(super) fn record_identity(&self, attempt: &RunningAttempt) {
        self.pool.record_arangodb();
        if let Some(token) = &attempt.token {
            self.accepted.record(token, attempt.started);
        }
    }

    /// Reports a success whose head does not name ArangoDB, and whose body is not decoded.
    ///
    /// The coordinator is probed. The response is a sign of health all the same, unless this coordinator is known to name
    /// itself: a proxy may remove the headers that do.
    pub(super) fn record_unidentified(&self, context: &CallContext, started: Instant, timing: Timing) {
        if !self.pool.is_arangodb() {
            self.record_signal(context, Signal::Success, timing);
        }
        self.record_signal(context, Signal::Unrecognized, Timing::since(started).unmeasured());
    }

    /// Reports a success while the coordinator is half-open: the body may take hours, or be dropped.
    ///
    /// The response time is recorded at the end of the body.
    pub(super) fn end_half_open(&self, attempt: &RunningAttempt) {
        if self.member.state() == MemberState::HalfOpen {
            self.member.record(Signal::Success, Timing::since(attempt.started).unmeasured());
        }
    }

    fn record(&self, attempt: &RunningAttempt, signal: Signal) {
        self.record_signal(&attempt.context, signal, attempt.context.call.timing(attempt.started));
    }

    /// Records a signal for the member's health. The failures of a call count once per coordinator.
    pub(super) fn record_signal(&self, context: &CallContext, signal: Signal, timing: Timing) {
        let signal = match signal {
            Signal::Unreachable | Signal::GatewayError | Signal::Failure
                if !context.attempts.counts_against(self.member.slot()) =>
            {
                Signal::Neutral
            }
            signal => signal,
        };
        self.member.record(signal, timing);
    }

    /// Adds coordinator, connection and elapsed time. `is_uncertain` is true if something was sent that the
    /// failure does not cover.
    fn add_details(&self, failed: &mut Attempt, attempt: &RunningAttempt, is_uncertain: bool) {
        failed.coordinator = Some(self.member.key().clone());
        attempt.context.attempts.add_connection(failed);
        failed.elapsed = attempt.started.elapsed();
        if is_uncertain {
            failed.outcome = failed.outcome.max(Outcome::Unknown);
        }
    }
}

/// Ends an attempt and reports it. `responses_before`: the number of responses of the coordinator when it began.
pub(crate) fn end(
    attempt: &mut RunningAttempt,
    received: Result<Received, AttemptError>,
    responses_before: u64,
) -> Result<AttemptResponse, AttemptError> {
    let sends = attempt.end();
    let reporter = &*attempt.reporter;
    let result = match received {
        Ok(Received::Success(mut response)) if attempt.context.call.streaming => {
            streamed_attempt::observe(attempt, sends, &mut response);
            return Ok(response);
        }
        Ok(Received::Success(response)) => {
            // If nothing was sent, middleware created the response. It says nothing about the coordinator.
            if sends > 0 {
                reporter.succeeded(attempt, &response);
            }
            Ok(response)
        }
        Ok(Received::Refusal(mut error)) => {
            reporter.refused(attempt, error.attempt_mut(), sends);
            Err(error)
        }
        Err(mut error) => {
            let silent = reporter.pool.responses() == responses_before;
            reporter.failed(attempt, error.attempt_mut(), sends, silent);
            Err(error)
        }
    };
    let (status, failed) = match &result {
        Ok(response) => (Some(response.status()), None),
        Err(error) => (error.attempt().status, Some(error.kind())),
    };
    reporter.labels.attempted(&attempt.context, attempt.started, status, failed);
    result
}
