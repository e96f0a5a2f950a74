//! One attempt that did not succeed, and how far it got.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arango_protocol::ErrorNumber;
use http::StatusCode;

use crate::error::wording::{self, MESSAGE, ServerDetails};
use crate::printable::Printable;
use crate::token::Token;
use crate::{Coordinator, ErrorKind, HttpProtocol, Outcome};

/// How far an attempt got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Nothing was asked of a connection yet.
    Waiting,
    /// Waiting for a free connection.
    Acquire,
    /// Resolving the name and connecting.
    Connect,
    /// Making the TLS handshake.
    Tls,
    /// The request was handed to a connection; the head of the answer has not come.
    Sent,
    /// The head of the answer has come.
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
            Self::Sent => "waiting for the answer",
            Self::Body => "reading the answer",
        })
    }
}

/// One attempt that did not succeed.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[non_exhaustive]
pub struct Attempt {
    /// Where it went; `None` if it went nowhere.
    pub coordinator: Option<Coordinator>,
    /// The address it was connected to.
    pub address: Option<SocketAddr>,
    /// Which HTTP was spoken on its connection; `None` if it was handed to none.
    pub protocol: Option<HttpProtocol>,
    /// Whether its connection had carried requests before.
    pub reused: bool,
    /// How far it got.
    pub phase: Phase,
    /// What went wrong.
    pub kind: ErrorKind,
    /// What is known of its execution.
    pub outcome: Outcome,
    /// The status of the answer, if there was one.
    pub status: Option<StatusCode>,
    /// The number by which ArangoDB said what went wrong.
    pub number: Option<ErrorNumber>,
    /// What the server said, for people.
    pub message: Option<String>,
    /// When whoever answered wants to be asked again.
    pub retry_after: Option<Duration>,
    /// Who leads, by the word of the coordinator; followed only if it is one of the client's own.
    pub leader: Option<Coordinator>,
    /// The server that the coordinator handed the request on to, by its id.
    pub forwarded_to: Option<String>,
    /// Whether it was made beside another, whose answer was taking unusually long.
    pub hedge: bool,
    /// The pause before it.
    pub waited: Duration,
    /// How long it took.
    pub elapsed: Duration,
    /// What the layer below said.
    pub source: Option<Arc<dyn std::error::Error + Send + Sync>>,
    /// The token that it wore, as long as it decides what follows.
    pub(crate) token: Option<Arc<Token>>,
    /// Whether another has told already that the connection broke which they shared.
    pub(crate) echo: bool,
    /// Whether something shows, or nothing can show, that ArangoDB wrote the answer.
    pub(crate) recognized: bool,
}

impl Attempt {
    /// An attempt that failed like this, of which nothing else is known yet.
    pub(crate) fn failed(kind: ErrorKind, outcome: Outcome, phase: Phase) -> Self {
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
            waited: Duration::ZERO,
            elapsed: Duration::ZERO,
            source: None,
            token: None,
            echo: false,
            recognized: true,
        }
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(coordinator) = &self.coordinator {
            write!(f, "{coordinator}: ")?;
        }
        let message = self.message.as_deref().filter(|_| self.kind != ErrorKind::UnknownServer);
        let cause = self.source.as_ref().map(|source| &**source as _);
        let headline = wording::headline(self.kind.to_string(), message, cause);
        write!(f, "{headline} (")?;
        let login = wording::login(self.source.as_deref());
        let status = self.status.or_else(|| login?.status());
        let number = self.number.or_else(|| login?.error_number());
        ServerDetails { status, number, retry_after: self.retry_after }.write(f, &headline)?;
        if let Some(server) = &self.forwarded_to {
            write!(f, "forwarded to {}, ", Printable::new(server, MESSAGE))?;
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
