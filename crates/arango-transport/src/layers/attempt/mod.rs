//! One attempt at one coordinator: its time limit, its response, and the signal for the coordinator's health.

pub(crate) mod classify;
pub(crate) mod signal;

use std::future::ready;
use std::sync::Arc;
use std::task::{Context, Poll};

use arango_balance::{Member, Signal};
use arango_protocol::{ErrorNumber, ErrorObject, names_arangodb};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use tokio::time::{Instant, timeout_at};
use tower::util::Either;
use tower::{Layer, Service};

use crate::call::attempt_request::{AttemptRequest, AttemptResponse};
use crate::call::body::Body;
use crate::call::context::CallContext;
use crate::call::progress::Responder;
use crate::call::token_acceptance::LastAccepted;
use crate::error::attempt::{Attempt, Phase};
use crate::error::attempt_error::AttemptError;
use crate::error::foreign::ForeignResponse;
use crate::error::kind::ErrorKind;
use crate::layers::attempt::classify::ResponseAuthor;
use crate::layers::finalize::Finalize;
use crate::layers::middleware::attempts::IntoHttp;
use crate::pool::Pool;
use crate::telemetry::metrics::CoordinatorLabels;
use crate::telemetry::trace;
use crate::types::boxed::{BoxError, BoxFuture};
use crate::types::coordinator::Coordinator;
use crate::types::outcome::Outcome;
use crate::types::queue_time::{self, QUEUE_TIME};
use crate::types::retry_after;
use crate::types::token::Token;

/// The response header in which a follower names the leader.
const LEADER: HeaderName = HeaderName::from_static("x-arango-endpoint");
/// The response header in which a coordinator names the server it forwarded the request to.
const FORWARDED_TO: HeaderName = HeaderName::from_static("x-arango-request-forwarded-to");
/// The maximum number of bytes read of an error response.
const ERROR_BYTES: usize = 64 << 10;

/// Explanation of an error when a coordinator cannot forward a request to the server it names.
const UNKNOWN_SERVER: &str =
    "no coordinator or DB-Server has the id that the request names: `health()` lists the ids";

/// What a coordinator responded.
enum Received {
    Success(AttemptResponse),
    /// An error response.
    Refusal(AttemptError),
}

/// Makes [`SingleAttempt`] services for one coordinator.
#[derive(Debug, Clone)]
pub(crate) struct AttemptLayer(Arc<AttemptState>);

/// The state shared by all attempts at one coordinator.
#[derive(Debug)]
struct AttemptState {
    member: Member<Coordinator>,
    pool: Pool,
    accepted: Arc<LastAccepted>,
    labels: CoordinatorLabels,
}

impl AttemptLayer {
    pub(crate) fn new(member: Member<Coordinator>, pool: Pool, accepted: Arc<LastAccepted>) -> Self {
        let labels = CoordinatorLabels::of(member.key());
        Self(Arc::new(AttemptState { member, pool, accepted, labels }))
    }
}

impl Layer<Inner> for AttemptLayer {
    type Service = SingleAttempt;

    fn layer(&self, inner: Inner) -> Self::Service {
        SingleAttempt { inner, state: Arc::clone(&self.0) }
    }
}

/// Limits one attempt, reads its response, and reports to the member's health.
///
/// It also adds the coordinator to errors.
///
/// It is above the middleware around attempts, so that middleware that replaces an error cannot remove the
/// coordinator.
#[derive(Debug, Clone)]
pub(crate) struct SingleAttempt {
    inner: Inner,
    state: Arc<AttemptState>,
}

/// The inner service: middleware, or the pool itself, whose future then needs neither a box nor a timer.
type Inner = Either<IntoHttp, Finalize<Pool>>;

impl Service<AttemptRequest> for SingleAttempt {
    type Response = AttemptResponse;
    type Error = AttemptError;
    // The future awaits the head, then the body.
    type Future = BoxFuture<'static, Result<AttemptResponse, AttemptError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        match &mut self.inner {
            Either::Left(layers) => layers.poll_ready(cx),
            Either::Right(pool) => pool.poll_ready(cx),
        }
    }

    fn call(&mut self, mut outgoing: AttemptRequest) -> Self::Future {
        let token = outgoing.take_token();
        // Behind a shared address, a pooled connection leads to the coordinator that has just failed.
        if outgoing.plan().number > 1 && self.state.member.is_shared() {
            outgoing.use_new_connection();
        }
        set_queue_limit_header(&mut outgoing);
        let plan = outgoing.plan();
        let (context, number) = (Arc::clone(&plan.context), plan.number);
        let (began, deadline) = (plan.started, plan.deadline);
        let sent_before = context.begin(self.state.member.key(), began);
        let span = trace::attempt(&context, self.state.member.key(), number);
        // With a server timeout, the response time does not show how fast the server is.
        let timed = self.state.member.is_load_measured() && context.call.server_timeout.is_none();
        let timed = timed.then(|| self.state.member.clone());
        let attempt = RunningAttempt { context, number, sent_before, started: began, token, timed };
        let state = Arc::clone(&self.state);
        match &mut self.inner {
            Either::Right(finalize) => {
                if let Err(error) = finalize.prepare(&mut outgoing) {
                    return Box::pin(state.run(attempt, || ready(Err(error))));
                }
                let pool = self.state.pool.clone();
                let run = state.run(attempt, || pool.send(outgoing));
                if span.is_disabled() { Box::pin(run) } else { Box::pin(trace::attempted(span, run)) }
            }
            Either::Left(layers) => {
                let context = Arc::clone(&attempt.context);
                let response = span.in_scope(|| layers.call(outgoing));
                let in_time = async move {
                    timeout_at(deadline, response).await.unwrap_or_else(|_| Err(timed_out(&context)))
                };
                Box::pin(trace::attempted(span, state.run(attempt, || in_time)))
            }
        }
    }
}

/// An attempt in progress. It ends when it is dropped.
struct RunningAttempt {
    context: Arc<CallContext>,
    number: u32,
    sent_before: u32,
    started: Instant,
    /// The token that the request carries.
    token: Option<Arc<Token>>,
    /// The member that records the response time.
    ///
    /// `None` if load is not measured, or after the attempt has ended.
    timed: Option<Member<Coordinator>>,
}

impl RunningAttempt {
    /// Ends the attempt. Returns how often the request was sent.
    fn end(&mut self) -> u32 {
        self.timed = None;
        self.close()
    }

    fn close(&self) -> u32 {
        self.context.progress.sends.end(self.number);
        self.context.progress.sends.sent().saturating_sub(self.sent_before)
    }
}

impl Drop for RunningAttempt {
    fn drop(&mut self) {
        let sends = self.close();
        if let Some(member) = self.timed.take().filter(|_| sends > 0) {
            member.record_abandoned(self.started);
        }
    }
}

impl AttemptState {
    /// Records the reported queue time, if load is measured.
    fn record_queue_time(&self, headers: &HeaderMap) {
        if self.member.is_load_measured()
            && let Some(time) = queue_time::parse(headers)
        {
            self.member.record_queue_time(time);
        }
    }

    /// Runs an attempt. `send` returns the future instead of being it, because moving a large future is
    /// expensive.
    async fn run<F>(
        self: Arc<Self>,
        mut attempt: RunningAttempt,
        send: impl FnOnce() -> F,
    ) -> Result<AttemptResponse, AttemptError>
    where
        F: Future<Output = Result<AttemptResponse, AttemptError>>,
    {
        let responses_before = self.pool.responses();
        let read = match send().await {
            Ok(response) => {
                self.record_queue_time(response.headers());
                self.read(&attempt.context, response).await
            }
            Err(error) => Err(error),
        };
        let sends = attempt.end();
        let result = match read {
            Ok(Received::Success(response)) => {
                // If nothing was sent, middleware created the response. It says nothing about the coordinator.
                if sends > 0 {
                    self.succeeded(&attempt, &response);
                }
                Ok(response)
            }
            Ok(Received::Refusal(mut error)) => {
                self.refused(&attempt, error.attempt_mut(), sends);
                Err(error)
            }
            Err(mut error) => {
                let silent = self.pool.responses() == responses_before;
                self.failed(&attempt, error.attempt_mut(), sends, silent);
                Err(error)
            }
        };
        self.labels.attempted(&attempt.context, attempt.started, &result);
        result
    }

    /// Reads as much of the response as the call needs.
    async fn read(
        &self,
        context: &CallContext,
        mut response: AttemptResponse,
    ) -> Result<Received, AttemptError> {
        let (status, limits) = (response.status(), &context.settings.limits);
        let is_success = status.is_success() || context.call.success_statuses.contains(&status.as_u16());
        if is_success && context.call.streaming {
            let body = std::mem::replace(response.body_mut(), Body::buffered(Bytes::new()));
            *response.body_mut() = body.with_idle_timeout(limits.body_idle);
            return Ok(Received::Success(response));
        }
        let limit = if is_success { limits.body_bytes } else { ERROR_BYTES };
        match response.body_mut().buffer(limit, limits.body_idle, context.deadline).await {
            Ok(()) => {}
            // The status is enough. The body of an error that breaks off adds nothing.
            Err(_) if !is_success => {}
            Err(interrupted) => {
                // A successful status proves nothing if an intermediary may have sent it.
                let is_executed = context.progress.responder() == Responder::ArangoDb
                    && interrupted.kind != ErrorKind::Decode;
                let outcome = if is_executed { Outcome::Executed } else { Outcome::Unknown };
                let mut error = AttemptError::new(interrupted.kind, outcome, Phase::Body);
                error.attempt_mut().status = Some(status);
                return Err(match interrupted.source {
                    Some(source) => error.with_source(source),
                    None => error,
                });
            }
        }
        if is_success {
            return Ok(Received::Success(response));
        }
        let is_head = context.request.method == Method::HEAD;
        let body = response.body_mut().take_buffered().unwrap_or_default();
        let mut refused = error_response(status, response.headers(), &body, is_head);
        if context.call.relayed && refused.number == Some(ErrorNumber::CLUSTER_BACKEND_UNAVAILABLE) {
            let cause: BoxError = UNKNOWN_SERVER.into();
            (refused.kind, refused.outcome) = (ErrorKind::UnknownServer, Outcome::NotExecuted);
            refused.source = Some(cause.into());
        }
        Ok(Received::Refusal(AttemptError::from_attempt(refused, body)))
    }

    /// Reports a refusal: an error response.
    fn refused(&self, attempt: &RunningAttempt, refused: &mut Attempt, sends: u32) {
        // It covers one send, and only if it is the response to that send.
        let is_own = refused.status.is_some_and(|status| attempt.context.progress.is_response_status(status));
        self.add_details(refused, attempt, sends > 1 || (sends == 1 && !is_own));
        // A response that middleware created says nothing about the service at the address.
        if sends > 0 || refused.kind != ErrorKind::NotArangoDb {
            self.report(attempt, signal::signal(refused));
        }
        refused.token.clone_from(&attempt.token);
    }

    /// Reports an attempt without a complete response. `silent`: the coordinator sent no response to any
    /// attempt meanwhile.
    fn failed(&self, attempt: &RunningAttempt, failed: &mut Attempt, sends: u32, silent: bool) {
        self.add_details(failed, attempt, sends > 0);
        let unanswered = failed.kind == ErrorKind::AttemptTimeout && sends > 0;
        if unanswered && attempt.context.call.server_timeout.is_none() {
            self.member.record_abandoned(attempt.started);
        }
        // A timeout counts only if the request was sent and no response at all arrived: a long query on a
        // coordinator that answers other requests is not a failure.
        let signal = if unanswered && silent { Signal::Unreachable } else { signal::signal(failed) };
        self.report(attempt, signal);
    }

    /// Reports a success if ArangoDB wrote the response. Otherwise the caller that decodes the body reports
    /// it.
    fn succeeded(&self, attempt: &RunningAttempt, response: &AttemptResponse) {
        let context = &attempt.context;
        if context.progress.responder() == Responder::ArangoDb {
            self.pool.record_arangodb();
            if let Some(token) = &attempt.token {
                self.accepted.record(token, attempt.started);
            }
            return self.report_signal(attempt, Signal::Success);
        }
        if !context.call.has_body {
            return self.report_signal(attempt, Signal::Success);
        }
        // An empty body has no shape to check, and this coordinator is known to identify itself in headers.
        let has_body = context.request.method == Method::HEAD || !response.body().bytes().is_empty();
        if !has_body && self.pool.is_arangodb() {
            self.report_signal(attempt, Signal::Unrecognized);
        }
    }

    /// Reports a failure to the member's health. Each call counts once per coordinator.
    fn report(&self, attempt: &RunningAttempt, signal: Signal) {
        let signal = match signal {
            Signal::Unreachable | Signal::GatewayError | Signal::Failure
                if !attempt.context.attempts.counts_against(self.member.slot()) =>
            {
                Signal::Neutral
            }
            signal => signal,
        };
        self.report_signal(attempt, signal);
    }

    fn report_signal(&self, attempt: &RunningAttempt, signal: Signal) {
        if attempt.context.call.server_timeout.is_none() {
            self.member.record(signal, attempt.started);
        } else {
            self.member.record_without_latency(signal, attempt.started);
        }
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

/// Sets the header that limits the time in the server's queue, if there is a limit.
fn set_queue_limit_header(outgoing: &mut AttemptRequest) {
    let plan = outgoing.plan();
    let Some(limit) = plan.context.call.queue_limit().or(plan.context.settings.limits.queue) else {
        return;
    };
    let limit = limit.min(plan.deadline.saturating_duration_since(plan.started));
    let seconds = HeaderValue::try_from(format!("{:.3}", limit.as_secs_f64()));
    let seconds = seconds.expect("a number is a valid header value");
    outgoing.request_mut().headers_mut().insert(QUEUE_TIME, seconds);
}

/// Returns the error of an attempt that timed out, by the phase it had reached.
fn timed_out(context: &CallContext) -> AttemptError {
    let phase = context.progress.phase();
    let kind = match phase {
        Phase::Acquire => ErrorKind::PoolExhausted,
        Phase::Connect | Phase::Tls => ErrorKind::ConnectTimeout,
        Phase::Waiting | Phase::Sent | Phase::Body => ErrorKind::AttemptTimeout,
    };
    AttemptError::new(kind, Outcome::NotExecuted, phase)
}

/// Classifies an error response: any status that is neither a success nor declared as one.
///
/// Redirects are errors: following one would send body and credentials to a host that was not configured.
/// `is_head`: the response has no body by rule.
pub(crate) fn error_response(status: StatusCode, headers: &HeaderMap, body: &[u8], is_head: bool) -> Attempt {
    let object = ErrorObject::parse(body);
    let author = match &object {
        Some(object) => ResponseAuthor::ArangoDb(object.number),
        None if names_arangodb(headers) && body.is_empty() => ResponseAuthor::ArangoDbHeadersNoBody,
        None if names_arangodb(headers) => ResponseAuthor::ArangoDbHeaders,
        None if is_head || status == StatusCode::NOT_MODIFIED => ResponseAuthor::Unknown,
        None => ResponseAuthor::Foreign,
    };
    let (kind, outcome) = classify::classify_response(status, author);
    let mut attempt = Attempt::new(kind, outcome, Phase::Body);
    attempt.is_arangodb = author != ResponseAuthor::Foreign;
    if object.is_none() || status.is_redirection() {
        attempt.source = Some(Arc::new(ForeignResponse::new(status, headers, body)));
    }
    attempt.status = Some(status);
    attempt.retry_after = retry_after::parse(headers);
    attempt.leader = text(headers, LEADER).and_then(|leader| leader.parse().ok());
    attempt.forwarded_to = text(headers, FORWARDED_TO).map(str::to_owned);
    if let Some(object) = object {
        attempt.number = Some(object.number);
        attempt.message = Some(object.message);
    }
    attempt
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests;
