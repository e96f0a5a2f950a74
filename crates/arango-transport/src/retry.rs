//! Sends a request again where the rules allow it, and says why where they do not.

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

use crate::attempt::Refusal;
use crate::attempt_error::AttemptError;
use crate::compression::Compression;
use crate::connect::BoxFuture;
use crate::counts::Counts;
use crate::failed_attempt::Attempt;
use crate::hedging::Hedges;
use crate::lifecycle::Lifecycle;
use crate::next::{Decider, History, Next, Whereto};
use crate::outgoing::{AttemptPlan, Incoming};
use crate::record::CallRecord;
use crate::settings::Live;
use crate::strays::Strays;
use crate::template::Template;
use crate::{Body, Call, Coordinator, Error, ErrorKind, Outgoing, framing, meters};

/// Makes [`Retry`] services.
#[derive(Debug, Clone)]
pub(crate) struct RetryLayer {
    pub(crate) decider: Decider,
    settings: Live,
    strays: Strays,
    lifecycle: Lifecycle,
    /// Second attempts, beside first ones.
    pub(crate) hedges: Hedges,
    pub(crate) counts: Counts,
    compression: Compression,
}

impl RetryLayer {
    pub(crate) fn new(
        decider: Decider,
        settings: Live,
        strays: Strays,
        lifecycle: Lifecycle,
        hedges: Hedges,
        compression: Compression,
    ) -> Self {
        Self { decider, settings, strays, lifecycle, hedges, counts: Counts::default(), compression }
    }
}

impl<S> Layer<S> for RetryLayer {
    type Service = Retry<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Retry { inner, rules: self.clone() }
    }
}

/// Makes as many attempts as the rules allow. Above it a redirect or an answer of 400 or
/// more is an error.
#[derive(Debug, Clone)]
pub(crate) struct Retry<S> {
    pub(crate) inner: S,
    pub(crate) rules: RetryLayer,
}

impl<S> Service<Request<Full<Bytes>>> for Retry<S>
where
    S: Service<Outgoing, Response = Incoming, Error = AttemptError> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Error;
    // It awaits as often as it attempts.
    type Future = BoxFuture<'static, Result<Response<Body>, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let template = Template::of(request);
        let record = match (template.extension::<Arc<CallRecord>>(), template.extension::<Call>()) {
            (Some(record), _) => {
                record.handed_on(template.headers());
                Arc::clone(record)
            }
            // A request of the layer's own, which says what it is.
            (None, Some(call)) => {
                self.rules.strays.add_one();
                let own = Template::of(template.request());
                self.record(call.clone(), own)
            }
            // Its class, its coordinator and its credentials are lost: it cannot be sent.
            (None, None) => {
                let error = Error::bereft(template.method.clone(), template.uri.path().to_owned());
                return Box::pin(std::future::ready(Err(error)));
            }
        };
        let retry = self.clone();
        Box::pin(async move {
            if Handle::try_current().is_err() {
                let (method, path) = (template.method.clone(), template.uri.path().to_owned());
                return Err(Error::no_runtime(&record.call, method, path));
            }
            if let Err(error) = framing::checked(template.headers()) {
                let method = template.method.clone();
                return Err(Error::request(&record.call, method, template.uri.path(), error));
            }
            // The layers above may have taken their time.
            let now = Instant::now();
            let least = if record.is_resumed { None } else { retry.waits_alone_for(&record) };
            let answer = match least {
                None => retry.send(record, Some(&template), now).await,
                Some(least) => retry.race(record, Some(&template), now, least).await,
            };
            answer.map(|response| *response)
        })
    }
}

impl<S> Retry<S>
where
    S: Service<Outgoing, Response = Incoming, Error = AttemptError> + Clone,
{
    /// Begins the record of a call that nobody above has begun.
    pub(crate) fn record(&self, call: Call, template: Template) -> Arc<CallRecord> {
        CallRecord::new(call, template, self.rules.settings.now(), &self.rules.strays)
    }

    /// For how long the first attempt of a call is waited for at least before another is made beside it, if one may be.
    pub(crate) fn waits_alone_for(&self, record: &CallRecord) -> Option<Duration> {
        self.rules.hedges.least(record)
    }

    pub(crate) fn chance(&self) -> f64 {
        self.rules.decider.jitter.next_f64()
    }

    /// Makes the attempts of one call.
    ///
    /// The deadline of the record holds for each step: attempts and bodies end with it, and no pause
    /// reaches beyond it. `template` is what the user's layers made of the request of the record.
    pub(crate) async fn send(
        &self,
        record: Arc<CallRecord>,
        template: Option<&Template>,
        now: Instant,
    ) -> Result<Incoming, Error> {
        let template = template.unwrap_or(&record.template);
        let now = if self.rules.compression.is_long_work(template) {
            Box::pin(self.rules.compression.work_ahead(&record, template)).await;
            Instant::now()
        } else {
            now
        };
        if now >= record.deadline {
            return Err(Error::cut_off(&record, ErrorKind::DeadlineExceeded, None));
        }
        if let Some(rejected) = record.take_rejected() {
            return Box::pin(self.again(self.inner.clone(), template, &record, rejected)).await;
        }
        self.rules.decider.budget.deposit(now);
        let outgoing = self.first_attempt(&record, template, Vec::new(), now);
        let mut inner = self.inner.clone();
        match attempt_once(&mut inner, outgoing).await {
            Ok(response) => {
                self.rules.succeed(&record);
                Ok(response)
            }
            // Seldom, and large: not in every call's future.
            Err(failed) => Box::pin(self.again(inner, template, &record, failed)).await,
        }
    }

    // Outside of the future, which would carry the plan along to its end.
    pub(crate) fn first_attempt(
        &self,
        record: &Arc<CallRecord>,
        template: &Template,
        tried: Vec<Coordinator>,
        now: Instant,
    ) -> Outgoing {
        let plan = AttemptPlan {
            number: record.copies.next_attempt(),
            fresh: record.call.fresh,
            refused: None,
            token: None,
            unqueued: false,
            pin: record.call.pin.clone(),
            until: self.rules.until(record, now, tried.len()),
            tried,
            began: now,
            record: Arc::clone(record),
        };
        Outgoing::new(plan, template.request())
    }

    /// Makes further attempts after the first has failed, until one succeeds or the rules say no.
    async fn again(
        &self,
        mut inner: S,
        template: &Template,
        record: &Arc<CallRecord>,
        mut failed: Failed,
    ) -> Result<Incoming, Error> {
        let mut history = History::of(record.failed());
        let mut waited = Duration::ZERO;
        loop {
            let Failed { mut attempt, body } = failed;
            attempt.waited = waited;
            if attempt.kind == ErrorKind::UnknownCoordinator {
                // Nobody was asked; who should have been is what the caller wants to know.
                attempt.coordinator.clone_from(&record.call.pin);
            }
            let now = Instant::now();
            let late = attempt.kind == ErrorKind::DeadlineExceeded
                || (attempt.kind == ErrorKind::AttemptTimeout && now >= record.deadline);
            let next = self.rules.decider.next(record, &mut attempt, &mut history, now);
            tracing::debug!(
                operation = record.call.name,
                coordinator = attempt.coordinator.as_ref().map(tracing::field::display),
                kind = ?attempt.kind,
                outcome = ?attempt.outcome,
                reused = attempt.reused,
                ?next,
                "an attempt failed"
            );
            let (here, kind) = (attempt.coordinator.clone(), attempt.kind);
            let refused = attempt.token.take().map(|token| token.generation);
            record.fail(*attempt);
            if late {
                return Err(Error::cut_off(record, ErrorKind::DeadlineExceeded, None));
            }
            if self.rules.lifecycle.has_ended() {
                return Err(Error::cut_off(record, ErrorKind::ClientClosed, None));
            }
            let (whereto, pause) = match next {
                Next::Stop(stopped_by) => return Err(Error::of(record, stopped_by).with_body(body)),
                Next::Go { whereto, pause } => (whereto, pause),
            };
            if !self.rules.lifecycle.outlasts(pause).await {
                return Err(Error::cut_off(record, ErrorKind::ClientClosed, None));
            }
            waited = pause;
            self.rules.counts.retry();
            meters::retried(record, kind);
            let renewed = whereto == Whereto::HereRenewed;
            let fresh = whereto == Whereto::HereAnew;
            let pin = match whereto {
                Whereto::Elsewhere => record.call.pin.clone(),
                Whereto::There(coordinator) => Some(coordinator),
                Whereto::Here | Whereto::HereAnew | Whereto::HereRenewed => here,
            };
            let began = Instant::now();
            let plan = AttemptPlan {
                record: Arc::clone(record),
                number: record.copies.next_attempt(),
                pin,
                tried: history.tried.clone(),
                fresh,
                refused: refused.filter(|_| renewed),
                token: None,
                unqueued: false,
                began,
                until: self.rules.until(record, began, history.tried.len()),
            };
            let outgoing = Outgoing::new(plan, template.request());
            failed = match attempt_once(&mut inner, outgoing).await {
                Ok(response) => {
                    self.rules.succeed(record);
                    self.rules.decider.succeeded(&history, began);
                    return Ok(response);
                }
                Err(failed) => failed,
            };
        }
    }
}

/// Makes one attempt.
pub(crate) async fn attempt_once<S>(inner: &mut S, outgoing: Outgoing) -> Result<Incoming, Failed>
where
    S: Service<Outgoing, Response = Incoming, Error = AttemptError>,
{
    let result = match inner.ready().await {
        Ok(ready) => ready.call(outgoing).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(mut response) => match response.extensions_mut().remove::<Refusal>() {
            None => Ok(response),
            Some(Refusal(attempt)) => {
                let body = response.body_mut().take_whole().unwrap_or_default();
                Err(Failed { attempt: Box::new(attempt), body })
            }
        },
        Err(error) => Err(Failed { attempt: error.into_attempt(), body: Bytes::new() }),
    }
}

/// An attempt that failed, and the body of the answer if it was a refusal.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) attempt: Box<Attempt>,
    pub(crate) body: Bytes,
}

impl RetryLayer {
    /// Takes note of a call that was answered.
    pub(crate) fn succeed(&self, record: &CallRecord) {
        record.succeed();
        if let Some(creates) = record.template.extension::<CreatedResource>() {
            self.decider.created.note(creates, record.template.uri.path(), Instant::now());
        }
    }

    /// When the head of the answer must be there. What can be asked of another leaves time for that.
    fn until(&self, record: &CallRecord, now: Instant, tried: usize) -> Instant {
        let (call, limits) = (&record.call, &record.settings.limits);
        let own = call.own_attempt_limit();
        let shared = call.class == RequestClass::Safe
            && call.patience.is_none()
            && call.pin.is_none()
            && own.is_none();
        if shared && tried == 0 {
            let coordinators = u32::try_from(self.decider.members.len().max(1)).unwrap_or(u32::MAX);
            return (now + limits.attempt.min(limits.total / coordinators)).min(record.deadline);
        }
        let rest = record.deadline.saturating_duration_since(now);
        let limit = match (own, call.patience) {
            (Some(own), _) => own,
            (None, Some(patience)) => limits.attempt.max(patience),
            (None, None) => limits.attempt,
        };
        let untried = self.decider.members.len().saturating_sub(tried).max(1);
        let share = if shared { rest / u32::try_from(untried).unwrap_or(u32::MAX) } else { rest };
        now + limit.min(share)
    }
}
