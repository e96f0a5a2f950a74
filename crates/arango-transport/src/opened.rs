//! Connections: what one begins from, and what those who failed on one tell of it.

use std::net::SocketAddr;

use crate::attempt_error::AttemptError;
use crate::connect::Io;
use crate::failed_attempt::Attempt;
use crate::tls::EarlyAlert;

/// A stream that was opened, and what is known of it before a request is sent.
pub(crate) struct Opened {
    pub(crate) io: Box<dyn Io>,
    /// The address that took it; `None` where there are none.
    pub(crate) address: Option<SocketAddr>,
    pub(crate) protocol: HttpProtocol,
    /// Whether the coordinator refuses the client after the handshake.
    pub(crate) alert: EarlyAlert,
}

/// The connection that a request was handed to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Via {
    pub(crate) address: Option<SocketAddr>,
    pub(crate) protocol: HttpProtocol,
    /// Whether it had carried requests before.
    pub(crate) reused: bool,
}

impl Via {
    /// Writes down which connection an attempt failed on.
    pub(crate) fn stamp(self, failed: &mut Attempt) {
        failed.address = self.address;
        failed.protocol = Some(self.protocol);
        failed.reused = self.reused;
    }

    /// The failure of one that failed on it.
    pub(crate) fn stamped(self, mut failed: AttemptError) -> AttemptError {
        self.stamp(failed.attempt());
        failed
    }
}

/// Which HTTP is spoken on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HttpProtocol {
    /// HTTP/1.1: one request at a time.
    Http1,
    /// HTTP/2: requests side by side, each in a stream of its own.
    Http2,
}

impl HttpProtocol {
    /// What TLS calls it.
    #[cfg(feature = "tls")]
    pub(crate) fn alpn(self) -> &'static [u8] {
        match self {
            Self::Http1 => b"http/1.1",
            Self::Http2 => b"h2",
        }
    }

    /// The version, as telemetry names it.
    pub(crate) fn version(self) -> &'static str {
        match self {
            Self::Http1 => "1.1",
            Self::Http2 => "2",
        }
    }
}
