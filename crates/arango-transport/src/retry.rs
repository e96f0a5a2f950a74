//! Sends a request again where the rules allow it, and says why where they do not.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use arango_balance::{Jitter, Members};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::time::{Instant, sleep};
use tower::{Layer, Service, ServiceExt};

use arango_protocol::RequestClass;

use crate::attempt::Refusal;
use crate::attempt_error::AttemptError;
use crate::budget::Budget;
use crate::connect::BoxFuture;
use crate::error::StoppedBy;
use crate::failed_attempt::Attempt;
use crate::outgoing::{AttemptPlan, Incoming};
use crate::record::CallRecord;
use crate::rules::{self, Again};
use crate::strays::Strays;
use crate::template::Template;
use crate::{Body, Call, Coordinator, Error, ErrorKind, Limits, Outgoing};

/// The most attempts of one call, however many coordinators there are.
const MOST_ATTEMPTS: usize = 6;
/// A pause that leaves less than this before the deadline is not worth taking.
const LEAST_REST: Duration = Duration::from_millis(10);

/// Makes [`Retry`] services.
#[derive(Debug, Clone)]
pub(crate) struct RetryLayer {
    members: Members<Coordinator>,
    limits: Limits,
    jitter: Arc<dyn Jitter>,
    strays: Strays,
    budget: Budget,
    /// The limit of the first attempt of a call that may be asked of each coordinator in turn: what
    /// [`until`](Self::until) would work out for each call anew.
    first_share: Duration,
}

impl RetryLayer {
    pub(crate) fn new(
        members: Members<Coordinator>,
        limits: Limits,
        jitter: Arc<dyn Jitter>,
        strays: Strays,
    ) -> Self {
        let coordinators = u32::try_from(members.len().max(1)).unwrap_or(u32::MAX);
        let first_share = limits.attempt.min(limits.total / coordinators);
        Self { members, limits, jitter, strays, budget: Budget::new(), first_share }
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
    inner: S,
    rules: RetryLayer,
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
            (Some(record), _) => Arc::clone(record),
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
            // The layers above may have taken their time.
            let now = Instant::now();
            retry.send(record, Some(&template), now).await.map(|response| *response)
        })
    }
}

impl<S> Retry<S>
where
    S: Service<Outgoing, Response = Incoming, Error = AttemptError> + Clone,
{
    /// Begins the record of a call that nobody above has begun.
    pub(crate) fn record(&self, call: Call, template: Template) -> Arc<CallRecord> {
        CallRecord::new(call, template, self.rules.limits.total, &self.rules.strays)
    }

    pub(crate) fn chance(&self) -> f64 {
        self.rules.jitter.unit()
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
        if now >= record.deadline {
            return Err(Error::cut_off(&record, ErrorKind::DeadlineExceeded, None));
        }
        self.rules.budget.deposit();
        let plan = AttemptPlan {
            number: record.copies.next_attempt(),
            fresh: false,
            refused: None,
            unqueued: false,
            pin: record.call.pin.clone(),
            tried: Vec::new(),
            began: now,
            until: self.rules.until(&record, now, 0),
            record: Arc::clone(&record),
        };
        let mut inner = self.inner.clone();
        match attempt_once(&mut inner, template, plan).await {
            Ok(response) => {
                record.succeed();
                Ok(response)
            }
            // Seldom, and large: not in every call's future.
            Err(failed) => Box::pin(self.again(inner, template, &record, failed)).await,
        }
    }

    /// Makes further attempts after the first has failed, until one succeeds or the rules say no.
    async fn again(
        &self,
        mut inner: S,
        template: &Template,
        record: &Arc<CallRecord>,
        mut failed: Failed,
    ) -> Result<Incoming, Error> {
        let mut tried: Vec<Coordinator> = Vec::new();
        let mut waited = Duration::ZERO;
        let mut renewed = false;
        for nth in 0.. {
            let Failed { mut attempt, body } = failed;
            attempt.waited = waited;
            tracing::debug!(
                operation = record.call.name,
                coordinator = attempt.coordinator.as_ref().map(tracing::field::display),
                kind = ?attempt.kind,
                outcome = ?attempt.outcome,
                reused = attempt.reused,
                "an attempt failed"
            );
            let now = Instant::now();
            let late = attempt.kind == ErrorKind::DeadlineExceeded
                || (attempt.kind == ErrorKind::AttemptTimeout && now >= record.deadline);
            // Once for each call: a newer token that is refused too was not what was wrong.
            let refused = record.worn().filter(|_| !renewed && rules::refuses_token(&attempt));
            let next = self.rules.next(record, &attempt, refused.is_some(), &tried, nth, now);
            renewed |= refused.is_some();
            let here = attempt.coordinator.clone();
            record.fail(*attempt);
            if late {
                return Err(Error::cut_off(record, ErrorKind::DeadlineExceeded, None));
            }
            let mut pin = record.call.pin.clone();
            let mut fresh = false;
            match next {
                Next::Stop(stopped_by) => {
                    return Err(Error::of(record, stopped_by).with_body(body));
                }
                Next::Here(pause) => {
                    pin = here;
                    fresh = refused.is_none();
                    waited = pause;
                }
                Next::Elsewhere(pause) => {
                    tried.extend(here.filter(|here| !tried.contains(here)));
                    waited = pause;
                }
            }
            if !waited.is_zero() {
                sleep(waited).await;
            }
            let began = Instant::now();
            let until = self.rules.until(record, began, tried.len());
            let tried = tried.clone();
            let number = record.copies.next_attempt();
            let plan = AttemptPlan {
                record: Arc::clone(record),
                number,
                pin,
                tried,
                fresh,
                refused,
                unqueued: false,
                began,
                until,
            };
            failed = match attempt_once(&mut inner, template, plan).await {
                Ok(response) => {
                    record.succeed();
                    return Ok(response);
                }
                Err(failed) => failed,
            };
        }
        unreachable!("the number of attempts is limited")
    }
}

/// Makes one attempt.
async fn attempt_once<S>(inner: &mut S, template: &Template, plan: AttemptPlan) -> Result<Incoming, Failed>
where
    S: Service<Outgoing, Response = Incoming, Error = AttemptError>,
{
    let result = match inner.ready().await {
        Ok(ready) => ready.call(Outgoing::new(plan, template.request())).await,
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
struct Failed {
    attempt: Box<Attempt>,
    body: Bytes,
}

impl RetryLayer {
    /// Decides what follows `attempt`, the `nth` from zero. If it `renews`, a token was refused that can be
    /// renewed: then the same is asked once more, and that draws on no budget, since all calls with that
    /// token need it and a newer one heals them all.
    fn next(
        &self,
        record: &CallRecord,
        attempt: &Attempt,
        renews: bool,
        tried: &[Coordinator],
        nth: usize,
        now: Instant,
    ) -> Next {
        let rule = rules::rule(attempt, record.call.class);
        // What one coordinator says that is not HTTP, a second is unlikely to say better; two of them
        // are enough to know.
        let again = match rule.again {
            _ if renews => Again::Same,
            Again::Elsewhere if attempt.kind == ErrorKind::ProtocolViolation && nth > 0 => Again::No,
            again => again,
        };
        let pinned = record.call.pin.is_some();
        let nth_pause = u32::try_from(nth).unwrap_or(u32::MAX);
        // Of those not asked yet one is still left, beside the one that has just failed.
        let another = tried.len() + 1 < self.members.len();
        let pause = match again {
            Again::No => return Next::Stop(StoppedBy::NotRetryable),
            Again::Elsewhere | Again::Later if pinned => return Next::Stop(StoppedBy::NoAlternative),
            Again::Same => Duration::ZERO,
            // The first switch to somebody else is at once: waiting would help nobody.
            Again::Elsewhere if another && nth == 0 => Duration::ZERO,
            Again::Elsewhere | Again::Later | Again::SameLater => rule.pause.length(nth_pause, &*self.jitter),
        };
        if nth + 1 >= (1 + self.members.len().max(2)).min(MOST_ATTEMPTS) {
            return Next::Stop(StoppedBy::MaxAttempts);
        }
        // Whoever says when to come back knows better.
        let pause = attempt.retry_after.filter(|_| rule.heeds_retry_after).unwrap_or(pause);
        let rest = record.deadline.saturating_duration_since(now);
        if pause.saturating_add(LEAST_REST) >= rest {
            return Next::Stop(StoppedBy::Deadline);
        }
        // Last, so that only what is really sent is paid for.
        if !renews && !self.budget.withdraw(attempt) {
            return Next::Stop(StoppedBy::Budget);
        }
        match again {
            Again::Same | Again::SameLater => Next::Here(pause),
            _ => Next::Elsewhere(pause),
        }
    }

    /// When the head of the answer must be there. What can be asked of another leaves time for that.
    fn until(&self, record: &CallRecord, now: Instant, tried: usize) -> Instant {
        let call = &record.call;
        let shared = call.class == RequestClass::Safe && call.patience.is_none() && call.pin.is_none();
        if shared && tried == 0 {
            return (now + self.first_share).min(record.deadline);
        }
        let rest = record.deadline.saturating_duration_since(now);
        let limit = match call.patience {
            Some(patience) => self.limits.attempt.max(patience),
            None => self.limits.attempt,
        };
        let untried = self.members.len().saturating_sub(tried).max(1);
        let share = if shared { rest / u32::try_from(untried).unwrap_or(u32::MAX) } else { rest };
        now + limit.min(share)
    }
}

/// What follows a failed attempt.
enum Next {
    Stop(StoppedBy),
    Here(Duration),
    Elsewhere(Duration),
}
