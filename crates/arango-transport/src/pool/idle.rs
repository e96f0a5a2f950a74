//! Idle connections, and the task that closes them.

use std::sync::{Arc, Weak};

use tokio::runtime;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

use super::h1::Http1;
use super::{Pool, Shared, State};
use crate::types::boxed::BoxFuture;

/// The idle HTTP/1.1 connections of a pool.
pub(super) struct Idle {
    /// Ordered by last use, the most recent one last.
    connections: Vec<Http1>,
    /// The maximum number of connections; 0 when the pool is closed.
    capacity: usize,
    reaper: Option<Reaper>,
}

/// The task that closes connections after their idle time.
struct Reaper {
    task: AbortHandle,
    /// The time of the next check.
    next_check: Instant,
    /// Triggers an earlier check.
    earlier: Arc<Notify>,
}

impl Idle {
    pub(super) fn new(capacity: usize) -> Self {
        Self { connections: Vec::new(), capacity, reaper: None }
    }

    /// Returns the number of usable connections. Some others may already be closed by the server.
    pub(super) fn usable(&self, now: Instant) -> usize {
        self.connections.iter().filter(|connection| connection.usable(now)).count()
    }

    /// Takes the most recently used connection of this runtime.
    ///
    /// A connection belongs to the runtime that opened it. On another one it would wait for a task that may
    /// never run again.
    pub(super) fn take(&mut self, here: runtime::Id) -> Option<Http1> {
        match self.connections.last() {
            Some(last) if last.runtime() == here => self.connections.pop(),
            _ => {
                let index = self.connections.iter().rposition(|connection| connection.runtime() == here)?;
                Some(self.connections.remove(index))
            }
        }
    }

    /// Keeps a connection until it is used or its idle time is over.
    pub(super) fn put(&mut self, connection: Http1, pool: &Pool) {
        if self.connections.len() >= self.capacity {
            // Connections of other runtimes fill the list. The oldest one is removed.
            if self.capacity == 0 {
                return;
            }
            self.connections.remove(0);
        }
        let expires = connection.expires();
        self.connections.push(connection);
        self.watch(expires, pool);
    }

    /// Schedules the next check at `expires` at the latest.
    pub(super) fn watch(&mut self, expires: Instant, pool: &Pool) {
        match &mut self.reaper {
            Some(reaper) if !reaper.task.is_finished() => {
                if expires < reaper.next_check {
                    reaper.next_check = expires;
                    reaper.earlier.notify_one();
                }
            }
            _ => self.reaper = Reaper::start(pool, expires),
        }
    }

    /// Closes the least recently used connections until at most `room` remain.
    pub(super) fn shrink(&mut self, room: usize) {
        self.connections.drain(..self.connections.len().saturating_sub(room));
    }

    /// Closes the connections for which `keep` returns `false`.
    pub(super) fn retain(&mut self, keep: impl FnMut(&Http1) -> bool) {
        self.connections.retain(keep);
    }

    /// Closes all connections and keeps none from now on.
    pub(super) fn close(&mut self) {
        self.capacity = 0;
        self.connections.clear();
        self.stop();
    }

    /// Stops the task.
    pub(super) fn stop(&mut self) {
        if let Some(reaper) = self.reaper.take() {
            reaper.task.abort();
        }
    }
}

impl Reaper {
    fn start(pool: &Pool, next_check: Instant) -> Option<Self> {
        // Without a runtime the connections are neither closed in time nor used.
        let runtime = runtime::Handle::try_current().ok()?;
        let earlier = Arc::<Notify>::default();
        let task: BoxFuture<'static, ()> = Box::pin(reap(Arc::downgrade(&pool.0), Arc::clone(&earlier)));
        let task = runtime.spawn(task);
        Some(Self { task: task.abort_handle(), next_check, earlier })
    }
}

/// Closes connections after their idle time, until none has been idle for that long.
///
/// The task does not end as soon as no connection is idle. Under load a connection is idle only briefly, and
/// each call would start a new task.
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
                reaper.next_check = next;
            }
            next
        };
        // Check again, whether notified or timed out.
        let (Ok(()) | Err(_)) = timeout_at(next, earlier.notified()).await;
    }
}
