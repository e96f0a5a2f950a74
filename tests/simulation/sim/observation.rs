//! One observed request.

use std::time::Duration;

/// A request that a client wrote into a connection, or an attempt, if requests cannot be read.
#[derive(Debug, Clone)]
pub(crate) struct Observation {
    pub(crate) client: usize,
    /// The coordinator that it was sent to; `None` for hosts outside the cluster.
    pub(crate) coordinator: Option<usize>,
    /// The address, as the client names it; for requests on the network, the number of the connection.
    pub(crate) address: String,
    /// When its head was written.
    pub(crate) sent_at: Duration,
    /// Method and path.
    pub(crate) method_and_path: String,
    pub(crate) marker: Option<String>,
    /// Whether it has credentials.
    pub(crate) has_credentials: bool,
    /// Whether it was certainly never written to a connection.
    pub(crate) unsent: bool,
    /// When the head of the response reached the client, and its status.
    pub(crate) response_head: Option<(Duration, u16)>,
    /// Whether the response does not come from ArangoDB.
    pub(crate) is_foreign: bool,
    /// When the last byte of the response reached the client.
    pub(crate) completed_at: Option<Duration>,
    /// When its connection ended, if the response was not complete.
    pub(crate) cut_at: Option<Duration>,
}

impl Observation {
    /// A request that has just been sent.
    pub(crate) fn new(
        at: Duration,
        client: usize,
        coordinator: Option<usize>,
        address: String,
        method_and_path: String,
    ) -> Self {
        Self {
            client,
            coordinator,
            address,
            sent_at: at,
            method_and_path,
            marker: None,
            has_credentials: false,
            unsent: false,
            response_head: None,
            is_foreign: false,
            completed_at: None,
            cut_at: None,
        }
    }

    /// Its name in the trace.
    pub(crate) fn name(&self) -> &str {
        self.marker.as_deref().unwrap_or(&self.method_and_path)
    }

    pub(crate) fn is_login(&self) -> bool {
        self.method_and_path.ends_with("/_open/auth")
    }

    /// When it ended, by completion or by the end of its connection.
    pub(crate) fn ended_at(&self) -> Option<Duration> {
        self.completed_at.or(self.cut_at)
    }
}
