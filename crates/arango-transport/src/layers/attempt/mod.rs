//! One attempt at one coordinator: its response, and the signal for the coordinator's health.

pub(crate) mod classify;
pub(crate) mod receive;
pub(crate) mod refusal;
pub(crate) mod report;
pub(crate) mod signal;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use arango_balance::Member;
use http::HeaderValue;
use pin_project_lite::pin_project;
use tower::{Layer, Service};
use tracing::Span;

use crate::call::attempt_request::AttemptRequest;
use crate::call::token_acceptance::LastAccepted;
use crate::error::attempt_error::AttemptError;
use crate::layers::attempt::receive::{Reading, Received};
use crate::layers::attempt::report::{Reporter, RunningAttempt};
use crate::pool::Pool;
use crate::pool::body::AttemptResponse;
use crate::telemetry::trace;
use crate::types::boxed::BoxFuture;
use crate::types::coordinator::Coordinator;
use crate::types::queue_time::QUEUE_TIME;

/// Makes [`SingleAttempt`] services for one coordinator.
#[derive(Debug, Clone)]
pub(crate) struct AttemptLayer(Arc<Reporter>);

impl AttemptLayer {
    pub(crate) fn new(member: Member<Coordinator>, pool: Pool, accepted: Arc<LastAccepted>) -> Self {
        Self(Arc::new(Reporter::new(member, pool, accepted)))
    }
}

impl<S> Layer<S> for AttemptLayer {
    type Service = SingleAttempt<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SingleAttempt { inner, reporter: Arc::clone(&self.0) }
    }
}

/// Sends one attempt, reads its response, and reports to the member's health.
///
/// It converts redirects and responses with a status of 400 or more into errors, and adds the coordinator to errors. It
/// is above the middleware around attempts, so that middleware that replaces an error cannot remove the coordinator.
/// The layers below end the attempt at its deadline: the pool with the timer of its connection, middleware with one of
/// the attempt.
#[derive(Debug, Clone)]
pub(crate) struct SingleAttempt<S> {
    inner: S,
    reporter: Arc<Reporter>,
}

impl<S> Service<AttemptRequest> for SingleAttempt<S>
where
    S: Service<AttemptRequest, Response = AttemptResponse, Error = AttemptError>,
{
    type Response = AttemptResponse;
    type Error = AttemptError;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: AttemptRequest) -> Self::Future {
        let member = &self.reporter.member;
        let token = request.take_token();
        // Behind a shared address, a pooled connection leads to the coordinator that has just failed.
        if request.plan().number > 1 && member.is_shared() {
            request.use_new_connection();
        }
        set_queue_limit_header(&mut request);
        let plan = request.plan();
        let (context, number, started) = (Arc::clone(&plan.context), plan.number, plan.started);
        let sent_before = context.begin(member.key(), started);
        let span = trace::attempt(&context, member.key(), number);
        // With a server timeout, the response time does not show how fast the server is.
        let timed = member.is_load_measured() && context.call.server_timeout.is_none();
        let timed = timed.then(|| member.clone());
        ResponseFuture {
            attempt: RunningAttempt { context, number, sent_before, started, token, timed },
            responses_before: self.reporter.pool.responses(),
            reporter: Arc::clone(&self.reporter),
            state: State::Sending { response: span.in_scope(|| self.inner.call(request)) },
            span,
        }
    }
}

pin_project! {
    /// Response future of [`SingleAttempt`].
    pub(crate) struct ResponseFuture<F> {
        attempt: RunningAttempt,
        responses_before: u64,
        reporter: Arc<Reporter>,
        #[pin]
        state: State<F>,
        span: Span,
    }
}

pin_project! {
    #[project = Projected]
    enum State<F> {
        Sending { #[pin] response: F },
        // Rare: the body did not arrive together with the head.
        Reading { rest: BoxFuture<'static, Result<Received, AttemptError>> },
    }
}

impl<F> Future for ResponseFuture<F>
where
    F: Future<Output = Result<AttemptResponse, AttemptError>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let _entered = this.span.enter();
        let received = loop {
            match this.state.as_mut().project() {
                Projected::Reading { rest } => break ready!(rest.as_mut().poll(cx)),
                Projected::Sending { response } => match ready!(response.poll(cx)) {
                    Err(error) => break Err(error),
                    Ok(response) => {
                        this.reporter.record_queue_time(response.headers());
                        match receive::start(&this.attempt.context, response, cx) {
                            Reading::Ended(received) => break received,
                            Reading::Incomplete(response, part) => {
                                let context = Arc::clone(&this.attempt.context);
                                let rest = Box::pin(receive::finish(context, response, part));
                                this.state.set(State::Reading { rest });
                            }
                        }
                    }
                },
            }
        };
        let result = this.reporter.end(this.attempt, received, *this.responses_before);
        trace::attempt_ended(
            this.span,
            result.as_ref().map(|response| response.status()).map_err(AttemptError::attempt),
        );
        Poll::Ready(result)
    }
}

/// Sets the header that limits the time in the server's queue, if there is a limit.
fn set_queue_limit_header(request: &mut AttemptRequest) {
    let plan = request.plan();
    let Some(limit) = plan.context.call.queue_limit().or(plan.context.settings.limits.queue) else {
        return;
    };
    let limit = limit.min(plan.deadline.saturating_duration_since(plan.started));
    let seconds = HeaderValue::try_from(format!("{:.3}", limit.as_secs_f64()));
    let seconds = seconds.expect("a number is a valid header value");
    request.request_mut().headers_mut().insert(QUEUE_TIME, seconds);
}
