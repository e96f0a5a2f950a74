//! The connection pool of one coordinator.
//!
//! Each request takes one fair permit and holds it until the body of its response has been read. Therefore
//! the number of connections in use never exceeds the limit, and waiting requests are served in order. The
//! connection that was used last is taken first, because it is the least likely to have been closed by the
//! server. If none is idle, see [`waiters`] and [`connecting`]. For the effect of a broken connection on
//! others, see [`invalidate`].

pub(crate) mod body;
pub(crate) mod body_end;
mod body_wake_up;
mod client_name;
mod closed_meanwhile;
mod connecting;
mod connection;
mod connection_io;
mod diagnosis;
mod drained;
mod first_bytes;
mod h1;
#[cfg(feature = "http2")]
mod h2;
#[cfg(not(feature = "http2"))]
#[path = "h2_disabled.rs"]
mod h2;
mod identity;
mod idle;
mod idle_timeout;
mod invalidate;
mod lazy_timer;
mod permit;
mod pooled;
pub(crate) mod pools;
mod registry;
mod stats;
mod sub_waker;
mod waiters;

use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use arango_balance::RandomSource;
use arango_protocol::{ErrorKind, Outcome};
use http::HeaderMap;
use tokio::runtime;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tower::Service;

use crate::call::attempt_request::{AttemptPlan, AttemptRequest, UnsentRequest};
use crate::call::context::CallContext;
use crate::config::limits::PoolLimits;
use crate::connect::connector::Connector;
use crate::error::attempt::Phase;
use crate::error::attempt_error::AttemptError;
use crate::pool::body::AttemptResponse;
use crate::types::boxed::BoxFuture;
use crate::types::coordinator::Coordinator;
use connection::Connection;
use h2::Streams;
use identity::ServiceIdentity;
use idle::Idle;
pub(crate) use lazy_timer::LazyTimer;
use permit::Permit;
pub(crate) use pooled::PooledConnection;
use registry::Registry;
use stats::PoolStats;
use waiters::{Accepts, Waiters};

/// How often a request is replayed on another connection.
///
/// It is replayed when a connection turned out to be closed. More
/// replays would not help: the coordinator then closes every connection.
const REPLAYS: usize = 2;

/// The connection pool of one coordinator. Clones share it.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Shared>);

struct Shared {
    connector: Arc<Connector>,
    limits: PoolLimits,
    random: Arc<dyn RandomSource>,
    permits: Semaphore,
    /// The number of requests that wait for a permit.
    queued: AtomicUsize,
    state: Mutex<State>,
    /// Open connections, idle or in use. Shared with their tasks, which may outlive the pool.
    registry: Registry,
    /// The number of response heads received, over all connections.
    responses: AtomicU64,
    stats: PoolStats,
    identity: ServiceIdentity,
}

struct State {
    idle: Idle,
    streams: Streams,
    waiters: Waiters,
    /// How long connections may be idle, as the coordinator reported last.
    keep_alive: Duration,
    /// Whether the last connect failed, and no request was waiting for it.
    connect_failed: bool,
    closed: bool,
}

impl Pool {
    pub(crate) fn new(connector: Connector, limits: PoolLimits, random: Arc<dyn RandomSource>) -> Self {
        let state = State {
            idle: Idle::new(limits.connections.max(1)),
            streams: Streams::new(),
            waiters: Waiters::new(connector.protocol()),
            keep_alive: limits.idle,
            connect_failed: false,
            closed: false,
        };
        Self(Arc::new(Shared {
            connector: Arc::new(connector),
            permits: Semaphore::new(limits.connections.clamp(1, Semaphore::MAX_PERMITS)),
            limits,
            random,
            queued: AtomicUsize::new(0),
            state: Mutex::new(state),
            registry: Registry::default(),
            responses: AtomicU64::new(0),
            stats: PoolStats::default(),
            identity: ServiceIdentity::default(),
        }))
    }

    pub(crate) fn coordinator(&self) -> &Coordinator {
        self.0.connector.coordinator()
    }

    /// Returns whether the last TLS handshake shows a misconfiguration.
    pub(crate) fn is_misconfigured(&self) -> bool {
        self.0.connector.is_misconfigured()
    }

    /// Returns the number of open connections, idle or in use.
    pub(crate) fn open(&self) -> usize {
        self.0.registry.count()
    }

    /// Returns the number of connections ever opened.
    pub(crate) fn opened(&self) -> u64 {
        self.0.registry.opened()
    }

    /// Returns the number of the oldest open connection, counted in the order of opening.
    pub(crate) fn oldest(&self) -> Option<u64> {
        self.0.registry.oldest()
    }

    /// Returns the number of idle connections.
    pub(crate) fn idle(&self) -> usize {
        let (now, state) = (Instant::now(), self.state());
        state.idle.usable(now) + state.streams.idle(now)
    }

    /// Returns the number of requests that wait for a permit or a connection.
    pub(crate) fn waiting(&self) -> usize {
        self.0.queued.load(Ordering::Relaxed) + self.state().waiters.len()
    }

    /// Returns the number of connections that are being opened.
    pub(crate) fn connecting(&self) -> usize {
        self.state().waiters.connects()
    }

    /// Returns the number of response heads received. No response on any connection is stronger evidence than
    /// on one.
    pub(crate) fn responses(&self) -> u64 {
        self.0.responses.load(Ordering::Relaxed)
    }

    /// Stops reusing connections. Requires no runtime.
    ///
    /// Idle connections are closed now, and connections in use when their response has been read. New
    /// requests still get a new connection.
    pub(crate) fn retire(&self) {
        let mut state = self.state();
        state.idle.close();
        state.streams.close();
    }

    /// Returns whether a permit is taken.
    pub(crate) fn is_in_use(&self) -> bool {
        self.0.permits.available_permits() < self.0.limits.connections.clamp(1, Semaphore::MAX_PERMITS)
    }

    /// Closes the pool and all its connections immediately, including those in use.
    #[inline]
    pub(crate) fn abort(&self) {
        self.close();
        self.0.registry.abort();
    }

    /// Closes the pool permanently. Requires no runtime.
    ///
    /// Idle connections and pending connects are closed now, and connections in use when their response has
    /// been read. Waiting and new requests fail.
    pub(crate) fn close(&self) {
        self.0.permits.close();
        let mut state = self.state();
        state.closed = true;
        state.idle.close();
        state.streams.close();
        let mut waiters = state.waiters.replace();
        drop(state);
        waiters.close();
    }

    /// Sends a request on a connection of the pool.
    ///
    /// If the connection turns out to have been closed before it accepted the request, the request is sent on
    /// another one. The future ends at the deadline of the attempt, so no other layer needs a timer for it. `context`
    /// is that of the plan.
    pub(crate) async fn send(
        self,
        outgoing: AttemptRequest,
        context: &CallContext,
    ) -> Result<AttemptResponse, AttemptError> {
        let outgoing = outgoing.into_inner();
        let AttemptPlan { number, new_connection, bypass_limit, started, deadline, .. } = outgoing.plan;
        // The request stays boxed until a connection takes it, which keeps this future small.
        let mut unsent = UnsentRequest::Planned(outgoing);
        let mut accepts = if new_connection { Accepts::Unused } else { Accepts::Any };
        let mut now = started;
        context.progress.set_phase(Phase::Acquire);
        let permit = match Permit::try_acquire(self) {
            Ok(permit) => permit,
            Err(pool) if bypass_limit => Permit::unlimited(pool),
            Err(pool) => {
                let permit = Box::pin(Permit::acquire(pool, deadline)).await?;
                now = Instant::now();
                permit
            }
        };
        for replay in 0.. {
            let idle = if accepts == Accepts::Unused { None } else { permit.take_idle(now, deadline).await };
            let mut connection = if let Some(connection) = idle {
                connection
            } else {
                context.progress.set_phase(Phase::Connect);
                // Rare and large, so it is boxed and not part of every request's future.
                Box::pin(permit.acquire_connection(accepts, deadline)).await?
            };
            if !context.progress.sends.send(number) {
                return Err(AttemptError::new(ErrorKind::Middleware, Outcome::NotExecuted, Phase::Connect)
                    .with_source("middleware sent a request of an attempt that has ended"));
            }
            connection.complete(unsent.request_mut(), permit.coordinator());
            context.attempts.record_connection(connection.info());
            context.progress.set_phase(Phase::Sent);
            // Pinned here, because awaiting a future by value moves it once more.
            let sent = pin!(connection.send(unsent.into_request(), deadline)).await;
            let mut error = match sent {
                None => {
                    permit.remove(&connection);
                    return Err(connection.timed_out());
                }
                Some(Ok(mut response)) => {
                    let before = permit.0.responses.fetch_add(1, Ordering::Relaxed);
                    permit.0.stats.record_response(before, response.headers());
                    context.progress.record_response_head(response.status(), response.headers());
                    if !connection.has_responded() {
                        permit.record_first_response(&mut connection, response.headers());
                    }
                    response.body_mut().with_connection(PooledConnection::new(permit, connection));
                    return Ok(response);
                }
                Some(Err(error)) => error,
            };
            if let Some(rejected) = connection.rejection() {
                // The server rejected the client and read nothing. Another connection would be rejected too.
                context.progress.sends.unsend();
                permit.0.connector.record_failure(&rejected);
                return Err(rejected);
            }
            let Some(returned) = error.take_message() else {
                permit.invalidate(&connection);
                let failed = connection.failed(error.into_error());
                if failed.outcome() == Outcome::NotExecuted {
                    // The server reported that it did not process the request.
                    context.progress.sends.unsend();
                }
                return Err(failed);
            };
            // hyper returned the request: nothing was written, so it may be sent on another connection.
            context.progress.sends.unsend();
            context.progress.set_phase(Phase::Acquire);
            if replay == REPLAYS {
                let closed = ErrorKind::ConnectionClosedBeforeSend;
                let closed = AttemptError::new(closed, Outcome::NotExecuted, Phase::Connect);
                let closed = match connection.failure() {
                    Some(failure) => closed.with_shared_source(failure),
                    None => closed.with_source(error.into_error()),
                };
                return Err(connection.with_connection_info(closed));
            }
            unsent = UnsentRequest::Returned(Box::new(returned));
            connection.restore_request(unsent.request_mut());
            if replay > 0 {
                // After two closed connections, other idle ones are probably closed too.
                accepts = Accepts::Unused;
            }
        }
        unreachable!("the last replay returns")
    }

    /// Takes the most recently used connection that is still usable.
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
            // Its task may not have run since the last response. Then it becomes ready, or it fails.
            if connection.usable(now) && (connection.is_ready() || connection.ready(until).await) {
                return Some(Connection::Http1(connection));
            }
        }
    }

    /// Returns a connection to the pool after its response has been read.
    fn give_back(&self, connection: Connection) {
        let mut connection = match connection {
            Connection::Http1(connection) => connection,
            // Dropping the stream makes room.
            Connection::Http2(_) => return,
        };
        let now = Instant::now();
        connection.become_idle(now);
        if !connection.usable(now) {
            return;
        }
        let mut state = self.state();
        if state.waiters.len() == 0 {
            state.idle.put(connection, self);
        } else {
            drop(state);
            self.deliver(connection);
        }
    }

    /// Records the keep-alive time in a connection's first response, and that the server accepted the client.
    #[cold]
    fn record_first_response(&self, connection: &mut Connection, headers: &HeaderMap) {
        self.0.connector.record_accepted();
        if let Some(keep_alive) = connection.record_first_response(headers, &self.0.limits) {
            self.state().keep_alive = keep_alive;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the error of requests to a closed pool.
fn closed() -> AttemptError {
    AttemptError::new(ErrorKind::ClientClosed, Outcome::NotExecuted, Phase::Acquire)
}

impl Drop for Shared {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.idle.stop();
        state.waiters.close();
    }
}

impl Service<AttemptRequest> for Pool {
    type Response = AttemptResponse;
    type Error = AttemptError;
    type Future = BoxFuture<'static, Result<AttemptResponse, AttemptError>>;

    // Waiting for a permit is part of the call, so the attempt's limit covers it.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), AttemptError>> {
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn call(&mut self, outgoing: AttemptRequest) -> Self::Future {
        let (pool, context) = (self.clone(), Arc::clone(&outgoing.plan().context));
        Box::pin(async move { pool.send(outgoing, &context).await })
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("coordinator", self.coordinator())
            .field("open", &self.open())
            .field("idle", &self.idle())
            .field("waiting", &self.waiting())
            .field("connecting", &self.connecting())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
