//! The connections to one coordinator.
//!
//! Each request takes one fair permit and holds it to the end of its answer's body, so the number of
//! connections in use never exceeds the cap and those who wait are served in the order they came.
//! The connection used last is taken first: it is the least likely to have been closed at the other
//! end in the meantime.

mod connection;
mod lease;

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};

use arango_balance::Jitter;
use tokio::runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tower::Service;

use crate::attempt_error::AttemptError;
use crate::connect::BoxFuture;
use crate::dial::Dialer;
use crate::failed_attempt::Phase;
use crate::outgoing::{AttemptPlan, Incoming};
use crate::{Body, Coordinator, ErrorKind, Outcome, Outgoing, PoolLimits};
use connection::Connection;
pub(crate) use lease::Lease;

/// How often a request is handed to another connection because the one before turned out to be
/// closed; more would only mean that the coordinator closes whatever it is given.
const REPLAYS: usize = 2;

/// The connections to one coordinator. Clones are handles on the same pool.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Shared>);

struct Shared {
    dialer: Dialer,
    limits: PoolLimits,
    jitter: Arc<dyn Jitter>,
    permits: Arc<Semaphore>,
    idle: Mutex<Idle>,
    /// Connections that exist, idle or in use. Shared with their tasks, which may outlive the pool.
    open: Arc<AtomicUsize>,
    /// Heads of answers that have come, over all connections.
    heard: AtomicU64,
}

#[derive(Default)]
struct Idle {
    /// The last one was used last.
    connections: Vec<Connection>,
    /// Closes those that nobody has used for too long.
    reaper: Option<AbortHandle>,
}

impl Pool {
    pub(crate) fn new(dialer: Dialer, limits: PoolLimits, jitter: Arc<dyn Jitter>) -> Self {
        let permits = Arc::new(Semaphore::new(limits.connections.clamp(1, Semaphore::MAX_PERMITS)));
        Self(Arc::new(Shared {
            dialer,
            limits,
            jitter,
            permits,
            idle: Mutex::default(),
            open: Arc::default(),
            heard: AtomicU64::new(0),
        }))
    }

    pub(crate) fn coordinator(&self) -> &Coordinator {
        self.0.dialer.coordinator()
    }

    /// How many connections exist, idle or in use.
    pub(crate) fn open(&self) -> usize {
        self.0.open.load(Ordering::Relaxed)
    }

    /// How many heads of answers have come: silence on all connections means more than on one.
    pub(crate) fn heard(&self) -> u64 {
        self.0.heard.load(Ordering::Relaxed)
    }

    /// Sends a request on a connection of its own, and again on another if the first turns out to
    /// have been closed before the request was handed to it.
    async fn send(self, outgoing: Outgoing) -> Result<Incoming, AttemptError> {
        let (AttemptPlan { record, number, mut fresh, unqueued, began, .. }, mut request) =
            outgoing.into_parts();
        let mut now = began;
        record.reached(Phase::Acquire);
        let permit = match Arc::clone(&self.0.permits).try_acquire_owned() {
            Ok(permit) => Some(permit),
            Err(_) if unqueued => None,
            Err(_) => {
                let permit = Box::pin(self.queue()).await?;
                now = Instant::now();
                Some(permit)
            }
        };
        for replay in 0.. {
            let kept = if fresh { None } else { self.take_idle(now).await };
            let mut connection = if let Some(connection) = kept {
                connection
            } else {
                record.reached(Phase::Connect);
                // Seldom, and large: not in every request's future.
                Box::pin(self.connect()).await?
            };
            if !record.copies.send(number) {
                return Err(AttemptError::new(ErrorKind::Middleware, Outcome::NotExecuted, Phase::Connect)
                    .because("a layer sends a copy of an attempt that is over"));
            }
            record.reached(Phase::Sent);
            let mut error = match connection.send(request).await {
                Ok(response) => {
                    self.0.heard.fetch_add(1, Ordering::Relaxed);
                    record.hears(response.status());
                    let lease = Lease::new(self, connection, permit);
                    return Ok(Box::new(response.map(|body| Body::leased(body, lease))));
                }
                Err(error) => error,
            };
            let Some(unsent) = error.take_message() else {
                return Err(connection.failed(error.into_error()));
            };
            // Handed back: not a byte of it was written, so it may go out on the next connection.
            record.copies.give_back();
            record.reached(Phase::Acquire);
            if replay == REPLAYS {
                let closed = ErrorKind::ConnectionClosedBeforeSend;
                return Err(AttemptError::new(closed, Outcome::NotExecuted, Phase::Connect)
                    .because(error.into_error()));
            }
            request = unsent;
            // Where one was dead the others may be; a new one is surer.
            fresh = replay > 0;
        }
        unreachable!("the last replay returns")
    }

    /// Waits for a permit, behind all who came before.
    async fn queue(&self) -> Result<OwnedSemaphorePermit, AttemptError> {
        match timeout(self.0.limits.acquire, Arc::clone(&self.0.permits).acquire_owned()).await {
            Ok(permit) => Ok(permit.expect("a pool's semaphore is never closed")),
            Err(_) => Err(AttemptError::new(ErrorKind::PoolExhausted, Outcome::NotExecuted, Phase::Acquire)),
        }
    }

    /// Takes the connection that was used last and can still be used.
    async fn take_idle(&self, now: Instant) -> Option<Connection> {
        let here = runtime::Handle::current().id();
        loop {
            let mut connection = self.idle().take(here)?;
            // Its task may not have run since the last answer: then it becomes ready, or it fails.
            if connection.usable(now, &self.0.limits) && connection.ready().await {
                return Some(connection);
            }
        }
    }

    async fn connect(&self) -> Result<Connection, AttemptError> {
        let age = self.0.limits.age.mul_f64(0.8 + 0.4 * self.0.jitter.unit());
        let (io, address) = self.0.dialer.open().await?;
        Connection::open(io, address, age, &self.0.open).await
    }

    /// Takes a connection back after an answer was read to its end.
    fn give_back(&self, mut connection: Connection) {
        let now = Instant::now();
        connection.rest(now);
        if !connection.usable(now, &self.0.limits) {
            return;
        }
        let mut idle = self.idle();
        if idle.connections.len() >= self.0.limits.connections {
            // Connections of other runtimes fill the list; the oldest is the least useful.
            idle.connections.remove(0);
        }
        idle.connections.push(connection);
        let watched = idle.reaper.as_ref().is_some_and(|reaper| !reaper.is_finished());
        if !watched && let Ok(runtime) = runtime::Handle::try_current() {
            idle.reaper = Some(runtime.spawn(reap(Arc::downgrade(&self.0))).abort_handle());
        }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Idle {
    /// Takes the connection of this runtime that was used last.
    ///
    /// A connection lives on the runtime that opened it: on another it would wait for a task that
    /// may never be run again.
    fn take(&mut self, here: runtime::Id) -> Option<Connection> {
        match self.connections.last() {
            Some(last) if last.runtime() == here => self.connections.pop(),
            _ => {
                let index = self.connections.iter().rposition(|connection| connection.runtime() == here)?;
                Some(self.connections.remove(index))
            }
        }
    }
}

/// Closes connections that were idle for too long, until nothing was idle for that long.
///
/// It does not end as soon as nothing is idle: under load a connection is idle for a moment only, and
/// each call would start a task of its own.
async fn reap(pool: Weak<Shared>) {
    let mut quiet = false;
    loop {
        let next = {
            let Some(pool) = pool.upgrade() else { return };
            let now = Instant::now();
            let mut idle = pool.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.connections.retain(|connection| connection.usable(now, &pool.limits));
            let expiries = idle.connections.iter().map(|connection| connection.expiry(&pool.limits));
            match expiries.min() {
                Some(next) => {
                    quiet = false;
                    next
                }
                None if quiet => {
                    idle.reaper = None;
                    return;
                }
                None => {
                    quiet = true;
                    now + pool.limits.idle
                }
            }
        };
        sleep_until(next).await;
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(reaper) = self.idle.get_mut().unwrap_or_else(PoisonError::into_inner).reaper.take() {
            reaper.abort();
        }
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
            .field("idle", &self.idle().connections.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
