//! What an observer on the network has seen: who was dialled, which requests were written, what became of them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::messages::{Head, Passed};
use super::seen::Seen;
use super::trace::Trace;

/// Somebody who is none of the coordinators, and was looked for all the same.
#[derive(Debug, Clone)]
pub(crate) struct Stranger {
    pub(crate) client: usize,
    pub(crate) whom: String,
    pub(crate) at: Duration,
}

/// All that was seen. Clones see the same.
#[derive(Clone)]
pub(crate) struct Sightings {
    trace: Trace,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    requests: Vec<Seen>,
    attempts: Vec<Seen>,
    strangers: Vec<Stranger>,
    open: usize,
}

/// One connection under observation.
pub(crate) struct Watched {
    sightings: Sightings,
    client: usize,
    coordinator: usize,
    number: u64,
    /// The request that has no complete answer yet.
    current: Mutex<Option<usize>>,
}

impl Sightings {
    pub(crate) fn new(trace: Trace) -> Self {
        Self { trace, inner: Arc::default() }
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.lock().requests.clone()
    }

    /// Time since the beginning.
    pub(crate) fn now(&self) -> Duration {
        self.trace.now()
    }

    /// Those of clients that are [watched](super::attempts).
    pub(crate) fn attempts(&self) -> Vec<Seen> {
        self.lock().attempts.clone()
    }

    /// Notes an attempt, and gives it a number.
    pub(crate) fn attempt(&self, seen: Seen) -> usize {
        self.tell("⇢", &seen);
        let mut inner = self.lock();
        inner.attempts.push(seen);
        inner.attempts.len() - 1
    }

    /// Notes what has become of an attempt.
    pub(crate) fn change(&self, number: usize, sign: &str, change: impl FnOnce(&mut Seen, Duration)) {
        let now = self.trace.now();
        let mut inner = self.lock();
        change(&mut inner.attempts[number], now);
        let seen = inner.attempts[number].clone();
        drop(inner);
        self.tell(sign, &seen);
    }

    /// Notes that nobody waits for an attempt any more.
    pub(crate) fn over(&self, number: usize) {
        let now = self.trace.now();
        let seen = &mut self.lock().attempts[number];
        if seen.complete.is_none() {
            seen.cut = Some(now);
        }
    }

    fn tell(&self, sign: &str, seen: &Seen) {
        let (client, place, name) = (seen.client, &seen.place, seen.name());
        let status = seen.answered.map(|(_, status)| format!(" {status}")).unwrap_or_default();
        self.trace.note(format_args!("c{client} ─ {place} {sign} {name}{status}"));
    }

    pub(crate) fn strangers(&self) -> Vec<Stranger> {
        self.lock().strangers.clone()
    }

    /// How many connections neither end has closed.
    pub(crate) fn open(&self) -> usize {
        self.lock().open
    }

    /// Notes an address that nobody here has.
    pub(crate) fn stranger_dialled(&self, client: usize, address: SocketAddr) {
        self.stranger(client, address.to_string());
    }

    /// Notes a name that nobody here has, or what was said to a stranger.
    pub(crate) fn stranger(&self, client: usize, whom: String) {
        self.trace.note(format_args!("c{client} STRANGER {whom}"));
        let at = self.trace.now();
        self.lock().strangers.push(Stranger { client, whom, at });
    }

    /// Begins to watch a connection.
    pub(crate) fn watch(&self, client: usize, coordinator: usize, number: u64) -> Watched {
        self.trace.note(format_args!("c{client} ─ k{coordinator} #{number} open"));
        self.lock().open += 1;
        Watched { sightings: self.clone(), client, coordinator, number, current: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    /// Notes what the client has written.
    pub(crate) fn sent(&self, passed: &Passed) {
        let Passed::Head(head) = passed else { return };
        let (at, place) = (self.sightings.trace.now(), format!("#{}", self.number));
        let seen = Seen {
            marker: head.field("x-sim-marker").map(str::to_owned),
            authorized: head.field("authorization").is_some(),
            ..Seen::at(at, self.client, Some(self.coordinator), place, what(head))
        };
        self.note(format_args!("→ {}", seen.name()));
        let mut inner = self.sightings.lock();
        inner.requests.push(seen);
        *self.current() = Some(inner.requests.len() - 1);
    }

    /// Notes what has reached the client.
    pub(crate) fn heard(&self, passed: &Passed) {
        let Some(current) = *self.current() else { return };
        let at = self.sightings.trace.now();
        let mut inner = self.sightings.lock();
        let request = &mut inner.requests[current];
        match passed {
            Passed::Head(head) => {
                let status = head.first.split(' ').nth(1).and_then(|status| status.parse().ok());
                request.answered = status.map(|status| (at, status));
                request.is_foreign = head.field("server") != Some("ArangoDB");
                let name = request.name().to_owned();
                drop(inner);
                self.note(format_args!("← {name} {}", status.unwrap_or_default()));
            }
            Passed::End => {
                request.complete = Some(at);
                *self.current() = None;
            }
        }
    }

    /// Notes that the client has closed the connection: it hears no more of what it sent.
    pub(crate) fn hung_up(&self) {
        let at = self.sightings.trace.now();
        if let Some(current) = self.current().take() {
            self.sightings.lock().requests[current].cut = Some(at);
        }
    }

    fn current(&self) -> MutexGuard<'_, Option<usize>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, what: std::fmt::Arguments<'_>) {
        let Self { client, coordinator, number, .. } = self;
        self.sightings.trace.note(format_args!("c{client} ─ k{coordinator} #{number} {what}"));
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.hung_up();
        self.note(format_args!("closed"));
        self.sightings.lock().open -= 1;
    }
}

/// Method and path of a request, without its query.
fn what(head: &Head) -> String {
    let mut words = head.first.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    format!("{method} {}", path.split('?').next().unwrap_or_default())
}
