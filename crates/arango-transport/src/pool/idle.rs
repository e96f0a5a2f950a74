//! The connections that nobody uses at the moment, and when they are closed.

use std::sync::{Arc, Weak};

use tokio::runtime;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

use super::h1::Http1;
use super::{Pool, Shared, State};

/// The HTTP/1.1 connections that nobody uses at the moment.
pub(super) struct Idle {
    /// The last one was used last.
    connections: Vec<Http1>,
    /// How many there may be; none when the pool is closed.
    room: usize,
    reaper: Option<Reaper>,
}

/// The task that closes those that nobody has used for too long.
struct Reaper {
    task: AbortHandle,
    /// When it looks next.
    looks_at: Instant,
    /// Makes it look earlier.
    earlier: Arc<Notify>,
}

impl Idle {
    pub(super) fn new(room: usize) -> Self {
        Self { connections: Vec::new(), room, reaper: None }
    }

    /// How many can be used; the other end closes some that nobody has noticed yet.
    pub(super) fn usable(&self, now: Instant) -> usize {
        self.connections.iter().filter(|connection| connection.usable(now)).count()
    }

    /// Takes the connection of this runtime that was used last.
    ///
    /// A connection lives on the runtime that opened it: on another it would wait for a task that
    /// may never be run again.
    pub(super) fn take(&mut self, here: runtime::Id) -> Option<Http1> {
        match self.connections.last() {
            Some(last) if last.runtime() == here => self.connections.pop(),
            _ => {
                let index = self.connections.iter().rposition(|connection| connection.runtime() == here)?;
                Some(self.connections.remove(index))
            }
        }
    }

    /// Keeps a connection until somebody takes it or it has been idle for too long.
    pub(super) fn put(&mut self, connection: Http1, pool: &Pool) {
        if self.connections.len() >= self.room {
            // Connections of other runtimes fill the list; the oldest is the least useful.
            if self.room == 0 {
                return;
            }
            self.connections.remove(0);
        }
        let expires = connection.expires();
        self.connections.push(connection);
        self.watch(expires, pool);
    }

    /// Looks after those that nobody uses, at this time at the latest.
    pub(super) fn watch(&mut self, expires: Instant, pool: &Pool) {
        match &mut self.reaper {
            Some(reaper) if !reaper.task.is_finished() => {
                if expires < reaper.looks_at {
                    reaper.looks_at = expires;
                    reaper.earlier.notify_one();
                }
            }
            _ => self.reaper = Reaper::start(pool, expires),
        }
    }

    /// Closes those used longest ago until there are no more than `room`.
    pub(super) fn shrink(&mut self, room: usize) {
        self.connections.drain(..self.connections.len().saturating_sub(room));
    }

    /// Closes those for which `keep` is false.
    pub(super) fn retain(&mut self, keep: impl FnMut(&Http1) -> bool) {
        self.connections.retain(keep);
    }

    /// Closes all, and keeps none from now on.
    pub(super) fn close(&mut self) {
        self.room = 0;
        self.connections.clear();
        self.stop();
    }

    /// Ends the task.
    pub(super) fn stop(&mut self) {
        if let Some(reaper) = self.reaper.take() {
            reaper.task.abort();
        }
    }
}

impl Reaper {
    fn start(pool: &Pool, looks_at: Instant) -> Option<Self> {
        // Without a runtime nobody closes them in time, but nobody uses them either.
        let runtime = runtime::Handle::try_current().ok()?;
        let earlier = Arc::<Notify>::default();
        let task = runtime.spawn(reap(Arc::downgrade(&pool.0), Arc::clone(&earlier)));
        Some(Self { task: task.abort_handle(), looks_at, earlier })
    }
}

/// Closes connections that were idle for too long, until nothing was idle for that long.
///
/// It does not end as soon as nothing is idle: under load a connection is idle for a moment only, and
/// each call would start a task of its own.
async fn reap(pool: Weak<Shared>, earlier: Arc<Notify>) {
    let mut quiet = false;
    loop {
        let next = {
            let Some(pool) = pool.upgrade().map(Pool) else { return };
            let now = Instant::now();
            let mut state = pool.state();
            let State { idle, streams, .. } = &mut *state;
            idle.connections.retain(|connection| connection.usable(now));
            let next = idle.connections.iter().map(Http1::expires).min();
            let next = match next.into_iter().chain(streams.expire(now)).min() {
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
                    now + pool.0.limits.idle
                }
            };
            if let Some(reaper) = &mut idle.reaper {
                reaper.looks_at = next;
            }
            next
        };
        // Whichever it was, it is time to look.
        let (Ok(()) | Err(_)) = timeout_at(next, earlier.notified()).await;
    }
}
