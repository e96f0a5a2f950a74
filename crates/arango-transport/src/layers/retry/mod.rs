//! Retries requests where the rules allow it, and reports why where they do not.

pub(crate) mod budget;
pub(crate) mod decision;
pub(crate) mod facts;
pub(crate) mod history;
pub(crate) mod rules;

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::runtime::Handle;
use tokio::time::Instant;
use tower::{Layer, Service, ServiceExt};

use arango_protocol::{CreatedResource, RequestClass};

use crate::call::Call;
use crate::call::attempt_request::{AttemptPlan, AttemptRequest, AttemptResponse};
use crate::call::body::Body;
use crate::call::context::CallContext;
use crate::call::counts::CallTotals;
use crate::call::replayable_request::ReplayableRequest;
use crate::call::settings::SharedSettings;
use crate::call::untracked_requests::UntrackedRequests;
use crate::client::lifecycle::Lifecycle;
use crate::compression::compressor::Compression;
use crate::error::attempt::Attempt;
use crate::error::attempt_error::AttemptError;
use crate::error::kind::ErrorKind;
use crate::error::{Error, StoppedBy};
use crate::layers::hedge::tracker::HedgeTracker;
use crate::layers::retry::budget::RetryBudget;
use crate::layers::retry::decision::RetryDecision;
use crate::layers::retry::facts::Knowledge;
use crate::layers::retry::history::History;
use crate::layers::retry::rules::Target;
use crate::telemetry::metrics;
use crate::types::boxed::BoxFuture;
use crate::types::coordinator::Coordinator;
use crate::types::framing;

/// Makes [`Retry`] services.
#[derive(Debug, Clone)]
pub(crate) struct RetryLayer {
    pub(crate) knowledge: Knowledge,
    pub(crate) budget: RetryBudget,
    settings: SharedSettings,
    untracked: UntrackedRequests,
    lifecycle: Lifecycle,
    /// Hedged attempts.
    pub(crate) hedge_tracker: HedgeTracker,
    pub(crate) counts: CallTotals,
    compression: Compression,
}

impl RetryLayer {
    pub(crate) fn new(
        knowledge: Knowledge,
        settings: SharedSettings,
        untracked: UntrackedRequests,
        lifecycle: Lifecycle,
        hedge_tracker: HedgeTracker,
        compression: Compression,
    ) -> Self {
        Self {
            knowledge,
            budget: RetryBudget::new(),
            settings,
            untracked,
            lifecycle,
            hedge_tracker,
            counts: CallTotals::default(),
            compression,
        }
    }
}

impl<S> Layer<S> for RetryLayer {
    type Service = Retry<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Retry { inner, layer: self.clone() }
    }
}

/// Sends as many attempts as the rules allow.
///
/// The layer converts redirects and responses with a status of 400 or more into errors.
#[derive(Debug, Clone)]
pub(crate) struct Retry<S> {
    pub(crate) inner: S,
    pub(crate) layer: RetryLayer,
}

impl<S> Service<Request<Full<Bytes>>> for Retry<S>
where
    S: Service<AttemptRequest, Response = AttemptResponse, Error = AttemptError>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Error;
    // The future awaits every attempt.
    type Future = BoxFuture<'static, Result<Response<Body>, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let template = ReplayableRequest::from_request(request);
        let context = match (template.extension::<Arc<CallContext>>(), template.extension::<Call>()) {
            (Some(context), _) => {
                context.set_request_encodings(template.headers());
                Arc::clone(context)
            }
            // A request that middleware created, with its own call metadata.
            (None, Some(call)) => {
                self.layer.untracked.add_one();
                let own = ReplayableRequest::from_request(template.request());
                self.new_context(call.clone(), own)
            }
            // Its class, coordinator and credentials are missing, so it cannot be sent.
            (None, None) => {
                let error =
                    Error::missing_extensions(template.method.clone(), template.uri.path().to_owned());
                return Box::pin(std::future::ready(Err(error)));
            }
        };
        let retry = self.clone();
        Box::pin(async move {
            if Handle::try_current().is_err() {
                let (method, path) = (template.method.clone(), template.uri.path().to_owned());
                return Err(Error::no_runtime(&context.call, method, path));
            }
            if let Err(error) = framing::reject_framing_headers(template.headers()) {
                let method = template.method.clone();
                return Err(Error::request(&context.call, method, template.uri.path(), error));
            }
            // The layers above may have taken some time.
            let now = Instant::now();
            let min_delay = if context.is_resumed { None } else { retry.hedge_delay(&context) };
            let response = match min_delay {
                None => retry.send(context, Some(&template), now).await,
                Some(min_delay) => retry.hedge(context, Some(&template), now, min_delay).await,
            };
            response.map(|response| *response)
        })
    }
}

impl<S> Retry<S>
where
    S: Service<AttemptRequest, Response = AttemptResponse, Error = AttemptError> + Clone,
{
    /// Creates the context of a call that has none yet.
    pub(crate) fn new_context(&self, call: Call, template: ReplayableRequest) -> Arc<CallContext> {
        CallContext::new(call, template, self.layer.settings.load(), &self.layer.untracked)
    }

    /// Returns the minimum delay before a hedged attempt; `None` if the call is not hedged.
    pub(crate) fn hedge_delay(&self, context: &CallContext) -> Option<Duration> {
        self.layer.hedge_tracker.delay(context)
    }

    pub(crate) fn random(&self) -> f64 {
        self.layer.knowledge.random.next_f64()
    }

    /// Runs the attempts of one call.
    ///
    /// Attempts, bodies and pauses end at the deadline of the context. `template` is the request as
    /// middleware changed it; `None` means the request of the context.
    pub(crate) async fn send(
        &self,
        context: Arc<CallContext>,
        template: Option<&ReplayableRequest>,
        now: Instant,
    ) -> Result<AttemptResponse, Error> {
        let template = template.unwrap_or(&context.request);
        let now = if self.layer.compression.must_yield(template) {
            Box::pin(self.layer.compression.compress_ahead(&context, template)).await;
            Instant::now()
        } else {
            now
        };
        if now >= context.deadline {
            return Err(Error::cancelled(&context, ErrorKind::DeadlineExceeded, None));
        }
        if let Some(rejected) = context.take_rejected() {
            return Box::pin(self.retry_after(self.inner.clone(), template, &context, rejected)).await;
        }
        self.layer.budget.deposit(now);
        let outgoing = self.first_attempt(&context, template, Vec::new(), now);
        let mut inner = self.inner.clone();
        match attempt_once(&mut inner, outgoing).await {
            Ok(response) => {
                self.layer.succeed(&context);
                Ok(response)
            }
            // Rare and large, so it is boxed and not part of every call's future.
            Err(error) => Box::pin(self.retry_after(inner, template, &context, error)).await,
        }
    }

    // Outside of the future, which would otherwise keep the plan for its whole lifetime.
    pub(crate) fn first_attempt(
        &self,
        context: &Arc<CallContext>,
        template: &ReplayableRequest,
        tried: Vec<Coordinator>,
        now: Instant,
    ) -> AttemptRequest {
        let plan = AttemptPlan {
            number: context.sends.next_attempt(),
            new_connection: context.call.new_connection,
            rejected_token: None,
            token: None,
            bypass_limit: false,
            pin: context.call.pin.clone(),
            deadline: self.layer.attempt_deadline(context, now, tried.len()),
            tried,
            started: now,
            context: Arc::clone(context),
        };
        AttemptRequest::new(plan, template.request())
    }

    /// Retries after a failed attempt until one succeeds or the rules stop it.
    async fn retry_after(
        &self,
        mut inner: S,
        template: &ReplayableRequest,
        context: &Arc<CallContext>,
        mut failed: AttemptError,
    ) -> Result<AttemptResponse, Error> {
        let layer = &self.layer;
        let mut history = History::from_attempts(context.failed());
        let mut delay = Duration::ZERO;
        loop {
            let (mut attempt, body) = failed.into_parts();
            attempt.waited_before = delay;
            let now = Instant::now();
            layer.prepare_decision(context, &mut attempt, now);
            let decision = layer.decide(context, &attempt, &history, now);
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
            if layer.lifecycle.has_ended() {
                return Err(Error::cancelled(context, ErrorKind::ClientClosed, None));
            }
            let retry = match decision {
                RetryDecision::Fail(stopped_by) => {
                    return Err(Error::from_attempts(context, stopped_by).with_body(body));
                }
                RetryDecision::Retry(retry) => retry,
            };
            history.record(coordinator.as_ref(), &retry, now);
            if !layer.lifecycle.pause(retry.delay).await {
                return Err(Error::cancelled(context, ErrorKind::ClientClosed, None));
            }
            delay = retry.delay;
            layer.counts.retry();
            metrics::retried(context, kind);
            let began = Instant::now();
            let plan = AttemptPlan {
                context: Arc::clone(context),
                number: context.sends.next_attempt(),
                pin: match retry.target {
                    Target::Other => context.call.pin.clone(),
                    Target::Coordinator(coordinator) => Some(coordinator),
                    Target::Same => coordinator,
                },
                tried: history.tried.clone(),
                new_connection: retry.new_connection,
                rejected_token: token.filter(|_| retry.renew_token),
                token: None,
                bypass_limit: false,
                started: began,
                deadline: layer.attempt_deadline(context, began, history.tried.len()),
            };
            failed = match attempt_once(&mut inner, AttemptRequest::new(plan, template.request())).await {
                Ok(response) => {
                    layer.succeed(context);
                    layer.knowledge.record_success(&history, began);
                    return Ok(response);
                }
                Err(error) => error,
            };
        }
    }
}

/// Sends one attempt.
pub(crate) async fn attempt_once<S>(
    inner: &mut S,
    outgoing: AttemptRequest,
) -> Result<AttemptResponse, AttemptError>
where
    S: Service<AttemptRequest, Response = AttemptResponse, Error = AttemptError>,
{
    inner.ready().await?.call(outgoing).await
}

impl RetryLayer {
    /// Completes the evidence of a failed attempt, and looks for coordinators if it shows that some were added.
    fn prepare_decision(&self, context: &CallContext, attempt: &mut Attempt, now: Instant) {
        if attempt.kind == ErrorKind::UnknownCoordinator {
            // No coordinator was reached. The caller needs the name of the unknown one.
            attempt.coordinator.clone_from(&context.call.pin);
        }
        if attempt.kind == ErrorKind::StartingUp {
            self.knowledge.members.refresh_discovery();
        }
        self.knowledge.correct_kind(context, attempt, now);
    }

    /// Decides what follows a failed attempt, and pays for the retry.
    fn decide(
        &self,
        context: &CallContext,
        attempt: &Attempt,
        history: &History,
        now: Instant,
    ) -> RetryDecision {
        match decision::decide(&self.knowledge.facts(context, attempt, now), history) {
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
        context.succeed();
        if let Some(creates) = context.request.extension::<CreatedResource>() {
            self.knowledge.created.record(creates, context.request.uri.path(), Instant::now());
        }
    }

    /// Returns the deadline of the response head. For a call that may go to another coordinator it leaves
    /// time for that.
    fn attempt_deadline(&self, context: &CallContext, now: Instant, tried: usize) -> Instant {
        let (call, limits) = (&context.call, &context.settings.limits);
        let own = call.attempt_limit();
        let shared = call.class == RequestClass::Safe
            && call.server_timeout.is_none()
            && call.pin.is_none()
            && own.is_none();
        if shared && tried == 0 {
            let coordinators = u32::try_from(self.knowledge.members.len().max(1)).unwrap_or(u32::MAX);
            return (now + limits.attempt.min(limits.total / coordinators)).min(context.deadline);
        }
        let rest = context.deadline.saturating_duration_since(now);
        let limit = match (own, call.server_timeout) {
            (Some(own), _) => own,
            (None, Some(timeout)) => limits.attempt.max(timeout),
            (None, None) => limits.attempt,
        };
        let untried = self.knowledge.members.len().saturating_sub(tried).max(1);
        let share = if shared { rest / u32::try_from(untried).unwrap_or(u32::MAX) } else { rest };
        now + limit.min(share)
    }
}
