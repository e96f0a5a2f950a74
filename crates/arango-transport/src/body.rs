//! The body of an answer.

use std::any::Any;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep, timeout_at};

use crate::encoded::Undecodable;
use crate::pool::Lease;
use crate::{BoxError, ErrorKind};

/// The body of an answer: whole, or still on its way.
///
/// Read to the end it gives its connection back; dropped before that it closes it.
pub struct Body {
    repr: Repr,
    /// Ends a body that is handed over as it comes when it stands still; nobody else does.
    watch: Option<Box<Watch>>,
}

/// How long a body may stand still, and since when it does.
struct Watch {
    idle: Duration,
    still: Option<Pin<Box<Sleep>>>,
}

enum Repr {
    Whole(Option<Bytes>),
    Leased {
        incoming: Incoming,
        lease: Option<Lease>,
    },
    /// What a user's layer made of it.
    Foreign(UnsyncBoxBody<Bytes, BoxError>),
}

impl Body {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self { repr: Repr::Whole(Some(bytes)), watch: None }
    }

    /// One that is still on its way.
    pub(crate) fn coming(incoming: Incoming) -> Self {
        Self { repr: Repr::Leased { incoming, lease: None }, watch: None }
    }

    /// Hands over the connection that it comes on, to be given back when it has been read to the end.
    pub(crate) fn lend(&mut self, connection: Lease) {
        if let Repr::Leased { lease, .. } = &mut self.repr {
            *lease = Some(connection);
        }
    }

    /// Takes any body; one of ours stays as it is.
    pub(crate) fn from_foreign<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let mut body = Some(body);
        if let Some(ours) = (&mut body as &mut dyn Any).downcast_mut::<Option<Self>>() {
            return ours.take().expect("it was just put there");
        }
        let body = body.expect("it was not taken");
        Self { repr: Repr::Foreign(body.map_err(Into::into).boxed_unsync()), watch: None }
    }

    /// Lets the body fail when it stands still for `idle`.
    pub(crate) fn watched(mut self, idle: Duration) -> Self {
        self.watch = Some(Box::new(Watch { idle, still: None }));
        self
    }

    /// Takes the whole body if it is there already, without waiting.
    ///
    /// It is, for every call that is not [`streaming`](crate::Call::streaming), unless a layer of
    /// the user's made another of it.
    pub fn take_whole(&mut self) -> Option<Bytes> {
        match &mut self.repr {
            Repr::Whole(bytes) => Some(bytes.take().unwrap_or_default()),
            _ => None,
        }
    }

    /// All of it, once it is whole.
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.repr {
            Repr::Whole(Some(bytes)) => bytes,
            _ => &[],
        }
    }

    /// Whether nothing of it is still on its way.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.repr, Repr::Whole(_))
    }

    /// Reads to the end, at most `limit` bytes, waiting at most `idle` for each part and not beyond
    /// `deadline`; from then on it is whole.
    ///
    /// One that cannot be read is closed, and whole without a byte.
    pub(crate) async fn make_whole(
        &mut self,
        limit: usize,
        idle: Duration,
        deadline: Instant,
    ) -> Result<(), CutShort> {
        if self.is_whole() {
            return Ok(());
        }
        // Nearly every answer is one part, and it has come together with the head. No clock is read and
        // no timer made for those, and the rest is kept out of their future.
        let read = match poll_fn(|cx| Poll::Ready(Pin::new(&mut *self).poll_frame(cx))).await {
            Poll::Ready(Some(Ok(frame))) if self.is_end_stream() => match frame.into_data() {
                Ok(first) if first.len() <= limit => Ok(first),
                Ok(_) => Err(CutShort::by(ErrorKind::BodyTooLarge)),
                Err(_) => Ok(Bytes::new()),
            },
            Poll::Ready(None) => Ok(Bytes::new()),
            Poll::Ready(Some(frame)) => Box::pin(self.read_parts(Some(frame), limit, idle, deadline)).await,
            Poll::Pending => Box::pin(self.read_parts(None, limit, idle, deadline)).await,
        };
        match read {
            Ok(bytes) => {
                self.repr = Repr::Whole(Some(bytes));
                Ok(())
            }
            Err(cut) => {
                self.repr = Repr::Whole(None);
                Err(cut)
            }
        }
    }

    /// Reads to the end, part by part, beginning with `part` if it has come already.
    async fn read_parts(
        &mut self,
        mut part: Option<Result<Frame<Bytes>, BoxError>>,
        limit: usize,
        idle: Duration,
        deadline: Instant,
    ) -> Result<Bytes, CutShort> {
        let announced = usize::try_from(self.size_hint().lower()).unwrap_or(usize::MAX);
        // What a head announces is believed up to a MiB.
        let mut whole = Vec::with_capacity(announced.min(limit).min(1 << 20));
        loop {
            let frame = match part.take() {
                Some(frame) => frame,
                None if self.is_end_stream() => return Ok(whole.into()),
                None => {
                    let until = (Instant::now() + idle).min(deadline);
                    match timeout_at(until, self.frame()).await {
                        Ok(Some(frame)) => frame,
                        Ok(None) => return Ok(whole.into()),
                        Err(_) if until == deadline => return Err(CutShort::by(ErrorKind::DeadlineExceeded)),
                        Err(_) => return Err(CutShort::by(ErrorKind::BodyTimeout)),
                    }
                }
            };
            let frame = frame.map_err(CutShort::because)?;
            if let Some(data) = frame.data_ref() {
                let length = whole.len() + data.len();
                if length > limit {
                    return Err(CutShort::by(ErrorKind::BodyTooLarge));
                }
                if length > whole.capacity() {
                    // Twice as much, as a vector would, but never more than can be of use.
                    whole.reserve_exact((2 * whole.len()).clamp(length, limit) - whole.len());
                }
                whole.extend_from_slice(data);
            }
        }
    }
}

/// Why a body could not be read to its end.
#[derive(Debug)]
pub(crate) struct CutShort {
    pub(crate) kind: ErrorKind,
    pub(crate) source: Option<BoxError>,
}

impl CutShort {
    fn by(kind: ErrorKind) -> Self {
        Self { kind, source: None }
    }

    fn because(error: BoxError) -> Self {
        let encoded = error.is::<Undecodable>();
        let kind = if encoded { ErrorKind::Decode } else { ErrorKind::BodyInterrupted };
        Self { kind, source: Some(error) }
    }
}

impl Repr {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self {
            Self::Whole(bytes) => Poll::Ready(
                bytes.take().filter(|bytes| !bytes.is_empty()).map(|bytes| Ok(Frame::data(bytes))),
            ),
            Self::Leased { incoming, lease } => {
                let frame = ready!(Pin::new(&mut *incoming).poll_frame(cx));
                let ended = frame.is_none() || incoming.is_end_stream();
                if let Some(lease) = lease.take_if(|_| ended) {
                    lease.finish();
                }
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Self::Foreign(body) => Pin::new(body).poll_frame(cx),
        }
    }
}

impl Drop for Repr {
    fn drop(&mut self) {
        // An answer without a body is at its end before anybody reads it.
        if let Self::Leased { incoming, lease } = self
            && incoming.is_end_stream()
            && let Some(lease) = lease.take()
        {
            lease.finish();
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
        let Some(watch) = &mut this.watch else { return frame };
        if frame.is_ready() {
            watch.still = None;
            return frame;
        }
        let idle = watch.idle;
        let still = watch.still.get_or_insert_with(|| Box::pin(sleep(idle)));
        ready!(still.as_mut().poll(cx));
        // Whatever is left of it is never read: the connection is closed, not given back.
        this.repr = Repr::Whole(None);
        Poll::Ready(Some(Err(format!("the body stood still for {idle:?}").into())))
    }

    fn is_end_stream(&self) -> bool {
        match &self.repr {
            Repr::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Repr::Leased { incoming, .. } => incoming.is_end_stream(),
            Repr::Foreign(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.repr {
            Repr::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Repr::Leased { incoming, .. } => incoming.size_hint(),
            Repr::Foreign(body) => body.size_hint(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.repr {
            Repr::Whole(_) => "Whole",
            Repr::Leased { .. } => "Leased",
            Repr::Foreign(_) => "Foreign",
        };
        f.debug_tuple("Body").field(&format_args!("{kind}")).finish()
    }
}
