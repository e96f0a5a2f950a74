//! One attempt at one coordinator: its limit, its answer, and what both tell of the coordinator.

use std::future::ready;
use std::sync::Arc;
use std::task::{Context, Poll};

use arango_balance::{Member, Signal};
use arango_protocol::{ErrorNumber, ErrorObject, names_arangodb};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use tokio::time::{Instant, timeout_at};
use tower::util::Either;
use tower::{Layer, Service};

use crate::accepted::Line;
use crate::attempt_error::AttemptError;
use crate::connect::BoxFuture;
use crate::door::Enter;
use crate::failed_attempt::{Attempt, Phase};
use crate::foreign::ForeignAnswer;
use crate::meters::Place;
use crate::origin::Origin;
use crate::outgoing::Incoming;
use crate::pool::Pool;
use crate::queue_time::{self, QUEUE_TIME};
use crate::record::{Answered, CallRecord};
use crate::rules::{self, Author};
use crate::token::Token;
use crate::trace;
use crate::{Body, BoxError, Coordinator, ErrorKind, Outcome, Outgoing, retry_after};

/// Where a coordinator that does not lead says who does.
const LEADER: HeaderName = HeaderName::from_static("x-arango-endpoint");
/// Where a coordinator says that it handed the request on.
const FORWARDED_TO: HeaderName = HeaderName::from_static("x-arango-request-forwarded-to");
/// The largest part of an error answer that is read, in bytes.
const ERROR_BYTES: usize = 64 << 10;

/// What is said of a server that a coordinator cannot pass a request on to.
const UNKNOWN_SERVER: &str =
    "no coordinator or DB-Server has the id that the request names: `health()` lists the ids";

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
    accepted: Arc<Line>,
    place: Place,
}

impl AttemptLayer {
    pub(crate) fn new(member: Member<Coordinator>, pool: Pool, accepted: Arc<Line>) -> Self {
        let place = Place::of(member.key());
        Self(Arc::new(Seat { member, pool, accepted, place }))
    }
}

impl Layer<Below> for AttemptLayer {
    type Service = Attempting;

    fn layer(&self, inner: Below) -> Self::Service {
        Attempting { inner, seat: Arc::clone(&self.0) }
    }
}

/// Limits one attempt, reads its answer, reports to the member's health, and stamps the coordinator
/// on what went wrong.
///
/// It stands above the user's attempt layers, so that one that replaces the error cannot replace
/// who was asked.
#[derive(Debug, Clone)]
pub(crate) struct Attempting {
    inner: Below,
    seat: Arc<Seat>,
}

/// What is below: the user's layers, or the pool itself, whose future needs no box then and no timer.
type Below = Either<Enter, Origin<Pool>>;

impl Service<Outgoing> for Attempting {
    type Response = Incoming;
    type Error = AttemptError;
    // It awaits twice: the head, then the body.
    type Future = BoxFuture<'static, Result<Incoming, AttemptError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        match &mut self.inner {
            Either::Left(layers) => layers.poll_ready(cx),
            Either::Right(pool) => pool.poll_ready(cx),
        }
    }

    fn call(&mut self, mut outgoing: Outgoing) -> Self::Future {
        let token = outgoing.take_token();
        // Where several answer, the connection that is kept leads to the one that was just asked.
        if outgoing.plan().number > 1 && self.seat.member.is_shared() {
            outgoing.on_a_fresh_connection();
        }
        tell_queue_limit(&mut outgoing);
        let plan = outgoing.plan();
        let (record, number) = (Arc::clone(&plan.record), plan.number);
        let (began, until) = (plan.began, plan.until);
        let sent_before = record.begin(self.seat.member.key(), began);
        let span = trace::attempt(&record, self.seat.member.key(), number);
        // What the server may take its time for says nothing of how fast it is.
        let timed = self.seat.member.is_load_measured() && record.call.patience.is_none();
        let timed = timed.then(|| self.seat.member.clone());
        let attempt = Underway { record, number, sent_before, began, token, timed };
        let seat = Arc::clone(&self.seat);
        match &mut self.inner {
            Either::Right(origin) => {
                if let Err(error) = origin.prepare(&mut outgoing) {
                    return Box::pin(seat.run(attempt, || ready(Err(error))));
                }
                let pool = self.seat.pool.clone();
                let run = seat.run(attempt, || pool.send(outgoing));
                if span.is_disabled() { Box::pin(run) } else { Box::pin(trace::attempted(span, run)) }
            }
            Either::Left(layers) => {
                let record = Arc::clone(&attempt.record);
                let answer = span.in_scope(|| layers.call(outgoing));
                let in_time =
                    async move { timeout_at(until, answer).await.unwrap_or_else(|_| Err(too_late(&record))) };
                Box::pin(trace::attempted(span, seat.run(attempt, || in_time)))
            }
        }
    }
}

/// An attempt that is under way; it is over when this is dropped, in whatever way.
struct Underway {
    record: Arc<CallRecord>,
    number: u32,
    sent_before: u32,
    began: Instant,
    /// The token that it wears.
    token: Option<Arc<Token>>,
    /// Who is to be told how long it takes, if anybody is, until it has ended.
    timed: Option<Member<Coordinator>>,
}

impl Underway {
    /// Ends it; tells how many copies were sent.
    fn end(&mut self) -> u32 {
        self.timed = None;
        self.close()
    }

    fn close(&self) -> u32 {
        self.record.copies.end(self.number);
        self.record.copies.sent().saturating_sub(self.sent_before)
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        let copies = self.close();
        if let Some(member) = self.timed.take().filter(|_| copies > 0) {
            member.record_abandoned(self.began);
        }
    }
}

impl Seat {
    /// Hands on for how long requests wait there, if a policy wants to know.
    fn hear_queue_time(&self, headers: &HeaderMap) {
        if self.member.is_load_measured()
            && let Some(time) = queue_time::told(headers)
        {
            self.member.record_queue_time(time);
        }
    }

    /// `send` makes the future rather than being it: that would be moved, and large it is.
    async fn run<F>(
        self: Arc<Self>,
        mut attempt: Underway,
        send: impl FnOnce() -> F,
    ) -> Result<Incoming, AttemptError>
    where
        F: Future<Output = Result<Incoming, AttemptError>>,
    {
        let heard = self.pool.heard();
        let mut result = match send().await {
            Ok(response) => {
                self.hear_queue_time(response.headers());
                self.read(&attempt.record, response).await
            }
            Err(error) => Err(error),
        };
        let copies = attempt.end();
        let record = &*attempt.record;
        self.place.attempted(record, attempt.began, &mut result);
        match result {
            Ok(mut response) => {
                // Most answers carry no extensions at all.
                match response.extensions_mut().get_mut::<Refusal>() {
                    // A layer may answer in the coordinator's place, which says nothing of it.
                    None if copies == 0 => {}
                    None => self.answered(&attempt, &response),
                    Some(Refusal(failed)) => {
                        // A refusal speaks for one copy, if it is that copy's answer at all.
                        let its_own = failed.status.is_some_and(|status| record.heard(status));
                        self.stamp(failed, &attempt, copies > 1 || (copies == 1 && !its_own));
                        // What a layer answers without asking is no sign of who is there.
                        if copies > 0 || failed.kind != ErrorKind::NotArangoDb {
                            self.report(&attempt, rules::verdict(failed));
                        }
                        failed.token.clone_from(&attempt.token);
                    }
                }
                Ok(response)
            }
            Err(mut error) => {
                self.stamp(error.attempt(), &attempt, copies > 0);
                let in_vain = error.kind() == ErrorKind::AttemptTimeout && copies > 0;
                if in_vain && record.call.patience.is_none() {
                    self.member.record_abandoned(attempt.began);
                }
                // Silence counts only if the request was sent and nothing at all was heard: a long
                // query on a coordinator that answers others is no sign of anything.
                let silent = in_vain && self.pool.heard() == heard;
                let verdict = if silent { Signal::Unreachable } else { rules::verdict(error.attempt()) };
                self.report(&attempt, verdict);
                Err(error)
            }
        }
    }

    /// Reads as much of the answer as the call wants.
    async fn read(&self, record: &CallRecord, mut response: Incoming) -> Result<Incoming, AttemptError> {
        let (status, limits) = (response.status(), &record.settings.limits);
        let wanted = status.is_success() || record.call.answers.contains(&status.as_u16());
        if wanted && record.call.streaming {
            let body = std::mem::replace(response.body_mut(), Body::whole(Bytes::new()));
            *response.body_mut() = body.watched(limits.body_idle);
            return Ok(response);
        }
        let limit = if wanted { limits.body_bytes } else { ERROR_BYTES };
        match response.body_mut().make_whole(limit, limits.body_idle, record.deadline).await {
            Ok(()) => {}
            // The status tells what there is to tell; an error that breaks off says no more.
            Err(_) if !wanted => {}
            Err(cut) => {
                // A status of success that something else may have sent proves nothing.
                let is_success =
                    record.answered_by() == Answered::ByArangoDb && cut.kind != ErrorKind::Decode;
                let outcome = if is_success { Outcome::Executed } else { Outcome::Unknown };
                let mut error = AttemptError::new(cut.kind, outcome, Phase::Body);
                error.attempt().status = Some(status);
                return Err(match cut.source {
                    Some(source) => error.because(source),
                    None => error,
                });
            }
        }
        if !wanted {
            let is_head = record.template.method == Method::HEAD;
            let mut failed = refused(status, response.headers(), response.body().bytes(), is_head);
            if record.call.relayed && failed.number == Some(ErrorNumber::CLUSTER_BACKEND_UNAVAILABLE) {
                let cause: BoxError = UNKNOWN_SERVER.into();
                (failed.kind, failed.outcome) = (ErrorKind::UnknownServer, Outcome::NotExecuted);
                failed.source = Some(cause.into());
            }
            response.extensions_mut().insert(Refusal(failed));
        }
        Ok(response)
    }

    /// Reports a success, if ArangoDB wrote it. Where that is not seen, those who read the body will tell.
    fn answered(&self, attempt: &Underway, response: &Incoming) {
        let record = &attempt.record;
        if record.answered_by() == Answered::ByArangoDb {
            self.pool.names_itself();
            if let Some(token) = &attempt.token {
                self.accepted.note(token, attempt.began);
            }
            return self.tell(attempt, Signal::Success);
        }
        if !record.call.is_read {
            return self.tell(attempt, Signal::Success);
        }
        // The shape of an empty body says nothing, and this coordinator is known to name itself.
        let has_body = record.template.method == Method::HEAD || !response.body().bytes().is_empty();
        if !has_body && self.pool.has_named_itself() {
            self.tell(attempt, Signal::Unrecognized);
        }
    }

    /// Reports a failure to the member's health.
    fn report(&self, attempt: &Underway, verdict: Signal) {
        let verdict = match verdict {
            Signal::Unreachable | Signal::GatewayError | Signal::Failure
                if !attempt.record.counts_against(self.member.slot()) =>
            {
                Signal::Neutral
            }
            verdict => verdict,
        };
        self.tell(attempt, verdict);
    }

    fn tell(&self, attempt: &Underway, verdict: Signal) {
        if attempt.record.call.patience.is_none() {
            self.member.record(verdict, attempt.began);
        } else {
            self.member.record_untimed(verdict, attempt.began);
        }
    }

    /// Writes down where the attempt went. `in_doubt` says that a copy was sent of which the failure
    /// itself tells nothing.
    fn stamp(&self, failed: &mut Attempt, attempt: &Underway, in_doubt: bool) {
        failed.coordinator = Some(self.member.key().clone());
        attempt.record.name_connection(failed);
        failed.elapsed = attempt.began.elapsed();
        if in_doubt {
            failed.outcome = failed.outcome.max(Outcome::Unknown);
        }
    }
}

/// Tells the coordinator for how long the request may wait in its queue, if that is limited.
fn tell_queue_limit(outgoing: &mut Outgoing) {
    let plan = outgoing.plan();
    let Some(limit) = plan.record.call.own_queue_limit().or(plan.record.settings.limits.queue) else {
        return;
    };
    let limit = limit.min(plan.until.saturating_duration_since(plan.began));
    let seconds = HeaderValue::try_from(format!("{:.3}", limit.as_secs_f64()));
    let seconds = seconds.expect("a number is a header's value");
    outgoing.request_mut().headers_mut().insert(QUEUE_TIME, seconds);
}

/// What an attempt that ran out of time was waiting for.
fn too_late(record: &CallRecord) -> AttemptError {
    let phase = record.phase();
    let kind = match phase {
        Phase::Acquire => ErrorKind::PoolExhausted,
        Phase::Connect | Phase::Tls => ErrorKind::ConnectTimeout,
        Phase::Waiting | Phase::Sent | Phase::Body => ErrorKind::AttemptTimeout,
    };
    AttemptError::new(kind, Outcome::NotExecuted, phase)
}

/// Reads a refusal: any status that is neither a success nor declared to be an answer. A redirect is one: following it would
/// send the body and the credentials to a host that was not named. `is_head`: the answer has no body by rule.
pub(crate) fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8], is_head: bool) -> Attempt {
    let object = ErrorObject::parse(body);
    let author = match &object {
        Some(object) => Author::ArangoDb(object.number),
        None if names_arangodb(headers) && body.is_empty() => Author::HeadersOfArangoDbAlone,
        None if names_arangodb(headers) => Author::HeadersOfArangoDb,
        None if is_head || status == StatusCode::NOT_MODIFIED => Author::Untold,
        None => Author::Foreign,
    };
    let (kind, outcome) = rules::refusal(status, author);
    let mut attempt = Attempt::failed(kind, outcome, Phase::Body);
    attempt.recognized = author != Author::Foreign;
    if object.is_none() || status.is_redirection() {
        attempt.source = Some(Arc::new(ForeignAnswer::new(status, headers, body)));
    }
    attempt.status = Some(status);
    attempt.retry_after = retry_after::told(headers);
    attempt.leader = text(headers, LEADER).and_then(|leader| leader.parse().ok());
    attempt.forwarded_to = text(headers, FORWARDED_TO).map(str::to_owned);
    if let Some(object) = object {
        attempt.number = Some(object.number);
        attempt.message = Some(object.message);
    }
    attempt
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests;
