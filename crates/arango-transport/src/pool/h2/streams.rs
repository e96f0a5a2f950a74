//! The HTTP/2 connections that take requests, and how many streams each of them has.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::runtime;
use tokio::time::Instant;

use super::super::alarm::Alarm;
use super::super::connection::Connection;
use super::super::waiting::Sender;
use super::super::{Pool, State};
use super::{Http2, Stream};

/// The connections that take requests.
///
/// One that is not in the list any more goes on until its last stream has ended.
pub(in crate::pool) struct Streams {
    connections: Vec<Listed>,
    /// Whether those that nobody uses are kept.
    keeps: bool,
}

struct Listed {
    connection: Arc<Http2>,
    streams: usize,
    /// Whether nobody has used it for a moment, or an answer has been read to its end.
    rested: bool,
    idle_since: Instant,
    /// When it is to be closed if nobody uses it.
    expires: Instant,
    /// The timers that no stream has at the moment: no more than there were streams at once.
    alarms: Vec<Alarm>,
}

impl Streams {
    pub(in crate::pool) fn new() -> Self {
        Self { connections: Vec::new(), keeps: true }
    }

    /// Opens a stream on a connection of this runtime, if one has room.
    ///
    /// On the fullest, so that those that are not needed come to rest and are closed; of those that rest, on the
    /// one that was used last.
    pub(in crate::pool) fn claim(&mut self, here: runtime::Id, now: Instant) -> Option<Stream> {
        if self.connections.is_empty() {
            return None;
        }
        // Too old, or the other end has said goodbye: for no more requests, though some may be under way.
        self.connections.retain(|listed| listed.connection.is_open() && now < listed.connection.dies_at());
        self.connections
            .iter_mut()
            .filter(|listed| listed.connection.runtime() == here && listed.has_room(now))
            .max_by_key(|listed| (listed.streams, listed.idle_since))
            .map(Listed::claim)
    }

    /// How many nobody uses.
    pub(in crate::pool) fn idle(&self, now: Instant) -> usize {
        self.connections.iter().filter(|listed| listed.streams == 0 && listed.is_usable(now)).count()
    }

    fn add(&mut self, connection: Arc<Http2>, now: Instant) {
        let expires = connection.expires(now);
        self.connections.push(Listed {
            connection,
            streams: 0,
            rested: false,
            idle_since: now,
            expires,
            alarms: Vec::new(),
        });
    }

    fn find(&mut self, connection: &Arc<Http2>) -> Option<&mut Listed> {
        self.connections.iter_mut().find(|listed| Arc::ptr_eq(&listed.connection, connection))
    }

    /// Notes that a stream has ended.
    fn release(&mut self, connection: &Arc<Http2>, alarm: Alarm, now: Instant) {
        let Some(listed) = self.find(connection) else { return };
        listed.alarms.push(alarm);
        listed.streams = listed.streams.saturating_sub(1);
        listed.rested = true;
        listed.idle_since = now;
        listed.expires = connection.expires(now);
    }

    /// Closes those that nobody uses and nobody can or may; tells when the next comes to its time.
    pub(in crate::pool) fn expire(&mut self, now: Instant) -> Option<Instant> {
        let keeps = self.keeps;
        self.connections.retain(|listed| listed.streams > 0 || (keeps && listed.is_usable(now)));
        self.connections.iter().filter(|listed| listed.streams == 0).map(|listed| listed.expires).min()
    }

    /// Closes those that nobody uses and for which `keep` is false, by address and since when they rest.
    pub(in crate::pool) fn retain_idle(&mut self, mut keep: impl FnMut(Option<SocketAddr>, Instant) -> bool) {
        self.connections
            .retain(|listed| listed.streams > 0 || keep(listed.connection.address(), listed.idle_since));
    }

    /// Closes those that nobody uses until there are no more than `room` of them, the first opened first.
    pub(in crate::pool) fn shrink(&mut self, room: usize) {
        let idle = self.connections.iter().filter(|listed| listed.streams == 0).count();
        let mut left = idle.saturating_sub(room);
        self.connections.retain(|listed| {
            let keep = listed.streams > 0 || left == 0;
            left -= usize::from(!keep);
            keep
        });
    }

    /// Lets none of those that are there take another request, and keeps none from now on.
    pub(in crate::pool) fn close(&mut self) {
        self.keeps = false;
        self.connections.clear();
    }
}

impl Listed {
    fn is_usable(&self, now: Instant) -> bool {
        self.connection.is_open() && now < self.expires
    }

    fn has_room(&self, now: Instant) -> bool {
        self.streams < self.connection.streams() && (self.streams > 0 || self.is_usable(now))
    }

    fn claim(&mut self) -> Stream {
        self.streams += 1;
        let alarm = self.alarms.pop().unwrap_or_default();
        Stream::of(&self.connection, alarm, self.rested, self.idle_since)
    }
}

impl State {
    /// Has what nobody uses closed in time.
    fn rest(&mut self, pool: &Pool, now: Instant) {
        let Self { idle, streams, .. } = self;
        if let Some(expires) = streams.expire(now) {
            idle.watch(expires, pool);
        }
    }

    /// Takes who is next for a connection out of the line, with a stream of it.
    fn next_stream(&mut self, connection: &Arc<Http2>) -> Option<(Sender, Stream)> {
        let listed = self.streams.find(connection).filter(|listed| listed.has_room(Instant::now()))?;
        let next = self.line.next_for(connection.runtime(), listed.rested)?;
        Some((next, listed.claim()))
    }
}

impl Pool {
    /// Lets a new connection take requests, those of whoever is in line first.
    pub(in crate::pool) fn share(&self, connection: &Arc<Http2>) {
        self.state().streams.add(Arc::clone(connection), Instant::now());
        self.hand_out(connection);
        let mut state = self.state();
        if let Some(listed) = state.streams.find(connection) {
            listed.rested |= listed.streams == 0;
        }
        state.rest(self, Instant::now());
    }

    /// Makes room for the next request, now that a stream has ended.
    pub(in crate::pool) fn release(&self, connection: &Arc<Http2>, alarm: Alarm) {
        let now = Instant::now();
        let mut state = self.state();
        state.streams.release(connection, alarm, now);
        state.rest(self, now);
        let waits = state.line.len() > 0;
        drop(state);
        if waits {
            self.hand_out(connection);
        }
    }

    /// Lets a connection take no more requests; those under way on it go on.
    ///
    /// For one that was silent for too long: it may lead nowhere, and only this request has noticed yet.
    #[cold]
    pub(in crate::pool) fn unlist(&self, connection: &Connection) {
        if let Connection::Http2(stream) = connection {
            self.state().streams.connections.retain(|listed| !stream.is_of(&listed.connection));
        }
    }

    /// Gives streams of a connection to who is next, as long as it has room.
    #[cold]
    fn hand_out(&self, connection: &Arc<Http2>) {
        loop {
            let next = self.state().next_stream(connection);
            let Some((next, stream)) = next else { return };
            // Not under the lock: it wakes whoever waits. One that has gone in between gives its stream back.
            drop(next.send(Ok(Connection::Http2(stream))));
        }
    }
}
