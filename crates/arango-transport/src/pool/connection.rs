//! What a request has of a connection: all of it, or one of its streams.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use hyper::client::conn::TrySendError;
use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::alarm::Alarm;
use super::h1::Http1;
use super::h2::Stream;
use crate::attempt_error::AttemptError;
use crate::failed_attempt::Phase;
use crate::opened::Via;
use crate::outgoing::Incoming;
use crate::{Body, ErrorKind, Outcome, PoolLimits};

/// What hyper's future of an answer gives.
pub(super) type Sent = Result<Response<hyper::body::Incoming>, Unsent>;
type Unsent = TrySendError<Request<Full<Bytes>>>;

/// How long a connection may live.
#[derive(Debug, Clone, Copy)]
pub(super) struct Life {
    /// Since it was opened.
    pub(super) age: Duration,
    /// Since it was used last.
    pub(super) idle: Duration,
}

/// What one request has to itself until its answer was read.
pub(super) enum Connection {
    /// A whole connection. Dropping it closes it.
    Http1(Http1),
    /// One stream of a connection. Dropping it makes room for another, and leaves the connection.
    Http2(Stream),
}

impl Connection {
    /// Hands the request over at once; the future is that of the answer, or `None` if it does not come
    /// in time.
    pub(super) fn send(
        &mut self,
        request: Request<Full<Bytes>>,
        until: Instant,
    ) -> impl Future<Output = Option<Result<Incoming, Box<Unsent>>>> {
        match self {
            Self::Http1(connection) => {
                let inner = Sending::Http1 { sent: connection.send(request) };
                Answer { inner, alarm: connection.alarm(), until }
            }
            Self::Http2(stream) => {
                let inner = Sending::Http2 { sent: stream.send(request) };
                Answer { inner, alarm: stream.alarm(), until }
            }
        }
    }

    /// Waits until it can take a request; `false` if it never will, or not soon.
    pub(super) async fn ready(&mut self, until: Instant) -> bool {
        match self {
            Self::Http1(connection) => connection.ready(until).await,
            Self::Http2(stream) => stream.is_open(),
        }
    }

    /// Whether it has rested before it came to who has it now: whoever uses it then cannot know
    /// whether the other end was just closing it. One that never carried a request may have rested too.
    pub(super) fn reused(&self) -> bool {
        match self {
            Self::Http1(connection) => connection.reused(),
            Self::Http2(stream) => stream.reused(),
        }
    }

    /// Since when nobody had used it before who has it now.
    pub(super) fn idle_since(&self) -> Instant {
        match self {
            Self::Http1(connection) => connection.idle_since(),
            Self::Http2(stream) => stream.idle_since(),
        }
    }

    pub(super) fn via(&self) -> Via {
        match self {
            Self::Http1(connection) => connection.via(),
            Self::Http2(stream) => stream.via(),
        }
    }

    /// Whether an answer has come on it before.
    pub(super) fn answered(&self) -> bool {
        match self {
            Self::Http1(connection) => connection.answered(),
            Self::Http2(stream) => stream.answered(),
        }
    }

    /// Reads from its first answer how long it may be idle; tells what it read.
    pub(super) fn learn(&mut self, answer: &HeaderMap, limits: &PoolLimits) -> Option<Duration> {
        match self {
            Self::Http1(connection) => Some(connection.learn(answer, limits)),
            // HTTP/2 has no header that says for how long connections are kept.
            Self::Http2(stream) => {
                stream.learn();
                None
            }
        }
    }

    /// Whether a failure on it speaks for the whole connection, and so for others like it.
    pub(super) fn is_broken(&self) -> bool {
        match self {
            Self::Http1(_) => true,
            Self::Http2(stream) => !stream.is_open(),
        }
    }

    /// The failure of every request, if the coordinator refused the client after the handshake and before any answer.
    #[cold]
    pub(super) fn refused(&self) -> Option<AttemptError> {
        let refusal = match self {
            Self::Http1(connection) => connection.refusal(),
            Self::Http2(stream) => stream.refusal(),
        };
        Some(self.stamped(refused(refusal?)))
    }

    /// Makes a request that was given back what it was before it was handed over.
    #[cold]
    pub(super) fn take_back(&self, request: &mut Request<Full<Bytes>>) {
        if let Self::Http2(stream) = self {
            stream.take_back(request);
        }
    }

    /// What an error means after the request was handed over and not given back.
    pub(super) fn failed(&self, error: hyper::Error) -> AttemptError {
        self.stamped(match self {
            Self::Http1(connection) => connection.failed(error),
            Self::Http2(stream) => stream.failed(error),
        })
    }

    /// The failure of a request whose answer does not come in time. It may be executed yet.
    pub(super) fn silent(&self) -> AttemptError {
        self.stamped(AttemptError::new(ErrorKind::AttemptTimeout, Outcome::Unknown, Phase::Sent))
    }

    /// Writes down which connection a request failed on.
    pub(super) fn stamped(&self, error: AttemptError) -> AttemptError {
        self.via().stamped(error)
    }
}

/// The failure of a request on a connection whose TLS the coordinator has refused after the handshake.
#[cold]
pub(super) fn refused(refusal: &str) -> AttemptError {
    AttemptError::new(ErrorKind::TlsCertificate, Outcome::NotExecuted, Phase::Tls).because(refusal.to_owned())
}

pin_project! {
    /// A request on its way, by either.
    #[project = Projected]
    enum Sending<A, B> {
        Http1 { #[pin] sent: A },
        Http2 { #[pin] sent: B },
    }
}

impl<A, B> Future for Sending<A, B>
where
    A: Future<Output = Sent>,
    B: Future<Output = Sent>,
{
    type Output = Sent;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Sent> {
        match self.project() {
            Projected::Http1 { sent } => sent.poll(cx),
            Projected::Http2 { sent } => sent.poll(cx),
        }
    }
}

pin_project! {
    /// An answer on its way, and how long it may take.
    ///
    /// Not an async function, which would keep the request beside the future that took it.
    struct Answer<'a, F> {
        #[pin]
        inner: F,
        alarm: &'a mut Alarm,
        until: Instant,
    }
}

impl<F: Future<Output = Sent>> Future for Answer<'_, F> {
    type Output = Option<Result<Incoming, Box<Unsent>>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.inner.poll(cx) {
            // Into its box as soon as it is there: it is large, and passes from hand to hand.
            Poll::Ready(Ok(answer)) => Poll::Ready(Some(Ok(Box::new(answer.map(Body::coming))))),
            Poll::Ready(Err(unsent)) => Poll::Ready(Some(Err(Box::new(unsent)))),
            Poll::Pending => this.alarm.poll(*this.until, cx).map(|()| None),
        }
    }
}
