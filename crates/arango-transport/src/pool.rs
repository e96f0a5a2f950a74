//! The connections to one coordinator.
//!
//! Each request takes one fair permit and holds it to the end of its answer's body, so the number of
//! connections in use never exceeds the cap and those who wait are served in the order they came.
//! The connection used last is taken first: it is the least likely to have been closed at the other
//! end in the meantime. Where none is idle, see [`waiting`] and [`dialing`]; what one that breaks says
//! of the others, see [`suspicion`].

mod alarm;
mod connection;
mod dialing;
mod first_byte;
mod h1;
#[cfg(feature = "http2")]
mod h2;
#[cfg(not(feature = "http2"))]
#[path = "pool/no_h2.rs"]
mod h2;
mod identity;
mod idle;
mod lease;
mod open;
mod place;
mod suspicion;
mod tally;
mod waiting;

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use arango_balance::RandomSource;
use http::HeaderMap;
use tokio::runtime;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tower::Service;

use crate::attempt_error::AttemptError;
use crate::connect::BoxFuture;
use crate::dial::Dialer;
use crate::failed_attempt::Phase;
use crate::outgoing::{AttemptPlan, Incoming};
use crate::{Coordinator, ErrorKind, Outcome, Outgoing, PoolLimits, encoded};
use connection::Connection;
use h2::Streams;
use identity::Identity;
use idle::Idle;
pub(crate) use lease::Lease;
use open::Open;
use place::Place;
use tally::Tally;
use waiting::{Line, Wants};

/// How often a request is handed to another connection because the one before turned out to be
/// closed; more would only mean that the coordinator closes whatever it is given.
const REPLAYS: usize = 2;

/// The connections to one coordinator. Clones are handles on the same pool.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Shared>);

struct Shared {
    dialer: Arc<Dialer>,
    limits: PoolLimits,
    jitter: Arc<dyn RandomSource>,
    permits: Semaphore,
    /// Requests that wait for a permit.
    queued: AtomicUsize,
    state: Mutex<State>,
    /// Connections that exist, idle or in use. Shared with their tasks, which may outlive the pool.
    open: Open,
    /// Heads of answers that have come, over all connections.
    heard: AtomicU64,
    tally: Tally,
    identity: Identity,
}

struct State {
    idle: Idle,
    streams: Streams,
    line: Line,
    /// How long connections may be idle, as the coordinator said last.
    keeps: Duration,
    closed: bool,
}

impl Pool {
    pub(crate) fn new(dialer: Dialer, limits: PoolLimits, jitter: Arc<dyn RandomSource>) -> Self {
        let state = State {
            idle: Idle::new(limits.connections.max(1)),
            streams: Streams::new(),
            line: Line::new(dialer.protocol()),
            keeps: limits.idle,
            closed: false,
        };
        Self(Arc::new(Shared {
            dialer: Arc::new(dialer),
            permits: Semaphore::new(limits.connections.clamp(1, Semaphore::MAX_PERMITS)),
            limits,
            jitter,
            queued: AtomicUsize::new(0),
            state: Mutex::new(state),
            open: Open::default(),
            heard: AtomicU64::new(0),
            tally: Tally::default(),
            identity: Identity::default(),
        }))
    }

    pub(crate) fn coordinator(&self) -> &Coordinator {
        self.0.dialer.coordinator()
    }

    /// Whether TLS with the coordinator is set up wrong, as far as is known.
    pub(crate) fn is_misconfigured(&self) -> bool {
        self.0.dialer.is_misconfigured()
    }

    /// How many connections exist, idle or in use.
    pub(crate) fn open(&self) -> usize {
        self.0.open.count()
    }

    /// How many connections have ever been opened.
    pub(crate) fn opened(&self) -> u64 {
        self.0.open.opened()
    }

    /// The number of the oldest connection that exists, counted in the order in which they were opened.
    pub(crate) fn oldest(&self) -> Option<u64> {
        self.0.open.oldest()
    }

    /// How many connections nobody uses at the moment.
    pub(crate) fn idle(&self) -> usize {
        let (now, state) = (Instant::now(), self.state());
        state.idle.usable(now) + state.streams.idle(now)
    }

    /// How many requests have no connection yet: in the queue, or while one is being opened.
    pub(crate) fn waiting(&self) -> usize {
        self.0.queued.load(Ordering::Relaxed) + self.state().line.len()
    }

    /// How many connections are being opened.
    pub(crate) fn dialing(&self) -> usize {
        self.state().line.dials()
    }

    /// How many heads of answers have come: silence on all connections means more than on one.
    pub(crate) fn heard(&self) -> u64 {
        self.0.heard.load(Ordering::Relaxed)
    }

    /// Keeps no connection any more: what is idle is closed now, what is in use when its answer has been
    /// read. Whoever needs one still gets a new one. Needs no runtime.
    pub(crate) fn retire(&self) {
        let mut state = self.state();
        state.idle.close();
        state.streams.close();
    }

    /// Whether a connection is in use, or waited for.
    pub(crate) fn is_in_use(&self) -> bool {
        self.0.permits.available_permits() < self.0.limits.connections.clamp(1, Semaphore::MAX_PERMITS)
    }

    /// Waits until nothing is in use, bodies that are still being read included. Whoever comes meanwhile
    /// waits behind.
    pub(crate) async fn drained(&self) {
        let mut left = self.0.limits.connections.clamp(1, Semaphore::MAX_PERMITS);
        while left > 0 {
            let part = u32::try_from(left).unwrap_or(u32::MAX);
            // Closed, nobody waits for anything any more.
            let Ok(places) = self.0.permits.acquire_many(part).await else { return };
            places.forget();
            left = left.saturating_sub(usize::try_from(part).unwrap_or(usize::MAX));
        }
    }

    /// Closes the pool for good, and all its connections at once, whatever they are used for.
    pub(crate) fn abort(&self) {
        self.close();
        self.0.open.abort();
    }

    /// Closes the pool for good: what is idle and what is being opened at once, what is in use when its
    /// answer has been read. Whoever waits fails, and whoever comes. Needs no runtime.
    pub(crate) fn close(&self) {
        self.0.permits.close();
        let mut state = self.state();
        state.closed = true;
        state.idle.close();
        state.streams.close();
        let mut line = state.line.end();
        drop(state);
        line.close();
    }

    /// Sends a request on a connection of its own, and again on another if the first turns out to
    /// have been closed before the request was handed to it.
    /// Takes no longer than the attempt may: no layer above needs a timer for it.
    pub(crate) async fn send(self, outgoing: Outgoing) -> Result<Incoming, AttemptError> {
        // The request stays in its box until a connection takes it: it is large, and would be in this future.
        let mut outgoing = outgoing.into_inner();
        let AttemptPlan { ref record, number, fresh, unqueued, began, until, .. } = outgoing.plan;
        let mut wants = if fresh { Wants::New } else { Wants::Any };
        let mut now = began;
        record.reached(Phase::Acquire);
        let place = match Place::free(self) {
            Ok(place) => place,
            Err(pool) if unqueued => Place::extra(pool),
            Err(pool) => {
                let place = Box::pin(Place::in_turn(pool, until)).await?;
                now = Instant::now();
                place
            }
        };
        for replay in 0.. {
            let kept = if wants == Wants::New { None } else { place.take_idle(now, until).await };
            let mut connection = if let Some(connection) = kept {
                connection
            } else {
                record.reached(Phase::Connect);
                // Seldom, and large: not in every request's future.
                Box::pin(place.obtain(wants, until)).await?
            };
            if !record.copies.send(number) {
                return Err(AttemptError::new(ErrorKind::Middleware, Outcome::NotExecuted, Phase::Connect)
                    .because("a layer sends a copy of an attempt that is over"));
            }
            record.connected(connection.via());
            record.reached(Phase::Sent);
            let mut error = match connection.send(outgoing.request, until).await {
                None => {
                    place.unlist(&connection);
                    return Err(connection.silent());
                }
                Some(Ok(mut answer)) => {
                    let before = place.0.heard.fetch_add(1, Ordering::Relaxed);
                    place.0.tally.heard(before, answer.headers());
                    record.hears(answer.status(), answer.headers());
                    if !connection.answered() {
                        place.learn(&mut connection, answer.headers());
                    }
                    answer.body_mut().lend(Lease::new(place, connection));
                    return encoded::undone(answer, record);
                }
                Some(Err(error)) => error,
            };
            if let Some(refused) = connection.refused() {
                // Whatever was written, it has not been read. On another connection it would not be, either.
                record.copies.give_back();
                place.0.dialer.note(&refused);
                return Err(refused);
            }
            let Some(unsent) = error.take_message() else {
                place.suspect(&connection);
                let failed = connection.failed(error.into_error());
                if failed.outcome() == Outcome::NotExecuted {
                    // By the other end's own word it is as if it had not been sent.
                    record.copies.give_back();
                }
                return Err(failed);
            };
            // Handed back: not a byte of it was written, so it may go out on the next connection.
            record.copies.give_back();
            record.reached(Phase::Acquire);
            if replay == REPLAYS {
                let closed = ErrorKind::ConnectionClosedBeforeSend;
                let error = AttemptError::new(closed, Outcome::NotExecuted, Phase::Connect)
                    .because(error.into_error());
                return Err(connection.stamped(error));
            }
            outgoing.request = unsent;
            connection.take_back(&mut outgoing.request);
            if replay > 0 {
                // Where one was dead the others may be; a new one is surer.
                wants = Wants::New;
            }
        }
        unreachable!("the last replay returns")
    }

    /// Takes the connection that was used last and can still be used.
    async fn take_idle(&self, now: Instant, until: Instant) -> Option<Connection> {
        let here = runtime::Handle::current().id();
        loop {
            let mut connection = {
                let mut state = self.state();
                match state.idle.take(here) {
                    Some(connection) => connection,
                    None => return state.streams.claim(here, now).map(Connection::Http2),
                }
            };
            // Its task may not have run since the last answer: then it becomes ready, or it fails.
            if connection.usable(now) && connection.ready(until).await {
                return Some(Connection::Http1(connection));
            }
        }
    }

    /// Takes a connection back after an answer was read to its end.
    fn give_back(&self, connection: Connection) {
        let mut connection = match connection {
            Connection::Http1(connection) => connection,
            // A stream makes room by itself.
            Connection::Http2(_) => return,
        };
        let now = Instant::now();
        connection.rest(now);
        if !connection.usable(now) {
            return;
        }
        let mut state = self.state();
        if state.line.len() == 0 {
            state.idle.put(connection, self);
        } else {
            drop(state);
            self.hand_on(connection);
        }
    }

    /// Takes from the first answer of a connection how long it may be idle, and that the client was accepted.
    #[cold]
    fn learn(&self, connection: &mut Connection, answer: &HeaderMap) {
        self.0.dialer.answered();
        if let Some(keeps) = connection.learn(answer, &self.0.limits) {
            self.state().keeps = keeps;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The failure of whoever comes when the pool is closed.
fn closed() -> AttemptError {
    AttemptError::new(ErrorKind::ClientClosed, Outcome::NotExecuted, Phase::Acquire)
}

impl Drop for Shared {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.idle.stop();
        state.line.close();
    }
}

impl Service<Outgoing> for Pool {
    type Response = Incoming;
    type Error = AttemptError;
    type Future = BoxFuture<'static, Result<Incoming, AttemptError>>;

    // Waiting for a permit is part of the call, where the attempt's limit holds for it.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, outgoing: Outgoing) -> Self::Future {
        Box::pin(self.clone().send(outgoing))
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("coordinator", self.coordinator())
            .field("open", &self.open())
            .field("idle", &self.idle())
            .field("waiting", &self.waiting())
            .field("dialing", &self.dialing())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
