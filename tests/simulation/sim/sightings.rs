//! What an observer on the network has seen: who was dialled, which requests were written, what became of them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::messages::{Head, Passed};
use super::trace::Trace;

/// One request that a client wrote into a connection.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) client: usize,
    pub(crate) coordinator: usize,
    /// When its head was written.
    pub(crate) at: Duration,
    /// Method and path.
    pub(crate) what: String,
    pub(crate) marker: Option<String>,
    /// When the head of an answer reached the client, and its status.
    pub(crate) answered: Option<(Duration, u16)>,
    /// When the last byte of the answer did.
    pub(crate) complete: Option<Duration>,
    /// When its connection ended, if that was before the answer was complete.
    pub(crate) cut: Option<Duration>,
}

impl Seen {
    pub(crate) fn is_login(&self) -> bool {
        self.what.ends_with("/_open/auth")
    }

    /// When nothing more could be heard of it.
    pub(crate) fn over(&self) -> Option<Duration> {
        self.complete.or(self.cut)
    }
}

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
        let at = self.sightings.trace.now();
        let (what, marker) = (what(head), head.field("x-sim-marker").map(str::to_owned));
        let name = marker.as_deref().unwrap_or(&what);
        self.note(format_args!("→ {name}"));
        let mut inner = self.sightings.lock();
        inner.requests.push(Seen {
            client: self.client,
            coordinator: self.coordinator,
            at,
            what,
            marker,
            answered: None,
            complete: None,
            cut: None,
        });
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
                let name = request.marker.clone().unwrap_or_else(|| request.what.clone());
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
