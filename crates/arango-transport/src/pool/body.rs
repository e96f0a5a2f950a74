//! Responses, and their bodies.

use std::any::Any;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use arango_protocol::ErrorKind;
use bytes::Bytes;
use http::Response;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::error::stream_limit::StreamLimit;
use crate::pool::PooledConnection;
use crate::pool::body_end::{BodyEnd, EndObservers, OnEnd};
use crate::pool::h2::ConnectionLostInBody;
use crate::pool::idle_timeout::IdleTimeout;
use crate::pool::lazy_timer::LazyTimer;
use crate::types::boxed::BoxError;

/// The response to one attempt. Boxed because every layer moves it.
pub(crate) type AttemptResponse = Box<Response<Body>>;

/// The body of a response, buffered or streamed.
///
/// Reading it to the end returns its connection to the pool. Dropping it earlier closes the connection.
pub struct Body {
    repr: Repr,
    /// `None` until it has an idle timeout or an observer.
    streamed: Option<Box<Streamed>>,
}

/// What only a streamed body has.
#[derive(Default)]
struct Streamed {
    idle_timeout: Option<IdleTimeout>,
    observers: EndObservers,
}

enum Repr {
    Buffered(Option<Bytes>),
    Pooled {
        incoming: Incoming,
        connection: Option<PooledConnection>,
    },
    /// A body returned by user middleware.
    Foreign(UnsyncBoxBody<Bytes, BoxError>),
}

impl Body {
    pub(crate) fn buffered(bytes: Bytes) -> Self {
        Self { repr: Repr::Buffered(Some(bytes)), streamed: None }
    }

    /// Creates a body that is read from the connection.
    pub(crate) fn pending(incoming: Incoming) -> Self {
        Self { repr: Repr::Pooled { incoming, connection: None }, streamed: None }
    }

    /// Attaches the connection, which returns to the pool when the body has been read.
    pub(crate) fn with_connection(&mut self, pooled: PooledConnection) {
        if let Repr::Pooled { connection, .. } = &mut self.repr {
            *connection = Some(pooled);
        }
    }

    /// Wraps any body. A [`Body`] is returned unchanged.
    pub(crate) fn from_foreign<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let mut body = Some(body);
        if let Some(ours) = (&mut body as &mut dyn Any).downcast_mut::<Option<Self>>() {
            return ours.take().expect("it was just put there");
        }
        let body = body.expect("it was not taken");
        Self { repr: Repr::Foreign(body.map_err(Into::into).boxed_unsync()), streamed: None }
    }

    /// Makes the body fail when no data arrives for `idle`.
    pub(crate) fn with_idle_timeout(mut self, idle: Duration) -> Self {
        self.streamed.get_or_insert_default().idle_timeout = Some(IdleTimeout::new(idle));
        self
    }

    /// Passes the end of the body to `observer`, at once if there is nothing to be read.
    pub(crate) fn on_end(&mut self, observer: OnEnd) {
        if HttpBody::is_end_stream(self) {
            return observer(BodyEnd::Complete);
        }
        self.streamed.get_or_insert_default().observers.add(observer);
    }

    /// Ends the body for its observers, for a reason that the body does not know.
    pub(crate) fn end(&mut self, end: BodyEnd) {
        if let Some(streamed) = &mut self.streamed {
            streamed.observers.end(end);
        }
    }

    /// Takes the whole body if it is buffered, without waiting.
    ///
    /// It is buffered for every call that is not [`streaming`](crate::Call::streaming), unless middleware
    /// replaced it.
    pub fn take_buffered(&mut self) -> Option<Bytes> {
        let Repr::Buffered(bytes) = &mut self.repr else { return None };
        let bytes = bytes.take().unwrap_or_default();
        self.end(BodyEnd::Complete);
        Some(bytes)
    }

    /// Returns the buffered bytes, empty if the body is not buffered.
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.repr {
            Repr::Buffered(Some(bytes)) => bytes,
            _ => &[],
        }
    }

    /// Returns whether the whole body is buffered.
    pub(crate) fn is_buffered(&self) -> bool {
        matches!(self.repr, Repr::Buffered(_))
    }

    /// Reads the body to its end and buffers it.
    ///
    /// Reads at most `limit` bytes, and waits at most `idle` for each part and never beyond `deadline`. On an
    /// error the connection is closed and the buffered body is empty.
    pub(crate) async fn buffer(
        &mut self,
        limit: usize,
        idle: Duration,
        deadline: Instant,
    ) -> Result<(), Interrupted> {
        if self.is_buffered() {
            return Ok(());
        }
        // Nearly every response is one part that arrives together with the head. Those need neither a clock
        // nor a timer, and the slow path is boxed to keep this future small.
        let read = match poll_fn(|cx| Poll::Ready(Pin::new(&mut *self).poll_frame(cx))).await {
            Poll::Ready(Some(Ok(frame))) if self.is_end_stream() => match frame.into_data() {
                Ok(first) if first.len() <= limit => Ok(first),
                Ok(_) => Err(Interrupted::new(ErrorKind::BodyTooLarge)),
                Err(_) => Ok(Bytes::new()),
            },
            Poll::Ready(None) => Ok(Bytes::new()),
            Poll::Ready(Some(frame)) => Box::pin(self.read_parts(Some(frame), limit, idle, deadline)).await,
            Poll::Pending => Box::pin(self.read_parts(None, limit, idle, deadline)).await,
        };
        match read {
            Ok(bytes) => {
                self.repr = Repr::Buffered(Some(bytes));
                Ok(())
            }
            Err(interrupted) => {
                self.repr = Repr::Buffered(None);
                Err(interrupted)
            }
        }
    }

    /// Reads the body part by part, starting with `part` if it has arrived already.
    async fn read_parts(
        &mut self,
        mut part: Option<Result<Frame<Bytes>, BoxError>>,
        limit: usize,
        idle: Duration,
        deadline: Instant,
    ) -> Result<Bytes, Interrupted> {
        let received = part.as_ref().and_then(|part| part.as_ref().ok()?.data_ref()).map_or(0, Bytes::len);
        let remaining = usize::try_from(self.size_hint().lower()).unwrap_or(usize::MAX);
        let announced = received.saturating_add(remaining);
        let (mut whole, mut timer) = (Vec::new(), LazyTimer::default());
        loop {
            let frame = match part.take() {
                Some(frame) => frame,
                None if self.is_end_stream() => return Ok(whole.into()),
                None => {
                    let limit_at = (Instant::now() + idle).min(deadline);
                    match timer.limit(limit_at, self.frame()).await {
                        Some(Some(frame)) => frame,
                        Some(None) => return Ok(whole.into()),
                        None if limit_at == deadline => {
                            return Err(Interrupted::new(ErrorKind::DeadlineExceeded));
                        }
                        None => return Err(Interrupted::new(ErrorKind::BodyTimeout)),
                    }
                }
            };
            let frame = frame.map_err(Interrupted::with_source)?;
            if let Some(data) = frame.data_ref() {
                let length = whole.len() + data.len();
                if length > limit {
                    return Err(Interrupted::new(ErrorKind::BodyTooLarge));
                }
                if length > whole.capacity() {
                    whole.reserve_exact(capacity(length, announced, limit) - whole.len());
                }
                whole.extend_from_slice(data);
            }
        }
    }
}

/// Returns the capacity for a body of which `arrived` bytes have arrived.
///
/// Never more than twice of what has arrived, because anyone can announce a length.
fn capacity(arrived: usize, announced: usize, limit: usize) -> usize {
    let expected = if arrived <= announced { announced } else { limit };
    arrived.saturating_mul(2).min(expected).min(limit).max(arrived)
}

/// The reason why a body cannot be decoded.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct UndecodableBody(pub(crate) String);

/// No part of a body arrived in time.
#[derive(Debug, thiserror::Error)]
#[error("no part of the body arrived for {0:?}")]
struct IdleTimeoutExpired(Duration);

/// The reason why a body could not be read to its end.
#[derive(Debug)]
pub(crate) struct Interrupted {
    pub(crate) kind: ErrorKind,
    pub(crate) source: Option<BoxError>,
}

impl Interrupted {
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self { kind, source: None }
    }

    pub(crate) fn by_stream_limit(kind: ErrorKind, limit: StreamLimit) -> Self {
        Self { kind, source: Some(limit.into()) }
    }

    pub(crate) fn with_source(error: BoxError) -> Self {
        Self { kind: kind_of(&error), source: Some(error) }
    }

    /// Reports the loss of the connection, if that is the reason; returns whether it has already been reported.
    pub(crate) fn report_loss(&self) -> bool {
        self.source.as_ref().is_some_and(report_loss)
    }
}

/// Returns the kind of an error of a body.
fn kind_of(error: &BoxError) -> ErrorKind {
    if error.is::<UndecodableBody>() {
        ErrorKind::Decode
    } else if error.is::<IdleTimeoutExpired>() {
        ErrorKind::BodyTimeout
    } else {
        ErrorKind::BodyInterrupted
    }
}

/// Reports the loss of the connection, if the error is one; returns whether another stream has already reported it.
fn report_loss(error: &BoxError) -> bool {
    error.downcast_ref().is_some_and(ConnectionLostInBody::report)
}

impl Repr {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self {
            Self::Buffered(bytes) => Poll::Ready(
                bytes.take().filter(|bytes| !bytes.is_empty()).map(|bytes| Ok(Frame::data(bytes))),
            ),
            Self::Pooled { incoming, connection } => {
                let frame = ready!(match connection {
                    Some(connection) => connection.poll_body(incoming, cx),
                    None => Pin::new(&mut *incoming).poll_frame(cx).map_err(Into::into),
                });
                let ended = frame.is_none() || incoming.is_end_stream();
                if let Some(connection) = connection.take_if(|_| ended) {
                    connection.finish();
                }
                Poll::Ready(frame)
            }
            Self::Foreign(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Buffered(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Self::Pooled { incoming, .. } => incoming.is_end_stream(),
            Self::Foreign(body) => body.is_end_stream(),
        }
    }
}

impl Drop for Repr {
    fn drop(&mut self) {
        // A response without a body has ended even if the body is never read.
        if let Self::Pooled { incoming, connection } = self
            && let Some(connection) = connection.take_if(|_| incoming.is_end_stream())
        {
            connection.finish();
        }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let frame = this.repr.poll_frame(cx);
        let Some(streamed) = &mut this.streamed else { return frame };
        match &frame {
            Poll::Pending => {
                let Some(idle_timeout) = &mut streamed.idle_timeout else { return Poll::Pending };
                let idle = ready!(idle_timeout.poll(cx));
                // The rest is never read, so the connection is closed instead of being returned.
                this.repr = Repr::Buffered(None);
                streamed.observers.end(BodyEnd::failed(ErrorKind::BodyTimeout));
                return Poll::Ready(Some(Err(IdleTimeoutExpired(idle).into())));
            }
            Poll::Ready(Some(Err(error))) => {
                let already_reported = report_loss(error);
                streamed.observers.end(BodyEnd::Failed { kind: kind_of(error), already_reported });
            }
            Poll::Ready(Some(Ok(_))) if !this.repr.is_end_stream() => {
                if let Some(idle_timeout) = &mut streamed.idle_timeout {
                    idle_timeout.record_part();
                }
            }
            // Also with its last part: the caller need not ask for more.
            Poll::Ready(_) => streamed.observers.end(BodyEnd::Complete),
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.repr.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.repr {
            Repr::Buffered(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Repr::Pooled { incoming, .. } => incoming.size_hint(),
            Repr::Foreign(body) => body.size_hint(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.repr {
            Repr::Buffered(_) => "Buffered",
            Repr::Pooled { .. } => "Pooled",
            Repr::Foreign(_) => "Foreign",
        };
        f.debug_tuple("Body").field(&format_args!("{kind}")).finish()
    }
}
