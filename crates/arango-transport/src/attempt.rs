//! One attempt at one coordinator: its limit, its answer, and what both tell of the coordinator.

use std::sync::Arc;
use std::task::{Context, Poll};

use arango_balance::{Member, Verdict};
use arango_protocol::ErrorObject;
use bytes::Bytes;
use http::StatusCode;
use tokio::time::{Instant, timeout_at};
use tower::{Layer, Service};

use crate::attempt_error::AttemptError;
use crate::connect::BoxFuture;
use crate::outgoing::{AttemptPlan, Incoming};
use crate::pool::Pool;
use crate::record::{Attempt, CallRecord, Phase};
use crate::rules;
use crate::{Body, Coordinator, ErrorKind, Limits, Outcome, Outgoing};

/// The largest part of an error answer that is read, in bytes.
const ERROR_BYTES: usize = 64 << 10;

/// An answer that is an error, in the extensions of the response.
#[derive(Debug, Clone)]
pub(crate) struct Refusal(pub(crate) Attempt);

/// Makes [`Attempting`] services for one coordinator.
#[derive(Debug, Clone)]
pub(crate) struct AttemptLayer(Arc<Seat>);

/// What all attempts at one coordinator share.
#[derive(Debug)]
struct Seat {
    member: Member<Coordinator>,
    pool: Pool,
    limits: Limits,
}

impl AttemptLayer {
    pub(crate) fn new(member: Member<Coordinator>, pool: Pool, limits: Limits) -> Self {
        Self(Arc::new(Seat { member, pool, limits }))
    }
}

impl<S> Layer<S> for AttemptLayer {
    type Service = Attempting<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Attempting { inner, seat: Arc::clone(&self.0) }
    }
}

/// Limits one attempt, reads its answer, reports to the member's health, and stamps the coordinator
/// on what went wrong.
///
/// It stands above the user's attempt layers, so that one that replaces the error cannot replace
/// who was asked.
#[derive(Debug, Clone)]
pub(crate) struct Attempting<S> {
    inner: S,
    seat: Arc<Seat>,
}

impl<S> Service<Outgoing> for Attempting<S>
where
    S: Service<Outgoing, Response = Incoming, Error = AttemptError>,
    S::Future: Send + 'static,
{
    type Response = Incoming;
    type Error = AttemptError;
    // It awaits twice: the head, then the body.
    type Future = BoxFuture<'static, Result<Incoming, AttemptError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, outgoing: Outgoing) -> Self::Future {
        let &AttemptPlan { ref record, began, until, .. } = outgoing.plan();
        let record = Arc::clone(record);
        record.begin(self.seat.member.key(), began);
        Box::pin(Arc::clone(&self.seat).run(record, began, until, self.inner.call(outgoing)))
    }
}

impl Seat {
    async fn run<F>(
        self: Arc<Self>,
        record: Arc<CallRecord>,
        began: Instant,
        until: Instant,
        inner: F,
    ) -> Result<Incoming, AttemptError>
    where
        F: Future<Output = Result<Incoming, AttemptError>>,
    {
        let heard = self.pool.heard();
        let result = match timeout_at(until, inner).await {
            Ok(Ok(response)) => self.read(&record, response).await,
            Ok(Err(mut error)) => {
                if error.kind() == ErrorKind::Middleware {
                    error.attempt().outcome = record.outcome();
                    error.attempt().phase = record.phase();
                }
                Err(error)
            }
            Err(_) => Err(AttemptError::new(ErrorKind::AttemptTimeout, record.outcome(), record.phase())),
        };

        match result {
            Ok(mut response) => {
                // Most answers carry no extensions at all.
                match response.extensions_mut().get_mut::<Refusal>() {
                    None => self.member.report(Verdict::Good),
                    Some(Refusal(attempt)) => {
                        self.stamp(attempt, &record, began);
                        self.member.report(rules::verdict(attempt));
                    }
                }
                Ok(response)
            }
            Err(mut error) => {
                self.stamp(error.attempt(), &record, began);
                // Silence counts only if nothing at all was heard: a long query on a coordinator
                // that answers others is no sign of anything.
                let silent = error.kind() == ErrorKind::AttemptTimeout && self.pool.heard() == heard;
                let verdict = if silent { Verdict::Unreachable } else { rules::verdict(error.attempt()) };
                self.member.report(verdict);
                Err(error)
            }
        }
    }

    /// Reads as much of the answer as the call wants.
    async fn read(&self, record: &CallRecord, mut response: Incoming) -> Result<Incoming, AttemptError> {
        let status = response.status();
        let wanted = !is_refusal(status) || record.call.answers.contains(&status.as_u16());
        if wanted && record.call.streaming {
            let body = std::mem::replace(response.body_mut(), Body::whole(Bytes::new()));
            *response.body_mut() = body.watched(self.limits.body_idle);
            return Ok(response);
        }
        let limit = if wanted { self.limits.body_bytes } else { ERROR_BYTES };
        let body = std::mem::replace(response.body_mut(), Body::whole(Bytes::new()));
        let bytes = match body.read_whole(limit, self.limits.body_idle, record.deadline).await {
            Ok(bytes) => bytes,
            // The status tells enough; the rest of so long an error does not matter.
            Err(cut) if !wanted && cut.kind == ErrorKind::BodyTooLarge => Bytes::new(),
            Err(cut) => {
                let mut error = AttemptError::new(cut.kind, Outcome::Executed, Phase::Body);
                error.attempt().status = Some(status);
                return Err(match cut.source {
                    Some(source) => error.because(source),
                    None => error,
                });
            }
        };
        if !wanted {
            response.extensions_mut().insert(Refusal(refused(status, &bytes)));
        }
        *response.body_mut() = Body::whole(bytes);
        Ok(response)
    }

    fn stamp(&self, attempt: &mut Attempt, record: &CallRecord, began: Instant) {
        attempt.coordinator = Some(self.member.key().clone());
        attempt.elapsed = began.elapsed();
        if record.has_copies() {
            attempt.outcome = attempt.outcome.max(Outcome::Unknown);
        }
    }
}

/// Whether an answer of this status is an error unless the operation says otherwise. A redirect is:
/// following it would send the body and the credentials to a host that nobody named.
fn is_refusal(status: StatusCode) -> bool {
    status.is_client_error()
        || status.is_server_error()
        || matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn refused(status: StatusCode, body: &[u8]) -> Attempt {
    let object = ErrorObject::parse(body);
    let (kind, outcome) = rules::refusal(status, object.as_ref().map(|object| object.number));
    let mut attempt = Attempt::failed(kind, outcome, Phase::Body);
    attempt.status = Some(status);
    if let Some(object) = object {
        attempt.number = Some(object.number);
        attempt.message = Some(object.message);
    }
    attempt
}
