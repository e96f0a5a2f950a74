//! Retries requests where the rules allow it, and reports why where they do not.

pub(crate) mod attempt_deadline;
pub(crate) mod budget;
pub(crate) mod decision;
pub(crate) mod facts;
pub(crate) mod history;
pub(crate) mod rules;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use arango_protocol::{CreatedResource, ErrorKind, SpareHeaderMaps};
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower::{Layer, Service, ServiceExt};

use crate::call::attempt_request::{AttemptPlan, AttemptRequest};
use crate::call::call_request::CallRequest;
use crate::call::context::CallContext;
use crate::call::counts::CallTotals;
use crate::call::lifecycle::Lifecycle;
use crate::error::attempt::Attempt;
use crate::error::attempt_error::AttemptError;
use crate::error::{Error, StoppedBy};
use crate::layers::retry::budget::RetryBudget;
use crate::layers::retry::decision::RetryDecision;
use crate::layers::retry::facts::FactSources;
use crate::layers::retry::history::History;
use crate::layers::retry::rules::Target;
use crate::pool::body::AttemptResponse;
use crate::telemetry::metrics;
use crate::types::boxed::BoxFuture;
use crate::types::coordinator::Coordinator;

/// Makes [`Retry`] services, which share their state.
#[derive(Debug, Clone)]
pub(crate) struct RetryLayer(pub(crate) Arc<RetryState>);

/// What the retries of a client share.
#[derive(Debug)]
pub(crate) struct RetryState {
    pub(crate) facts: FactSources,
    pub(crate) budget: RetryBudget,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) counts: CallTotals,
    /// Header maps of responses, for the requests of later attempts.
    pub(crate) spare_headers: SpareHeaderMaps,
}

impl<S: Clone> Layer<S> for RetryLayer {
    type Service = Retry<S>;

    fn layer(&self, inner: S) -> Self::Service {
        let shared = Shared { inner: inner.clone(), state: Arc::clone(&self.0) };
        Retry { inner, shared: Arc::new(shared) }
    }
}

/// Sends as many attempts as the rules allow.
///
/// Attempts, delays and bodies end at the deadline of the call.
#[derive(Debug)]
pub(crate) struct Retry<S> {
    /// Sends the first attempts.
    inner: S,
    shared: Arc<Shared<S>>,
}

/// What the futures of calls share.
#[derive(Debug)]
struct Shared<S> {
    /// Is cloned for further attempts.
    inner: S,
    state: Arc<RetryState>,
}

impl<S: Clone> Clone for Retry<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), shared: Arc::clone(&self.shared) }
    }
}

impl<S> Service<CallRequest> for Retry<S>
where
    S: AttemptServiceStack,
    S::Future: Send,
{
    type Response = AttemptResponse;
    type Error = Error;
    type Future = ResponseFuture<S>;

    // The services below are always ready: what they wait for is a part of each attempt.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: CallRequest) -> Self::Future {
        let state = &self.shared.state;
        let (context, now) = (&request.context, request.now);
        if now >= context.deadline {
            let error = Error::cancelled(context, ErrorKind::DeadlineExceeded, None);
            return ResponseFuture::ended(&self.shared, error);
        }
        if let Some(rejected) = context.take_rejected() {
            return ResponseFuture::continued(&self.shared, request, rejected);
        }
        let mut tried = Vec::new();
        match &request.hedge_of {
            Some(first) => tried.push(first.clone()),
            None => state.budget.deposit(now),
        }
        if context.call.support.is_some() {
            match state.facts.lacking(context) {
                Ok(lacking) => tried.extend(lacking),
                Err(unsupported) => {
                    return ResponseFuture::ended(
                        &self.shared,
                        Error::unsupported_by_all(context, unsupported),
                    );
                }
            }
        }
        let mut attempt = state.attempt(&request, tried, now);
        attempt.plan_mut().new_connection = context.call.new_connection;
        ResponseFuture {
            shared: Arc::clone(&self.shared),
            state: State::First { response: self.inner.call(attempt) },
            request: Some(request),
        }
    }
}

/// The services below, which send one attempt.
pub(crate) trait AttemptServiceStack:
    Service<AttemptRequest, Response = AttemptResponse, Error = AttemptError> + Clone + Send + Sync + 'static
{
}

impl<S> AttemptServiceStack for S where
    S: Service<AttemptRequest, Response = AttemptResponse, Error = AttemptError>
        + Clone
        + Send
        + Sync
        + 'static
{
}

pin_project! {
    /// Response future of [`Retry`].
    ///
    /// The first attempt is a part of it. What follows a failed attempt is rare and large, so it is boxed.
    pub(crate) struct ResponseFuture<S: Service<AttemptRequest>> {
        shared: Arc<Shared<S>>,
        // `None` after the first attempt.
        request: Option<CallRequest>,
        #[pin]
        state: State<S::Future>,
    }
}

pin_project! {
    #[project = Projected]
    enum State<F> {
        // The first attempt runs.
        First { #[pin] response: F },
        // It has failed, and further attempts run.
        Again { response: BoxFuture<'static, Result<AttemptResponse, Error>> },
        // There was no attempt.
        Ended { error: Option<Error> },
    }
}

impl<S> ResponseFuture<S>
where
    S: AttemptServiceStack,
    S::Future: Send,
{
    #[cold]
    fn ended(shared: &Arc<Shared<S>>, error: Error) -> Self {
        Self { shared: Arc::clone(shared), request: None, state: State::Ended { error: Some(error) } }
    }

    #[cold]
    fn continued(shared: &Arc<Shared<S>>, request: CallRequest, failed: AttemptError) -> Self {
        let response = Box::pin(retry_after(Arc::clone(shared), request, failed));
        Self { shared: Arc::clone(shared), request: None, state: State::Again { response } }
    }
}

impl<S> Future for ResponseFuture<S>
where
    S: AttemptServiceStack,
    S::Future: Send,
{
    type Output = Result<AttemptResponse, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let result = match this.state.as_mut().project() {
                Projected::First { response } => ready!(response.poll(cx)),
                Projected::Again { response } => return response.as_mut().poll(cx),
                Projected::Ended { error } => {
                    return Poll::Ready(Err(error.take().expect("a future is not polled after its end")));
                }
            };
            let request = this.request.take().expect("the first attempt ends once");
            match result {
                Ok(response) => {
                    this.shared.state.succeed(&request.context);
                    return Poll::Ready(Ok(response));
                }
                Err(failed) if request.hedge_of.is_some() => {
                    return Poll::Ready(Err(hedge_failed(&request.context, failed)));
                }
                Err(failed) => {
                    let response = Box::pin(retry_after(Arc::clone(this.shared), request, failed));
                    this.state.set(State::Again { response });
                }
            }
        }
    }
}

/// Returns the error of a hedged attempt, which is not retried.
#[cold]
fn hedge_failed(context: &CallContext, failed: AttemptError) -> Error {
    let (attempt, body) = failed.into_parts();
    context.fail(attempt);
    Error::from_attempts(context, StoppedBy::NotRetryable).with_body(body)
}

/// Retries after a failed attempt until one succeeds or the rules stop it.
async fn retry_after<S>(
    shared: Arc<Shared<S>>,
    request: CallRequest,
    mut failed: AttemptError,
) -> Result<AttemptResponse, Error>
where
    S: AttemptServiceStack,
{
    let state = &shared.state;
    let mut inner = shared.inner.clone();
    let context = &request.context;
    let mut history = History::from_attempts(&context.attempts.failed());
    let mut delay = Duration::ZERO;
    loop {
        let (mut attempt, body) = failed.into_parts();
        attempt.waited_before = delay;
        let now = Instant::now();
        state.prepare_decision(context, &mut attempt, &history, now);
        FactSources::find_lacking(context, &mut attempt, now).await;
        let decision = state.decide(context, &attempt, &history, now);
        // After the decision, which depends on what the response says.
        attempt.outcome = rules::outcome(&attempt, &context.call.properties);
        tracing::debug!(
            operation = context.call.name,
            coordinator = attempt.coordinator.as_ref().map(tracing::field::display),
            kind = ?attempt.kind,
            outcome = ?attempt.outcome,
            reused = attempt.reused,
            ?decision,
            "an attempt failed"
        );
        let (kind, coordinator) = (attempt.kind, attempt.coordinator.clone());
        let token = attempt.token.take().map(|token| token.generation);
        context.fail(attempt);
        if kind == ErrorKind::DeadlineExceeded
            || (kind == ErrorKind::AttemptTimeout && now >= context.deadline)
        {
            return Err(Error::cancelled(context, ErrorKind::DeadlineExceeded, None));
        }
        if state.lifecycle.has_ended() {
            return Err(Error::cancelled(context, ErrorKind::ClientClosed, None));
        }
        let retry = match decision {
            RetryDecision::Fail(stopped_by) => {
                let error = Error::from_attempts(context, stopped_by).with_body(body);
                if error.kind() == ErrorKind::NoCoordinatorAvailable {
                    state.facts.members.refresh_discovery();
                }
                return Err(error);
            }
            RetryDecision::Retry(retry) => retry,
        };
        history.record(coordinator.as_ref(), &retry, now);
        history.has_violation |= kind == ErrorKind::ProtocolViolation;
        if !state.lifecycle.pause(retry.delay).await {
            return Err(Error::cancelled(context, ErrorKind::ClientClosed, None));
        }
        delay = retry.delay;
        state.counts.retry();
        metrics::retried(context, kind);
        let began = Instant::now();
        let mut attempt = state.attempt(&request, state.facts.unavailable(context, &history), began);
        let plan = attempt.plan_mut();
        match retry.target {
            Target::Other if context.call.owner().is_some() => {
                plan.deadline = plan.deadline.min(began + attempt_deadline::FORWARDED);
            }
            Target::Other => {}
            Target::Coordinator(coordinator) => plan.pin = Some(coordinator),
            Target::Same => plan.pin = coordinator,
        }
        plan.new_connection = retry.new_connection;
        plan.rejected_token = token.filter(|_| retry.renew_token);
        let result = match inner.ready().await {
            Ok(ready) => ready.call(attempt).await,
            Err(error) => Err(error),
        };
        failed = match result {
            Ok(response) => {
                state.succeed(context);
                state.facts.record_success(&history, began);
                return Ok(response);
            }
            Err(error) => error,
        };
    }
}

impl RetryState {
    /// Returns the request of the next attempt.
    fn attempt(&self, request: &CallRequest, tried: Vec<Coordinator>, now: Instant) -> AttemptRequest {
        let context = &request.context;
        let deadline = attempt_deadline::of(context, now, self.facts.members.len(), tried.len());
        let plan = AttemptPlan::new(context, tried, now, deadline);
        AttemptRequest::from_template(plan, request.template(), self.spare_headers.take())
    }

    /// Completes the evidence of a failed attempt, and looks for coordinators if it shows that some were added.
    fn prepare_decision(
        &self,
        context: &CallContext,
        attempt: &mut Attempt,
        history: &History,
        now: Instant,
    ) {
        if attempt.kind == ErrorKind::UnknownCoordinator {
            // No coordinator was reached. The caller needs the name of the unknown one.
            attempt.coordinator.clone_from(&context.call.pin);
        }
        if attempt.kind == ErrorKind::StartingUp {
            self.facts.members.refresh_discovery();
        }
        self.facts.correct_kind(context, attempt, history, now);
    }

    /// Decides what follows a failed attempt, and pays for the retry.
    fn decide(
        &self,
        context: &CallContext,
        attempt: &Attempt,
        history: &History,
        now: Instant,
    ) -> RetryDecision {
        match decision::decide(&self.facts.collect(context, attempt, history, now), history) {
            // Last, so that only retries that are sent are paid for.
            RetryDecision::Retry(retry)
                if retry.reason.uses_budget() && !self.budget.withdraw(attempt, now) =>
            {
                RetryDecision::Fail(StoppedBy::Budget)
            }
            decision => decision,
        }
    }

    /// Records a successful call and what it created.
    pub(crate) fn succeed(&self, context: &CallContext) {
        context.progress.set_succeeded(true);
        if let Some(creates) = context.request.extension::<CreatedResource>() {
            self.facts.created.record(creates, context.request.path(), Instant::now());
        }
    }
}
