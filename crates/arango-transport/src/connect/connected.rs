//! Newly opened connections, and connection details in errors.

use std::net::SocketAddr;

use crate::error::attempt::Attempt;
use crate::error::attempt_error::AttemptError;
use crate::tls::EarlyAlert;
use crate::types::http_protocol::HttpProtocol;
use crate::types::io::Io;

/// A newly opened stream, before the first request.
pub(crate) struct Connected {
    pub(crate) io: Box<dyn Io>,
    /// The remote address; `None` for Unix sockets.
    pub(crate) address: Option<SocketAddr>,
    pub(crate) protocol: HttpProtocol,
    /// Reports whether the coordinator rejects the client after the TLS handshake.
    pub(crate) alert: EarlyAlert,
}

/// The connection to which a request was passed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionInfo {
    pub(crate) address: Option<SocketAddr>,
    pub(crate) protocol: HttpProtocol,
    /// Whether the connection had been used before.
    pub(crate) reused: bool,
}

impl ConnectionInfo {
    /// Adds the connection to a failed attempt.
    pub(crate) fn annotate_attempt(self, failed: &mut Attempt) {
        failed.address = self.address;
        failed.protocol = Some(self.protocol);
        failed.reused = self.reused;
    }

    /// Adds the connection to the error of an attempt.
    pub(crate) fn annotate(self, mut failed: AttemptError) -> AttemptError {
        self.annotate_attempt(failed.attempt_mut());
        failed
    }
}
