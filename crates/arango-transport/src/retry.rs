//! Sends a request again where the rules allow it, and says why where they do not.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use arango_balance::{Jitter, Members};
use bytes::Bytes;
use http::{Extensions, HeaderMap, Method, Request, Response, Uri};
use http_body_util::Full;
use tokio::time::{Instant, sleep};
use tower::{Layer, Service, ServiceExt};

use arango_protocol::RequestClass;

use crate::attempt::Refusal;
use crate::attempt_error::AttemptError;
use crate::connect::BoxFuture;
use crate::error::StoppedBy;
use crate::outgoing::AttemptPlan;
use crate::record::{Attempt, CallRecord, Phase};
use crate::rules::{self, Again};
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
}

impl RetryLayer {
    pub(crate) fn new(members: Members<Coordinator>, limits: Limits, jitter: Arc<dyn Jitter>) -> Self {
        Self { members, limits, jitter }
    }
}

impl<S> Layer<S> for RetryLayer {
    type Service = Retry<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Retry { inner, rules: self.clone() }
    }
}

/// Makes as many attempts as the rules allow. Above it an answer of 400 or more is an error.
#[derive(Debug, Clone)]
pub(crate) struct Retry<S> {
    inner: S,
    rules: RetryLayer,
}

impl<S> Service<Request<Full<Bytes>>> for Retry<S>
where
    S: Service<Outgoing, Response = Response<Body>, Error = AttemptError> + Clone + Send + 'static,
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
        let record = match request.extensions().get::<Arc<CallRecord>>() {
            Some(record) => {
                record.reached(Phase::Waiting);
                Arc::clone(record)
            }
            // A user's layer made a request of its own.
            None => CallRecord::new(Call::of_method(request.method()), &request, self.rules.limits.total),
        };
        Box::pin(self.clone().send(request, record))
    }
}

impl<S> Retry<S>
where
    S: Service<Outgoing, Response = Response<Body>, Error = AttemptError>,
{
    /// Makes the attempts of one call.
    ///
    /// The deadline of the record holds for each step: attempts and bodies end with it, and no pause
    /// reaches beyond it.
    pub(crate) async fn send(
        mut self,
        request: Request<Full<Bytes>>,
        record: Arc<CallRecord>,
    ) -> Result<Response<Body>, Error> {
        let copies = Copies::of(request);
        let call = &record.call;
        let most = (1 + self.rules.members.len().max(2)).min(MOST_ATTEMPTS);
        let mut tried = Vec::new();
        let mut again_here = None;
        let mut waited = Duration::ZERO;
        let mut began = record.started;
        for nth in 0.. {
            if began >= record.deadline {
                return Err(Error::cut_off(&record, ErrorKind::DeadlineExceeded, None));
            }
            let plan = AttemptPlan {
                record: Arc::clone(&record),
                fresh: again_here.is_some(),
                pin: again_here.take().or_else(|| call.pin.clone()),
                tried: tried.clone(),
                began,
                until: self.rules.until(&record, began, tried.len()),
            };
            let result = match self.inner.ready().await {
                Ok(ready) => ready.call(Outgoing::new(plan, copies.request())).await,
                Err(error) => Err(error),
            };
            let (mut attempt, body) = match result {
                Ok(mut response) => match response.extensions_mut().remove::<Refusal>() {
                    None => return Ok(response),
                    Some(Refusal(attempt)) => (attempt, Some(response.into_body())),
                },
                Err(error) => (error.into_attempt(), None),
            };
            attempt.waited = waited;
            tracing::debug!(
                operation = call.name,
                coordinator = attempt.coordinator.as_ref().map(tracing::field::display),
                kind = ?attempt.kind,
                outcome = ?attempt.outcome,
                reused = attempt.reused,
                "an attempt failed"
            );
            let now = Instant::now();
            if attempt.kind == ErrorKind::AttemptTimeout && now >= record.deadline {
                record.fail(attempt);
                return Err(Error::cut_off(&record, ErrorKind::DeadlineExceeded, None));
            }
            let next = self.rules.next(&record, &attempt, &tried, nth, most, now);
            let here = attempt.coordinator.clone();
            record.fail(attempt);
            match next {
                Next::Stop(stopped_by) => {
                    let bytes = match body {
                        Some(mut body) => body.take_whole().unwrap_or_default(),
                        None => Bytes::new(),
                    };
                    return Err(Error::of(&record, record.take_failed(), stopped_by).with_body(bytes));
                }
                Next::Here(pause) => {
                    again_here = here;
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
            began = Instant::now();
        }
        unreachable!("the number of attempts is limited")
    }
}

impl RetryLayer {
    /// Decides what follows `attempt`, the `nth` from zero.
    fn next(
        &self,
        record: &CallRecord,
        attempt: &Attempt,
        tried: &[Coordinator],
        nth: usize,
        most: usize,
        now: Instant,
    ) -> Next {
        let rule = rules::rule(attempt, record.call.class);
        // What one coordinator says that is not HTTP, a second is unlikely to say better; two of them
        // are enough to know.
        let again = match rule.again {
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
        if nth + 1 >= most {
            return Next::Stop(StoppedBy::MaxAttempts);
        }
        let rest = record.deadline.saturating_duration_since(now);
        if pause + LEAST_REST >= rest {
            return Next::Stop(StoppedBy::Deadline);
        }
        match again {
            Again::Same | Again::SameLater => Next::Here(pause),
            _ => Next::Elsewhere(pause),
        }
    }

    /// When the head of the answer must be there. What can be asked of another leaves time for that.
    fn until(&self, record: &CallRecord, now: Instant, tried: usize) -> Instant {
        let rest = record.deadline.saturating_duration_since(now);
        let call = &record.call;
        let limit = match call.patience {
            Some(patience) => self.limits.attempt.max(patience),
            None => self.limits.attempt,
        };
        let shared = call.class == RequestClass::Safe && call.patience.is_none() && call.pin.is_none();
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

/// What a request is made of, to make it once more.
struct Copies {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Full<Bytes>,
    /// What a user's layers put there; seldom anything.
    extensions: Option<Extensions>,
}

impl Copies {
    fn of(request: Request<Full<Bytes>>) -> Self {
        let (parts, body) = request.into_parts();
        let extensions = (!parts.extensions.is_empty()).then_some(parts.extensions);
        Self { method: parts.method, uri: parts.uri, headers: parts.headers, body, extensions }
    }

    fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        if let Some(extensions) = &self.extensions {
            *request.extensions_mut() = extensions.clone();
        }
        request
    }
}
