//! What is known of one request that was seen.

use std::time::Duration;

/// One request that a client wrote into a connection, or one attempt that it made where nobody can read that.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) client: usize,
    /// Who has got it, or should have; `None` if that is none of the cluster.
    pub(crate) coordinator: Option<usize>,
    /// Where that is, as the client calls it; of what was seen on the network the number of its connection.
    pub(crate) place: String,
    /// When its head was written.
    pub(crate) at: Duration,
    /// Method and path.
    pub(crate) what: String,
    pub(crate) marker: Option<String>,
    /// Whether it says who asks.
    pub(crate) authorized: bool,
    /// It is known never to have been handed to a connection.
    pub(crate) unsent: bool,
    /// When the head of an answer reached the client, and its status.
    pub(crate) answered: Option<(Duration, u16)>,
    /// Something else than ArangoDB wrote the answer.
    pub(crate) is_foreign: bool,
    /// When the last byte of the answer did.
    pub(crate) complete: Option<Duration>,
    /// When its connection ended, if that was before the answer was complete.
    pub(crate) cut: Option<Duration>,
}

impl Seen {
    /// One that has just been seen, and of which nothing has come yet.
    pub(crate) fn at(
        at: Duration,
        client: usize,
        coordinator: Option<usize>,
        place: String,
        what: String,
    ) -> Self {
        Self {
            client,
            coordinator,
            place,
            at,
            what,
            marker: None,
            authorized: false,
            unsent: false,
            answered: None,
            is_foreign: false,
            complete: None,
            cut: None,
        }
    }

    /// What it is called in a trace.
    pub(crate) fn name(&self) -> &str {
        self.marker.as_deref().unwrap_or(&self.what)
    }

    pub(crate) fn is_login(&self) -> bool {
        self.what.ends_with("/_open/auth")
    }

    /// When nothing more could be heard of it.
    pub(crate) fn over(&self) -> Option<Duration> {
        self.complete.or(self.cut)
    }
}
