//! The wait queue of requests for a connection, in the order of their arrival.
//!
//! A request that finds no idle connection joins the queue. It takes the first connection that becomes
//! available: a new one, or one that another request returns. One connect runs per waiter. A new waiter
//! reuses a pending connect whose waiter has been served or has gone.
//!
//! Over HTTP/2 one connect is enough for as many waiters as the connection will have streams. While the
//! protocol is unknown, one connect serves all waiters, because it determines the protocol.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use arango_protocol::{ErrorKind, Outcome};
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::RecvError;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

use super::connection::Connection;
use super::h1::Http1;
use super::h2::MAX_STREAMS;
use super::{Pool, closed};
use crate::error::attempt::Phase;
use crate::error::attempt_error::AttemptError;
use crate::types::http_protocol::HttpProtocol;

/// Which connections a request accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accepts {
    /// Any connection.
    Any,
    /// Only a connection that has carried no request.
    Unused,
}

/// The wait queue, and the pending connects for its waiters.
///
/// Each runtime has enough pending connects for its waiters, because a connection is usable only on the
/// runtime that opened it.
pub(super) struct Waiters {
    waiting: VecDeque<WaitingRequest>,
    connects: Vec<PendingConnect>,
    last: u64,
    /// How many concurrent requests a new connection is expected to carry.
    requests_per_connection: usize,
}

struct WaitingRequest {
    number: u64,
    runtime: runtime::Id,
    accepts: Accepts,
    sender: Sender,
}

/// Delivers a connection or an error. Dropping it means that no connect is running any more.
pub(super) type Sender = oneshot::Sender<Result<Connection, AttemptError>>;

struct PendingConnect {
    number: u64,
    runtime: runtime::Id,
    /// `None` until the task has been spawned.
    task: Option<AbortHandle>,
}

impl Waiters {
    /// Creates an empty queue. The protocol of new connections may still be unknown.
    pub(super) fn new(protocol: Option<HttpProtocol>) -> Self {
        let requests_per_connection = match protocol {
            Some(HttpProtocol::Http1) => 1,
            Some(HttpProtocol::Http2) => MAX_STREAMS,
            None => usize::MAX,
        };
        Self { waiting: VecDeque::new(), connects: Vec::new(), last: 0, requests_per_connection }
    }

    /// Sets the expected number of concurrent requests per new connection.
    ///
    /// It is that of the last connection opened.
    pub(super) fn set_streams_per_connection(&mut self, streams: usize) {
        self.requests_per_connection = streams.max(1);
    }

    /// Returns the number of waiters.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Returns the number of pending connects.
    pub(super) fn connects(&self) -> usize {
        self.connects.len()
    }

    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Returns whether this runtime has more waiters than its pending connects will serve.
    fn needs_connect(&self, here: runtime::Id) -> bool {
        let waiting = self.waiting.iter().filter(|waiting| waiting.runtime == here).count();
        let connects = self.connects.iter().filter(|connect| connect.runtime == here).count();
        waiting > connects.saturating_mul(self.requests_per_connection)
    }

    /// Registers a connect on this runtime if another one is needed, and returns its number.
    pub(super) fn start_connect(&mut self, here: runtime::Id) -> Option<u64> {
        if !self.needs_connect(here) {
            return None;
        }
        let number = self.number();
        self.connects.push(PendingConnect { number, runtime: here, task: None });
        Some(number)
    }

    /// Sets the task of a connect. Returns `false` if the connect is no longer wanted.
    pub(super) fn set_task(&mut self, number: u64, task: &AbortHandle) -> bool {
        let connect = self.connects.iter_mut().find(|connect| connect.number == number);
        connect.map(|connect| connect.task = Some(task.clone())).is_some()
    }

    /// Removes a connect that has ended.
    pub(super) fn end_connect(&mut self, number: u64) {
        self.connects.retain(|connect| connect.number != number);
    }

    /// Removes the waiters that no pending connect will serve.
    ///
    /// All of them, or only those that were waiting before the connect with this number began.
    pub(super) fn take_unserved(&mut self, here: runtime::Id, connect: Option<u64>) -> Vec<Sender> {
        let mut unserved = Vec::new();
        while self.needs_connect(here) {
            let waited = |waiting: &WaitingRequest| connect.is_none_or(|connect| waiting.number < connect);
            let Some(next) = self.next(|waiting| waiting.runtime == here && waited(waiting)) else { break };
            unserved.push(next.sender);
        }
        unserved
    }

    /// Removes the first waiter that accepts this connection.
    pub(super) fn next_for(&mut self, here: runtime::Id, reused: bool) -> Option<Sender> {
        self.next(|waiting| waiting.runtime == here && (waiting.accepts == Accepts::Any || !reused))
            .map(|waiting| waiting.sender)
    }

    fn next(&mut self, accepts: impl FnMut(&WaitingRequest) -> bool) -> Option<WaitingRequest> {
        let index = self.waiting.iter().position(accepts)?;
        self.waiting.remove(index)
    }

    /// Takes the queue and leaves an empty one.
    pub(super) fn replace(&mut self) -> Self {
        let requests_per_connection = self.requests_per_connection;
        std::mem::replace(
            self,
            Self { waiting: VecDeque::new(), connects: Vec::new(), last: self.last, requests_per_connection },
        )
    }

    /// Cancels all connects and fails all waiters.
    pub(super) fn close(&mut self) {
        for task in self.connects.drain(..).filter_map(|connect| connect.task) {
            task.abort();
        }
        for waiting in self.waiting.drain(..) {
            // The waiter may have gone.
            drop(waiting.sender.send(Err(closed())));
        }
    }
}

impl Pool {
    /// Waits for a new or returned connection, whichever is available first.
    pub(super) async fn acquire_connection(
        &self,
        accepts: Accepts,
        until: Instant,
    ) -> Result<Connection, AttemptError> {
        let mut is_retried = false;
        let began = Instant::now();
        loop {
            let connection = match self.enqueue(accepts)? {
                Acquired::Idle(connection) => Ok(connection),
                // A new timer each time: the runtime of the previous one may have shut down.
                Acquired::Waiter(waiter) => match timeout_at(until, waiter).await {
                    Ok(delivered) => delivered,
                    Err(_) => return Err(self.unfinished_connect(began.elapsed())),
                },
            };
            match connection {
                // A new connection accepts its first request at any time.
                Ok(mut connection) => {
                    if !connection.reused() || connection.ready(until).await {
                        return Ok(connection);
                    }
                }
                // The runtime of the connect has shut down. The current one may be another.
                Err(None) if !is_retried => is_retried = true,
                Err(None) => {
                    let failed = unopened(ErrorKind::NoRuntime);
                    return Err(failed.with_source("the runtime is shutting down"));
                }
                Err(Some(error)) => return Err(error),
            }
        }
    }

    /// Returns the error of a request that has waited for so long, while the connect goes on.
    #[cold]
    fn unfinished_connect(&self, waited: Duration) -> AttemptError {
        let mut error = unopened(ErrorKind::ConnectTimeout);
        // That an earlier connect has failed was not reported to any request.
        let has_failed = std::mem::take(&mut self.state().connect_failed);
        error.attempt_mut().is_cut_short = !has_failed && !self.0.connector.is_overdue(waited);
        error
    }

    /// Takes an idle connection that has become available, or joins the wait queue.
    fn enqueue(&self, accepts: Accepts) -> Result<Acquired<'_>, AttemptError> {
        let runtime = runtime::Handle::current();
        let here = runtime.id();
        let now = Instant::now();
        let (waiter, connect) = {
            let mut state = self.state();
            if state.closed {
                return Err(closed());
            }
            while accepts == Accepts::Any
                && let Some(connection) = state.idle.take(here)
            {
                if connection.usable(now) {
                    return Ok(Acquired::Idle(Connection::Http1(connection)));
                }
            }
            if accepts == Accepts::Any
                && let Some(stream) = state.streams.claim(here, now)
            {
                return Ok(Acquired::Idle(Connection::Http2(stream)));
            }
            let (sender, receiver) = oneshot::channel();
            let number = state.waiters.number();
            state.waiters.waiting.push_back(WaitingRequest { number, runtime: here, accepts, sender });
            let connect = state.waiters.start_connect(here);
            if connect.is_some() {
                // Closes idle connections that this request cannot use, so that the limit is never exceeded.
                let room = self.0.permits.available_permits();
                state.idle.shrink(room);
                state.streams.shrink(room);
            }
            (Waiter { pool: self, number, receiver }, connect)
        };
        if let Some(number) = connect {
            self.connect(number, &runtime);
        }
        Ok(Acquired::Waiter(waiter))
    }

    /// Delivers a connection to the next waiter, or keeps it idle if there is none.
    #[cold]
    pub(super) fn deliver(&self, mut connection: Http1) {
        loop {
            let mut state = self.state();
            let Some(next) = state.waiters.next_for(connection.runtime(), connection.reused()) else {
                connection.become_idle(Instant::now());
                return state.idle.put(connection, self);
            };
            drop(state);
            // Not under the lock: it wakes the waiter. A waiter that has gone returns the connection.
            match next.send(Ok(Connection::Http1(connection))) {
                Err(Ok(Connection::Http1(returned))) => connection = returned,
                _ => return,
            }
        }
    }
}

fn unopened(kind: ErrorKind) -> AttemptError {
    AttemptError::new(kind, Outcome::NotExecuted, Phase::Connect)
}

enum Acquired<'a> {
    Idle(Connection),
    Waiter(Waiter<'a>),
}

/// A waiter. Dropping it leaves the queue and passes a delivered connection to the next waiter.
struct Waiter<'a> {
    pool: &'a Pool,
    number: u64,
    receiver: oneshot::Receiver<Result<Connection, AttemptError>>,
}

impl Future for Waiter<'_> {
    /// `Err(None)`: no connect is running any more.
    type Output = Result<Connection, Option<AttemptError>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.receiver).poll(cx).map(|delivered| match delivered {
            Ok(result) => result.map_err(Some),
            Err(RecvError { .. }) => Err(None),
        })
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.pool.state().waiters.waiting.retain(|waiting| waiting.number != self.number);
        // Nothing can be delivered after this, and an earlier delivery is found below.
        self.receiver.close();
        // Dropping a stream makes room for the next request.
        if let Ok(Ok(Connection::Http1(connection))) = self.receiver.try_recv() {
            self.pool.deliver(connection);
        }
    }
}
