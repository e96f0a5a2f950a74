//! The part of a connection that one request uses: all of it, or one stream.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use arango_protocol::{ErrorKind, Outcome};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body as _, Frame};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::client_name;
use super::h1::{self, Http1};
use super::h2::Stream;
use crate::config::limits::PoolLimits;
use crate::connect::connected::ConnectionInfo;
use crate::error::attempt::Phase;
use crate::error::attempt_error::AttemptError;
use crate::pool::body::{AttemptResponse, Body};
use crate::pool::lazy_timer::LazyTimer;
use crate::types::boxed::BoxError;
use crate::types::coordinator::Coordinator;

/// The result of hyper's response future.
pub(super) type Sent = Result<Response<Incoming>, Unsent>;
type Unsent = TrySendError<Request<Full<Bytes>>>;

/// The lifetime limits of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConnectionLimits {
    /// Maximum time since it was opened.
    pub(super) age: Duration,
    /// Maximum time since it was last used.
    pub(super) idle: Duration,
}

/// The connection or stream of one request, until its response has been read.
pub(super) enum Connection {
    /// A whole connection. Dropping it closes it.
    Http1(Http1),
    /// One stream of a connection. Dropping it makes room for another one, and keeps the connection.
    Http2(Stream),
}

impl Connection {
    /// Adds the coordinator's authority, and until the first response the client's name.
    ///
    /// Not in later requests: each header has a cost, and servers only log the name.
    pub(super) fn complete(&self, request: &mut Request<Full<Bytes>>, coordinator: &Coordinator) {
        if !self.has_responded() {
            client_name::add(request.headers_mut());
        }
        match self {
            Self::Http1(_) => h1::complete(request, coordinator),
            Self::Http2(stream) => stream.complete(request),
        }
    }

    /// Sends a [complete](Self::complete) request immediately. The future returns the response, or `None` at the deadline.
    pub(super) fn send(
        &mut self,
        request: Request<Full<Bytes>>,
        deadline: Instant,
    ) -> impl Future<Output = Option<Result<AttemptResponse, Box<Unsent>>>> {
        match self {
            Self::Http1(connection) => {
                let sent = connection.send(request);
                PendingResponse::Http1 { sent, timer: connection.timer(), deadline }
            }
            Self::Http2(stream) => {
                let sent = stream.send(request);
                PendingResponse::Http2 { sent, timer: stream.timer(), deadline }
            }
        }
    }

    /// Waits until the connection accepts a request; `false` if it will not do so soon.
    pub(super) async fn ready(&mut self, until: Instant) -> bool {
        match self {
            Self::Http1(connection) => connection.ready(until).await,
            Self::Http2(stream) => stream.is_open(),
        }
    }

    /// Returns whether the connection was idle before its current use.
    ///
    /// The server may then be closing it. A connection that has carried no request may have been idle too.
    pub(super) fn reused(&self) -> bool {
        match self {
            Self::Http1(connection) => connection.reused(),
            Self::Http2(stream) => stream.reused(),
        }
    }

    /// Returns the start of the idle time before the current use.
    pub(super) fn idle_since(&self) -> Instant {
        match self {
            Self::Http1(connection) => connection.idle_since(),
            Self::Http2(stream) => stream.idle_since(),
        }
    }

    pub(super) fn info(&self) -> ConnectionInfo {
        match self {
            Self::Http1(connection) => connection.info(),
            Self::Http2(stream) => stream.info(),
        }
    }

    /// Returns whether the connection has received a response before.
    pub(super) fn has_responded(&self) -> bool {
        match self {
            Self::Http1(connection) => connection.has_responded(),
            Self::Http2(stream) => stream.has_responded(),
        }
    }

    /// Records the first response. Returns the idle time that it allows.
    pub(super) fn record_first_response(
        &mut self,
        headers: &HeaderMap,
        limits: &PoolLimits,
    ) -> Option<Duration> {
        match self {
            Self::Http1(connection) => Some(connection.record_first_response(headers, limits)),
            // HTTP/2 has no header for the keep-alive time.
            Self::Http2(stream) => {
                stream.record_first_response();
                None
            }
        }
    }

    /// Returns whether a failure affects the whole connection, and possibly similar ones.
    pub(super) fn is_broken(&self) -> bool {
        match self {
            Self::Http1(_) => true,
            Self::Http2(stream) => !stream.is_open(),
        }
    }

    /// Returns the error of all requests after a TLS rejection.
    ///
    /// `None` unless the server rejected the client after the handshake and before any response.
    #[cold]
    pub(super) fn rejection(&self) -> Option<AttemptError> {
        let rejection = match self {
            Self::Http1(connection) => connection.refusal(),
            Self::Http2(stream) => stream.refusal(),
        };
        Some(self.with_connection_info(tls_rejection(rejection?)))
    }

    /// Returns why the connection has ended, if it failed and that is known.
    #[cold]
    pub(super) fn failure(&self) -> Option<Arc<dyn Error + Send + Sync>> {
        match self {
            Self::Http1(connection) => connection.failure(),
            Self::Http2(_) => None,
        }
    }

    /// Restores a request that was returned unsent.
    #[cold]
    pub(super) fn restore_request(&self, request: &mut Request<Full<Bytes>>) {
        if let Self::Http2(stream) = self {
            stream.restore_request(request);
        }
    }

    /// Returns the error of a request that was sent and not returned.
    pub(super) fn failed(&self, error: hyper::Error) -> AttemptError {
        self.with_connection_info(match self {
            Self::Http1(connection) => connection.failed(error),
            Self::Http2(stream) => stream.failed(error),
        })
    }

    /// Polls the body of the response.
    pub(super) fn poll_body(
        &self,
        body: &mut Incoming,
        cx: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        match self {
            Self::Http1(connection) => connection.poll_body(body, cx),
            Self::Http2(_) => Pin::new(body).poll_frame(cx),
        }
    }

    /// Returns the error of a body that was not read to its end.
    pub(super) fn body_error(&self, error: hyper::Error) -> BoxError {
        match self {
            // The connection has no other body.
            Self::Http1(_) => error.into(),
            Self::Http2(stream) => stream.body_error(error),
        }
    }

    /// Returns the error of a request without a response in time. It may still be executed.
    pub(super) fn timed_out(&self) -> AttemptError {
        self.with_connection_info(AttemptError::new(ErrorKind::AttemptTimeout, Outcome::Unknown, Phase::Sent))
    }

    /// Adds the connection to an error.
    pub(super) fn with_connection_info(&self, error: AttemptError) -> AttemptError {
        self.info().annotate(error)
    }
}

/// Returns the error of a connection whose TLS client the server rejected after the handshake.
#[cold]
pub(super) fn tls_rejection(reason: &str) -> AttemptError {
    AttemptError::new(ErrorKind::TlsCertificate, Outcome::NotExecuted, Phase::Tls)
        .with_source(reason.to_owned())
}

pin_project! {
    /// A pending response with a deadline, over either protocol.
    ///
    /// Not an async function, which would keep the request alive beside the future that consumed it.
    #[project = Projected]
    enum PendingResponse<'a, A, B> {
        Http1 { #[pin] sent: A, timer: &'a mut LazyTimer, deadline: Instant },
        Http2 { #[pin] sent: B, timer: &'a mut LazyTimer, deadline: Instant },
    }
}

impl<A, B> Future for PendingResponse<'_, A, B>
where
    A: Future<Output = Sent>,
    B: Future<Output = Sent>,
{
    type Output = Option<Result<AttemptResponse, Box<Unsent>>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (sent, timer, deadline) = match self.project() {
            Projected::Http1 { sent, timer, deadline } => (sent.poll(cx), timer, deadline),
            Projected::Http2 { sent, timer, deadline } => (sent.poll(cx), timer, deadline),
        };
        let Poll::Ready(sent) = sent else {
            return timer.poll(*deadline, cx).map(|()| None);
        };
        Poll::Ready(Some(match sent {
            // Boxed immediately: it is large, and is moved often.
            Ok(response) => Ok(Box::new(response.map(Body::pending))),
            Err(unsent) => Err(Box::new(unsent)),
        }))
    }
}
