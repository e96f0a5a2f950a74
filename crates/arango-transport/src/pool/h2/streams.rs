//! The HTTP/2 connections that take requests, and the number of their streams.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::runtime;
use tokio::time::Instant;

use super::super::connection::Connection;
use super::super::{Pool, State};
use super::{Http2, Sender, Stream};
use crate::pool::lazy_timer::LazyTimer;
use crate::pool::waiters;

/// The connections that take requests. A connection that is removed continues until its last stream has
/// ended.
pub(in crate::pool) struct Streams {
    connections: Vec<Entry>,
    /// Whether idle connections are kept.
    keep_alive: bool,
}

struct Entry {
    connection: Arc<Http2>,
    streams: usize,
    /// Whether the connection has been idle, or a response has been read to its end.
    was_idle: bool,
    idle_since: Instant,
    /// When the connection is closed if it stays idle.
    expires: Instant,
    /// Timers without a stream. There are at most as many as there were concurrent streams.
    timers: Vec<LazyTimer>,
}

impl Streams {
    pub(in crate::pool) fn new() -> Self {
        Self { connections: Vec::new(), keep_alive: true }
    }

    /// Opens a stream on a connection of this runtime that has room.
    ///
    /// The connection with the most streams is used, so that others become idle and are closed. Among idle
    /// ones the most recently used is taken.
    pub(in crate::pool) fn claim(&mut self, here: runtime::Id, now: Instant) -> Option<Stream> {
        if self.connections.is_empty() {
            return None;
        }
        // Connections that are too old or have received a GOAWAY take no more requests. Their streams
        // continue.
        self.connections.retain(|entry| {
            entry.connection.is_open() && (now < entry.connection.max_age_at() || entry.is_new())
        });
        let entry = self
            .connections
            .iter_mut()
            .filter(|entry| entry.connection.runtime() == here && entry.has_room(now))
            .max_by_key(|entry| (entry.streams, entry.idle_since))?;
        let sender = entry.connection.sender()?;
        Some(entry.claim(sender))
    }

    /// Returns the number of idle connections.
    pub(in crate::pool) fn idle(&self, now: Instant) -> usize {
        self.connections.iter().filter(|entry| entry.streams == 0 && entry.is_usable(now)).count()
    }

    fn add(&mut self, connection: Arc<Http2>, now: Instant) {
        let expires = connection.expires(now);
        self.connections.push(Entry {
            connection,
            streams: 0,
            was_idle: false,
            idle_since: now,
            expires,
            timers: Vec::new(),
        });
    }

    fn find(&mut self, connection: &Arc<Http2>) -> Option<&mut Entry> {
        self.connections.iter_mut().find(|entry| Arc::ptr_eq(&entry.connection, connection))
    }

    /// Records the end of a stream.
    fn release(&mut self, connection: &Arc<Http2>, timer: LazyTimer, now: Instant) {
        let Some(entry) = self.find(connection) else { return };
        entry.timers.push(timer);
        entry.streams = entry.streams.saturating_sub(1);
        entry.was_idle = true;
        entry.idle_since = now;
        entry.expires = connection.expires(now);
    }

    /// Closes idle connections that are unusable or expired. Returns when the next one expires.
    pub(in crate::pool) fn expire(&mut self, now: Instant) -> Option<Instant> {
        let keep_alive = self.keep_alive;
        self.connections.retain(|entry| entry.streams > 0 || (keep_alive && entry.is_usable(now)));
        self.connections.iter().filter(|entry| entry.streams == 0).map(|entry| entry.expires).min()
    }

    /// Closes idle connections for which `keep` returns `false`. It gets the address and the start of the
    /// idle time.
    pub(in crate::pool) fn retain_idle(&mut self, mut keep: impl FnMut(Option<SocketAddr>, Instant) -> bool) {
        self.connections
            .retain(|entry| entry.streams > 0 || keep(entry.connection.address(), entry.idle_since));
    }

    /// Closes the oldest idle connections until at most `room` remain.
    pub(in crate::pool) fn shrink(&mut self, room: usize) {
        let idle = self.connections.iter().filter(|entry| entry.streams == 0).count();
        let mut excess = idle.saturating_sub(room);
        self.connections.retain(|entry| {
            let keep = entry.streams > 0 || excess == 0;
            excess -= usize::from(!keep);
            keep
        });
    }

    /// Removes all connections and keeps none from now on.
    pub(in crate::pool) fn close(&mut self) {
        self.keep_alive = false;
        self.connections.clear();
    }
}

impl Entry {
    /// Returns whether the connection was opened for requests that still wait for it.
    ///
    /// It takes them regardless of its age and idle time, which may be zero: they would connect again, endlessly.
    fn is_new(&self) -> bool {
        self.streams == 0 && !self.was_idle
    }

    fn is_usable(&self, now: Instant) -> bool {
        self.connection.is_open() && (now < self.expires || self.is_new())
    }

    fn has_room(&self, now: Instant) -> bool {
        self.streams < self.connection.streams() && (self.streams > 0 || self.is_usable(now))
    }

    fn claim(&mut self, sender: Sender) -> Stream {
        self.streams += 1;
        let timer = self.timers.pop().unwrap_or_default();
        Stream::of(&self.connection, sender, timer, (self.was_idle, self.idle_since))
    }
}

impl State {
    /// Schedules the closing of idle connections.
    fn become_idle(&mut self, pool: &Pool, now: Instant) {
        let Self { idle, streams, .. } = self;
        if let Some(expires) = streams.expire(now) {
            idle.watch(expires, pool);
        }
    }

    /// Removes the next waiter for a connection, and opens a stream for it.
    fn next_stream(&mut self, connection: &Arc<Http2>) -> Option<(waiters::Sender, Stream)> {
        let entry = self.streams.find(connection).filter(|entry| entry.has_room(Instant::now()))?;
        let sender = connection.sender()?;
        let next = self.waiters.next_for(connection.runtime(), entry.was_idle)?;
        Some((next, entry.claim(sender)))
    }
}

impl Pool {
    /// Adds a new connection. Its first streams go to the waiters.
    pub(in crate::pool) fn share(&self, connection: &Arc<Http2>) {
        self.state().streams.add(Arc::clone(connection), Instant::now());
        self.deliver_streams(connection);
        let mut state = self.state();
        if let Some(entry) = state.streams.find(connection) {
            entry.was_idle |= entry.streams == 0;
        }
        state.become_idle(self, Instant::now());
    }

    /// Releases a stream, which makes room for the next request.
    pub(in crate::pool) fn release(&self, connection: &Arc<Http2>, timer: LazyTimer) {
        let now = Instant::now();
        let mut state = self.state();
        state.streams.release(connection, timer, now);
        state.become_idle(self, now);
        let has_waiters = state.waiters.len() > 0;
        drop(state);
        if has_waiters {
            self.deliver_streams(connection);
        }
    }

    /// Stops using a connection for new requests. Its streams continue.
    ///
    /// For a connection without a response in time: it may be dead, and only this request has detected that.
    #[cold]
    pub(in crate::pool) fn remove(&self, connection: &Connection) {
        if let Connection::Http2(stream) = connection {
            self.state().streams.connections.retain(|entry| !stream.is_of(&entry.connection));
        }
    }

    /// Delivers streams of a connection to waiters, as long as it has room.
    #[cold]
    fn deliver_streams(&self, connection: &Arc<Http2>) {
        loop {
            let next = self.state().next_stream(connection);
            let Some((next, stream)) = next else { return };
            // Not under the lock: it wakes the waiter. A waiter that has gone drops the stream.
            drop(next.send(Ok(Connection::Http2(stream))));
        }
    }
}
