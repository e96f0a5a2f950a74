//! A call whose first attempt takes unusually long, and the attempt that is made beside it.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tower::Service;

use crate::attempt_error::AttemptError;
use crate::error::StoppedBy;
use crate::outgoing::Incoming;
use crate::record::CallRecord;
use crate::retry::{Failed, Retry, attempt_once};
use crate::template::Template;
use crate::{Coordinator, Error, Outgoing, meters};

impl<S> Retry<S>
where
    S: Service<Outgoing, Response = Incoming, Error = AttemptError> + Clone,
{
    /// Makes the attempts of one call as [`send`](Self::send) does, and another beside the first if that takes
    /// longer than `least` and than is usual.
    ///
    /// Whoever is overtaken is dropped, as if the caller had dropped it.
    pub(crate) async fn race(
        &self,
        record: Arc<CallRecord>,
        template: Option<&Template>,
        began: Instant,
        least: Duration,
    ) -> Result<Incoming, Error> {
        let mut first = pin!(self.send(Arc::clone(&record), template, began));
        let mut result = timeout_at(began + least, first.as_mut()).await.ok();
        if result.is_none()
            && let Some(slow) = self.rules.hedges.slow_since(&record, began, Instant::now())
        {
            result = timeout_at(slow, first.as_mut()).await.ok();
            if result.is_none()
                && let Some(other) = self.other(&record)
            {
                let beside = pin!(self.beside(&record, template, other));
                result = Some(either(first.as_mut(), beside, &record).await);
            }
        }
        let result = match result {
            Some(result) => result,
            None => first.await,
        };
        if let Ok(response) = &result {
            self.rules.hedges.note(&record, response.headers(), began, Instant::now());
        }
        result
    }

    /// Whom the call is waiting for, if another may be asked beside it.
    fn other(&self, record: &CallRecord) -> Option<Coordinator> {
        // One that has failed already is being asked elsewhere anyway.
        let first = record.coordinator().filter(|_| record.failed().is_empty())?;
        self.rules.hedges.may_ask(&self.rules.decider, &first, Instant::now()).then_some(first)
    }

    /// Makes one attempt beside those of the call, at another coordinator than `first`.
    async fn beside(
        &self,
        record: &CallRecord,
        template: Option<&Template>,
        first: Coordinator,
    ) -> Result<Incoming, Error> {
        let now = Instant::now();
        let template = template.unwrap_or(&record.template);
        let record = record.beside(Template::of(template.request()), now);
        tracing::debug!(operation = record.call.name, coordinator = %first, "another is asked beside it");
        self.rules.counts.hedge();
        meters::hedged(&record);
        let outgoing = self.first_attempt(&record, template, vec![first], now);
        match attempt_once(&mut self.inner.clone(), outgoing).await {
            Ok(response) => {
                self.rules.succeed(&record);
                Ok(response)
            }
            Err(Failed { attempt, body }) => {
                record.fail(*attempt);
                Err(Error::of(&record, StoppedBy::NotRetryable).with_body(body))
            }
        }
    }
}

/// Waits for the first success of two, or for the failure of both.
async fn either(
    mut first: impl Future<Output = Result<Incoming, Error>> + Unpin,
    mut beside: impl Future<Output = Result<Incoming, Error>> + Unpin,
    record: &CallRecord,
) -> Result<Incoming, Error> {
    let (mut failed, mut beside_failed) = (None, false);
    poll_fn(|cx| {
        if failed.is_none()
            && let Poll::Ready(result) = std::pin::Pin::new(&mut first).poll(cx)
        {
            match result {
                Ok(response) => return Poll::Ready(Ok(response)),
                Err(error) => failed = Some(error),
            }
        }
        if !beside_failed && let Poll::Ready(result) = std::pin::Pin::new(&mut beside).poll(cx) {
            match result {
                Ok(response) => {
                    if let Some(hedge) = record.hedge() {
                        record.overtaken_by(&hedge);
                    }
                    return Poll::Ready(Ok(response));
                }
                Err(_) => beside_failed = true,
            }
        }
        match failed.take_if(|_| beside_failed) {
            Some(error) => Poll::Ready(Err(match record.hedge() {
                Some(hedge) => error.beside(&hedge),
                None => error,
            })),
            None => Poll::Pending,
        }
    })
    .await
}
