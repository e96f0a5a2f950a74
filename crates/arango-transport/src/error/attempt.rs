//! Failed attempts of a call.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arango_protocol::{ErrorKind, ErrorNumber, Outcome};
use http::StatusCode;

use crate::error::unsupported::Unsupported;
use crate::error::wording::{self, MAX_MESSAGE_CHARS, ServerDetails};
use crate::types::coordinator::Coordinator;
use crate::types::http_protocol::HttpProtocol;
use crate::types::printable::Printable;
use crate::types::token::Token;

/// The phase in which an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Before a connection was requested.
    Waiting,
    /// Waiting for a free connection.
    Acquire,
    /// Resolving the host name and connecting.
    Connect,
    /// During the TLS handshake.
    Tls,
    /// After the request was passed to a connection.
    ///
    /// Before the response head arrived.
    Sent,
    /// After the response head arrived.
    Body,
}

impl Phase {
    pub(crate) const ALL: [Self; 6] =
        [Self::Waiting, Self::Acquire, Self::Connect, Self::Tls, Self::Sent, Self::Body];
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Waiting => "before a connection was requested",
            Self::Acquire => "waiting for a connection",
            Self::Connect => "connecting",
            Self::Tls => "making the TLS handshake",
            Self::Sent => "waiting for the response",
            Self::Body => "reading the response",
        })
    }
}

/// How many of the first attempts an error keeps, and at most as many of the last ones.
pub(crate) const FIRST_ATTEMPTS_KEPT: usize = 8;

/// A failed attempt.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "the flags are independent of each other")]
#[non_exhaustive]
pub struct Attempt {
    /// The coordinator of the attempt; `None` if none was chosen.
    pub coordinator: Option<Coordinator>,
    /// The address of the connection.
    pub address: Option<SocketAddr>,
    /// The HTTP version of the connection.
    ///
    /// `None` if the request was not passed to one.
    pub protocol: Option<HttpProtocol>,
    /// Whether the connection had been used before.
    pub reused: bool,
    /// The phase in which it failed.
    pub phase: Phase,
    /// What went wrong.
    pub kind: ErrorKind,
    /// What is known about its execution.
    pub outcome: Outcome,
    /// The response status, if there was a response.
    pub status: Option<StatusCode>,
    /// The ArangoDB error number of the response.
    pub number: Option<ErrorNumber>,
    /// The human-readable error message of the server.
    pub message: Option<String>,
    /// The delay requested by the `Retry-After` header of the response.
    pub retry_after: Option<Duration>,
    /// The leader reported by the coordinator.
    ///
    /// Used only if it is one of the client's coordinators.
    pub leader: Option<Coordinator>,
    /// The id of the server to which the coordinator forwarded the request.
    pub forwarded_to: Option<String>,
    /// Whether it was a hedged attempt.
    ///
    /// Such an attempt is made while another attempt is unusually slow.
    pub hedge: bool,
    /// The backoff before it.
    pub waited_before: Duration,
    /// The duration of the attempt.
    pub elapsed: Duration,
    /// The underlying error.
    pub source: Option<Arc<dyn std::error::Error + Send + Sync>>,
    /// What the coordinator lacks because of its version, if that is the cause.
    pub(crate) unsupported: Option<Arc<Unsupported>>,
    /// The token that it carried, kept until the retry decision.
    pub(crate) token: Option<Arc<Token>>,
    /// Whether another attempt on the same connection has already reported its loss.
    pub(crate) already_reported: bool,
    /// Whether the call left less time for connecting than the limits of the client.
    pub(crate) is_cut_short: bool,
    /// Whether the response came from ArangoDB, or its origin cannot be determined.
    pub(crate) is_arangodb: bool,
}

impl Attempt {
    /// Creates a failed attempt; all other fields are unset.
    pub(crate) fn new(kind: ErrorKind, outcome: Outcome, phase: Phase) -> Self {
        Self {
            coordinator: None,
            address: None,
            protocol: None,
            reused: false,
            phase,
            kind,
            outcome,
            status: None,
            number: None,
            message: None,
            retry_after: None,
            leader: None,
            forwarded_to: None,
            hedge: false,
            waited_before: Duration::ZERO,
            elapsed: Duration::ZERO,
            source: None,
            unsupported: None,
            token: None,
            already_reported: false,
            is_cut_short: false,
            is_arangodb: true,
        }
    }

    /// Returns whether the connection may have closed while idle, before the request arrived.
    ///
    /// An idle HTTP/2 connection is closed with GOAWAY, and requests sent meanwhile are reported as not
    /// processed.
    pub(crate) fn may_be_stale(&self) -> bool {
        self.reused && self.protocol != Some(HttpProtocol::Http2)
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(coordinator) = &self.coordinator {
            write!(f, "{coordinator}: ")?;
        }
        let message = self.message.as_deref().filter(|_| self.kind != ErrorKind::UnknownServer);
        let cause = self.source.as_ref().map(|source| &**source as _);
        let cause = wording::shown_cause(self.kind, cause);
        let headline = wording::headline(self.kind.to_string(), message, cause);
        let headline = wording::without_number(headline, self.number);
        write!(f, "{headline} (")?;
        let login = wording::login(self.source.as_deref());
        let status = self.status.or_else(|| login?.status());
        let number = self.number.or_else(|| login?.error_number());
        ServerDetails { status, number, retry_after: self.retry_after }.write(f, &headline)?;
        if let Some(server) = &self.forwarded_to {
            write!(f, "forwarded to {}, ", Printable::new(server, MAX_MESSAGE_CHARS))?;
        }
        write!(f, "{}, {}", self.outcome, self.phase)?;
        if self.reused {
            f.write_str(", reused connection")?;
        }
        if self.hedge {
            f.write_str(", hedged")?;
        }
        if !self.elapsed.is_zero() {
            write!(f, ", after {:.1?}", self.elapsed)?;
        }
        f.write_str(")")
    }
}
