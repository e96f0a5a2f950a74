//! Hedging: a second attempt beside a slow first one.

pub(crate) mod tracker;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tower::Service;

use crate::call::attempt_request::{AttemptRequest, AttemptResponse};
use crate::call::context::CallContext;
use crate::call::replayable_request::ReplayableRequest;
use crate::error::attempt_error::AttemptError;
use crate::error::{Error, StoppedBy};
use crate::layers::retry::{Retry, attempt_once};
use crate::telemetry::metrics;
use crate::types::coordinator::Coordinator;

impl<S> Retry<S>
where
    S: Service<AttemptRequest, Response = AttemptResponse, Error = AttemptError> + Clone,
{
    /// Runs the attempts of one call as [`send`](Self::send) does, hedging the first.
    ///
    /// A second attempt starts if the first takes longer than `min_delay` and than usual. The slower attempt
    /// is dropped as if the caller had dropped it.
    pub(crate) async fn hedge(
        &self,
        context: Arc<CallContext>,
        template: Option<&ReplayableRequest>,
        began: Instant,
        min_delay: Duration,
    ) -> Result<AttemptResponse, Error> {
        let mut first = pin!(self.send(Arc::clone(&context), template, began));
        let mut result = timeout_at(began + min_delay, first.as_mut()).await.ok();
        if result.is_none()
            && let Some(slow_at) = self.layer.hedge_tracker.slow_at(&context, began, Instant::now())
        {
            result = timeout_at(slow_at, first.as_mut()).await.ok();
            if result.is_none()
                && let Some(other) = self.hedged_coordinator(&context)
            {
                let hedge = pin!(self.send_hedge(&context, template, other));
                result = Some(either(first.as_mut(), hedge, &context).await);
            }
        }
        let result = match result {
            Some(result) => result,
            None => first.await,
        };
        if let Ok(response) = &result {
            self.layer.hedge_tracker.record(&context, response.headers(), began, Instant::now());
        }
        result
    }

    /// Returns the coordinator of the first attempt, if a hedged attempt is allowed.
    fn hedged_coordinator(&self, context: &CallContext) -> Option<Coordinator> {
        // After a failure the call already uses another coordinator.
        let first = context.coordinator().filter(|_| context.failed().is_empty())?;
        self.layer.hedge_tracker.may_hedge(&self.layer, &first, Instant::now()).then_some(first)
    }

    /// Sends the hedged attempt, to another coordinator than `first`.
    async fn send_hedge(
        &self,
        context: &CallContext,
        template: Option<&ReplayableRequest>,
        first: Coordinator,
    ) -> Result<AttemptResponse, Error> {
        let now = Instant::now();
        let template = template.unwrap_or(&context.request);
        let context = context.start_hedge(ReplayableRequest::from_request(template.request()), now);
        tracing::debug!(operation = context.call.name, coordinator = %first, "hedging a slow attempt");
        self.layer.counts.hedge();
        metrics::hedged(&context);
        let outgoing = self.first_attempt(&context, template, vec![first], now);
        match attempt_once(&mut self.inner.clone(), outgoing).await {
            Ok(response) => {
                self.layer.succeed(&context);
                Ok(response)
            }
            Err(error) => {
                let (attempt, body) = error.into_parts();
                context.fail(attempt);
                Err(Error::from_attempts(&context, StoppedBy::NotRetryable).with_body(body))
            }
        }
    }
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
            && let Poll::Ready(result) = std::pin::Pin::new(&mut first).poll(cx)
        {
            match result {
                Ok(response) => return Poll::Ready(Ok(response)),
                Err(error) => failed = Some(error),
            }
        }
        if !hedge_failed && let Poll::Ready(result) = std::pin::Pin::new(&mut hedge).poll(cx) {
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
