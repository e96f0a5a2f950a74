//! Hedging: a second attempt beside a slow first one.

pub(crate) mod tracker;

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tower::{Layer, Service, ServiceExt};

use crate::call::call_request::CallRequest;
use crate::call::context::CallContext;
use crate::call::replayable_request::ReplayableRequest;
use crate::error::Error;
use crate::layers::hedge::tracker::HedgeTracker;
use crate::pool::body::AttemptResponse;
use crate::telemetry::metrics;
use crate::types::boxed::MaybeBoxed;
use crate::types::coordinator::Coordinator;

/// Makes [`Hedge`] services.
#[derive(Debug, Clone)]
pub(crate) struct HedgeLayer {
    tracker: HedgeTracker,
}

impl HedgeLayer {
    pub(crate) fn new(tracker: HedgeTracker) -> Self {
        Self { tracker }
    }
}

impl<S> Layer<S> for HedgeLayer {
    type Service = Hedge<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Hedge { inner, tracker: self.tracker.clone() }
    }
}

/// Sends a second attempt if the first takes longer than usual, for calls that are hedged.
///
/// The slower attempt is dropped as if the caller had dropped it. Above retry: the first attempt and its retries are
/// one future that goes on meanwhile.
#[derive(Debug, Clone)]
pub(crate) struct Hedge<S> {
    inner: S,
    tracker: HedgeTracker,
}

impl<S, F> Service<CallRequest> for Hedge<S>
where
    S: Service<CallRequest, Response = AttemptResponse, Error = Error, Future = MaybeBoxed<F>>
        + Clone
        + Send
        + 'static,
    F: Future<Output = Result<AttemptResponse, Error>> + Send + 'static,
{
    type Response = AttemptResponse;
    type Error = Error;
    type Future = MaybeBoxed<F>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: CallRequest) -> Self::Future {
        match self.tracker.delay(&request.context) {
            None => self.inner.call(request),
            Some(min_delay) => self.hedged(request, min_delay),
        }
    }
}

impl<S, F> Hedge<S>
where
    S: Service<CallRequest, Response = AttemptResponse, Error = Error, Future = MaybeBoxed<F>>
        + Clone
        + Send
        + 'static,
    F: Future<Output = Result<AttemptResponse, Error>> + Send + 'static,
{
    // Not inlined, so that a call that is not hedged stays small.
    #[inline(never)]
    fn hedged(&self, request: CallRequest, min_delay: Duration) -> MaybeBoxed<F> {
        let (inner, tracker) = (self.inner.clone(), self.tracker.clone());
        MaybeBoxed::Boxed { future: Box::pin(hedged(inner, tracker, request, min_delay)) }
    }
}

/// Sends a call that is hedged if it takes longer than `min_delay` and than usual.
async fn hedged<S>(
    inner: S,
    tracker: HedgeTracker,
    request: CallRequest,
    min_delay: Duration,
) -> Result<AttemptResponse, Error>
where
    S: Service<CallRequest, Response = AttemptResponse, Error = Error> + Clone,
{
    let (context, began) = (request.context.clone(), request.now);
    let own_request = request.template().request();
    let mut first = pin!(inner.clone().oneshot(request));
    let mut result = timeout_at(began + min_delay, first.as_mut()).await.ok();
    if result.is_none()
        && let Some(slow_at) = tracker.slow_at(&context, began, Instant::now())
    {
        result = timeout_at(slow_at, first.as_mut()).await.ok();
        if result.is_none()
            && let Some(other) = hedged_coordinator(&tracker, &context)
        {
            let template = ReplayableRequest::from(own_request);
            let hedge = context.start_hedge(template, Instant::now());
            tracing::debug!(operation = context.call.name, coordinator = %other, "hedging a slow attempt");
            tracker.count();
            metrics::hedged(&hedge);
            let hedge = pin!(inner.oneshot(CallRequest::hedge(hedge, other)));
            result = Some(either(first.as_mut(), hedge, &context).await);
        }
    }
    let result = match result {
        Some(result) => result,
        None => first.await,
    };
    if let Ok(response) = &result {
        tracker.record(&context, response.headers(), began, Instant::now());
    }
    result
}

/// Returns the coordinator of the first attempt, if a hedged attempt is allowed.
fn hedged_coordinator(tracker: &HedgeTracker, context: &CallContext) -> Option<Coordinator> {
    // After a failure the call already uses another coordinator.
    let first = context.attempts.coordinator().filter(|_| context.attempts.failed().is_empty())?;
    tracker.may_hedge(&first, Instant::now()).then_some(first)
}

/// Waits for the first success of two attempts, or for the failure of both.
async fn either(
    mut first: impl Future<Output = Result<AttemptResponse, Error>> + Unpin,
    mut hedge: impl Future<Output = Result<AttemptResponse, Error>> + Unpin,
    context: &CallContext,
) -> Result<AttemptResponse, Error> {
    let (mut failed, mut hedge_failed) = (None, false);
    poll_fn(|cx| {
        if failed.is_none()
            && let Poll::Ready(result) = Pin::new(&mut first).poll(cx)
        {
            match result {
                Ok(response) => return Poll::Ready(Ok(response)),
                Err(error) => failed = Some(error),
            }
        }
        if !hedge_failed && let Poll::Ready(result) = Pin::new(&mut hedge).poll(cx) {
            match result {
                Ok(response) => {
                    if let Some(hedged) = context.hedge() {
                        context.replace_with_hedge(&hedged);
                    }
                    return Poll::Ready(Ok(response));
                }
                Err(_) => hedge_failed = true,
            }
        }
        match failed.take_if(|_| hedge_failed) {
            Some(error) => Poll::Ready(Err(match context.hedge() {
                Some(hedge) => error.with_hedge(&hedge),
                None => error,
            })),
            None => Poll::Pending,
        }
    })
    .await
}
