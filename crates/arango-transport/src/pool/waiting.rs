//! Those who wait for a connection, in the order in which they came.
//!
//! A request that finds no idle connection stands in line and takes the first that comes, be it one
//! that was opened or one that another request gave back. For each in line a connection is being
//! opened, and none for nobody: whoever comes while one is left over from a request that has been
//! served, or is gone, opens none.
//!
//! Over HTTP/2 one is enough for as many as it will have streams. And as long as nobody knows which HTTP
//! is going to be spoken, one is opened for all, to find out.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime;
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::RecvError;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

use super::connection::Connection;
use super::h1::Http1;
use super::h2::MOST_STREAMS;
use super::{Pool, closed};
use crate::attempt_error::AttemptError;
use crate::failed_attempt::Phase;
use crate::{ErrorKind, HttpProtocol, Outcome};

/// Which connections a request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    /// Any.
    Any,
    /// Only one that nobody has used.
    New,
}

/// The line, and the connections that are being opened for those in it.
///
/// There are never fewer of these than those need, for each runtime: a connection is of use only on
/// the runtime on which it was opened.
pub(super) struct Line {
    waiting: VecDeque<Waiting>,
    dials: Vec<Dial>,
    last: u64,
    /// How many requests a connection that is being opened will carry.
    each: usize,
}

struct Waiting {
    number: u64,
    runtime: runtime::Id,
    wants: Wants,
    sender: Sender,
}

/// Brings a connection, or why there is none. Dropped, it says that nobody opens one any more.
pub(super) type Sender = oneshot::Sender<Result<Connection, AttemptError>>;

struct Dial {
    number: u64,
    runtime: runtime::Id,
    /// `None` for a moment, until it is known.
    task: Option<AbortHandle>,
}

impl Line {
    /// One in which nobody stands. What connections will speak may not be known yet.
    pub(super) fn new(protocol: Option<HttpProtocol>) -> Self {
        let each = match protocol {
            Some(HttpProtocol::Http1) => 1,
            Some(HttpProtocol::Http2) => MOST_STREAMS,
            None => usize::MAX,
        };
        Self { waiting: VecDeque::new(), dials: Vec::new(), last: 0, each }
    }

    /// Notes how many requests the last connection that was opened carries at once: the next are like it.
    pub(super) fn carries(&mut self, each: usize) {
        self.each = each.max(1);
    }

    /// How many are in line.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// How many connections are being opened.
    pub(super) fn dials(&self) -> usize {
        self.dials.len()
    }

    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Whether more of this runtime are in line than the connections that are being opened on it will carry.
    fn short_of(&self, here: runtime::Id) -> bool {
        let waiting = self.waiting.iter().filter(|waiting| waiting.runtime == here).count();
        let dials = self.dials.iter().filter(|dial| dial.runtime == here).count();
        waiting > dials.saturating_mul(self.each)
    }

    /// Notes that a connection is going to be opened on this runtime, if there are too few.
    pub(super) fn begin_dial(&mut self, here: runtime::Id) -> Option<u64> {
        if !self.short_of(here) {
            return None;
        }
        let number = self.number();
        self.dials.push(Dial { number, runtime: here, task: None });
        Some(number)
    }

    /// Notes which task opens a connection; `false` if it is not to be opened any more.
    pub(super) fn dials_in(&mut self, number: u64, task: &AbortHandle) -> bool {
        let dial = self.dials.iter_mut().find(|dial| dial.number == number);
        dial.map(|dial| dial.task = Some(task.clone())).is_some()
    }

    /// Notes that a dial has ended.
    pub(super) fn end_dial(&mut self, number: u64) {
        self.dials.retain(|dial| dial.number != number);
    }

    /// Takes those out of the line for whom no connection is being opened any more: all, or those who were in
    /// it already when the dial of this number began.
    pub(super) fn left_over(&mut self, here: runtime::Id, dial: Option<u64>) -> Vec<Sender> {
        let mut left_over = Vec::new();
        while self.short_of(here) {
            let waited = |waiting: &Waiting| dial.is_none_or(|dial| waiting.number < dial);
            let Some(next) = self.next(|waiting| waiting.runtime == here && waited(waiting)) else { break };
            left_over.push(next.sender);
        }
        left_over
    }

    /// Takes who is next for this connection out of the line.
    pub(super) fn next_for(&mut self, here: runtime::Id, reused: bool) -> Option<Sender> {
        self.next(|waiting| waiting.runtime == here && (waiting.wants == Wants::Any || !reused))
            .map(|waiting| waiting.sender)
    }

    fn next(&mut self, fits: impl FnMut(&Waiting) -> bool) -> Option<Waiting> {
        let index = self.waiting.iter().position(fits)?;
        self.waiting.remove(index)
    }

    /// Takes the line as it is, and leaves one in which nobody stands.
    pub(super) fn end(&mut self) -> Self {
        let each = self.each;
        std::mem::replace(self, Self { waiting: VecDeque::new(), dials: Vec::new(), last: self.last, each })
    }

    /// Ends every dial, and tells everybody in line that there is no connection to be had.
    pub(super) fn close(&mut self) {
        for task in self.dials.drain(..).filter_map(|dial| dial.task) {
            task.abort();
        }
        for waiting in self.waiting.drain(..) {
            // Whoever is gone need not be told.
            drop(waiting.sender.send(Err(closed())));
        }
    }
}

impl Pool {
    /// Waits for a connection that nobody used, or that somebody gives back, whichever comes first.
    pub(super) async fn obtain(&self, wants: Wants, until: Instant) -> Result<Connection, AttemptError> {
        let mut deserted = false;
        loop {
            let connection = match self.line_up(wants)? {
                Found::Idle(connection) => Ok(connection),
                // Anew each time: the runtime of the timer may be gone.
                Found::Waiter(waiter) => match timeout_at(until, waiter).await {
                    Ok(brought) => brought,
                    Err(_) => return Err(unopened(ErrorKind::ConnectTimeout)),
                },
            };
            match connection {
                // A new one takes its first request at any time.
                Ok(mut connection) => {
                    if !connection.reused() || connection.ready(until).await {
                        return Ok(connection);
                    }
                }
                // The runtime that opened it is gone; this one may be another.
                Err(None) if !deserted => deserted = true,
                Err(None) => {
                    let failed = unopened(ErrorKind::NoRuntime);
                    return Err(failed.because("the runtime is shutting down"));
                }
                Err(Some(error)) => return Err(error),
            }
        }
    }

    /// Takes an idle connection after all, or stands in line.
    fn line_up(&self, wants: Wants) -> Result<Found<'_>, AttemptError> {
        let runtime = runtime::Handle::current();
        let here = runtime.id();
        let now = Instant::now();
        let (waiter, dial) = {
            let mut state = self.state();
            if state.closed {
                return Err(closed());
            }
            while wants == Wants::Any
                && let Some(connection) = state.idle.take(here)
            {
                if connection.usable(now) {
                    return Ok(Found::Idle(Connection::Http1(connection)));
                }
            }
            if wants == Wants::Any
                && let Some(stream) = state.streams.claim(here, now)
            {
                return Ok(Found::Idle(Connection::Http2(stream)));
            }
            let (sender, receiver) = oneshot::channel();
            let number = state.line.number();
            state.line.waiting.push_back(Waiting { number, runtime: here, wants, sender });
            let dial = state.line.begin_dial(here);
            if dial.is_some() {
                // Idle ones of no use here must make room, so that there are never more than the cap.
                let room = self.0.permits.available_permits();
                state.idle.shrink(room);
                state.streams.shrink(room);
            }
            (Waiter { pool: self, number, receiver }, dial)
        };
        if let Some(number) = dial {
            self.dial(number, &runtime);
        }
        Ok(Found::Waiter(waiter))
    }

    /// Hands a connection to who is next, or keeps it if nobody is.
    #[cold]
    pub(super) fn hand_on(&self, mut connection: Http1) {
        loop {
            let mut state = self.state();
            let Some(next) = state.line.next_for(connection.runtime(), connection.reused()) else {
                connection.rest(Instant::now());
                return state.idle.put(connection, self);
            };
            drop(state);
            // Not under the lock: it wakes whoever waits. One that has gone in between hands it back.
            match next.send(Ok(Connection::Http1(connection))) {
                Err(Ok(Connection::Http1(back))) => connection = back,
                _ => return,
            }
        }
    }
}

fn unopened(kind: ErrorKind) -> AttemptError {
    AttemptError::new(kind, Outcome::NotExecuted, Phase::Connect)
}

enum Found<'a> {
    Idle(Connection),
    Waiter(Waiter<'a>),
}

/// Somebody in line. Dropped, it leaves the line, and what it was given already goes to the next.
struct Waiter<'a> {
    pool: &'a Pool,
    number: u64,
    receiver: oneshot::Receiver<Result<Connection, AttemptError>>,
}

impl Future for Waiter<'_> {
    /// `None`: nobody opens a connection any more.
    type Output = Result<Connection, Option<AttemptError>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.receiver).poll(cx).map(|brought| match brought {
            Ok(result) => result.map_err(Some),
            Err(RecvError { .. }) => Err(None),
        })
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.pool.state().line.waiting.retain(|waiting| waiting.number != self.number);
        // Nothing can be sent from here on, and what was sent before is found.
        self.receiver.close();
        // A stream makes room for the next by itself.
        if let Ok(Ok(Connection::Http1(connection))) = self.receiver.try_recv() {
            self.pool.hand_on(connection);
        }
    }
}
