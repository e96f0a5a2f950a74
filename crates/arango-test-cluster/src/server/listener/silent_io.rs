//! I/O that says nothing to a client that does not speak HTTP.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::first_line::FirstLine;

/// The response to a request in an unknown version of HTTP.
const UNKNOWN_VERSION: &[u8] =
    b"HTTP/1.1 505 HTTP Version Not Supported\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n";

/// A stream that drops responses until a request was read.
///
/// A server closes a connection that does not begin with a request, and sends nothing; hyper would send an error. Bytes
/// after a request that are not a request get that error in both. Only an unknown version of HTTP has a response.
pub(super) struct SilentIo<I, F> {
    inner: I,
    has_read_request: F,
    first_line: FirstLine,
    /// How many bytes of the response to an unknown version were sent.
    sent: usize,
}

impl<I, F: Fn() -> bool> SilentIo<I, F> {
    pub(super) fn new(inner: I, has_read_request: F) -> Self {
        Self { inner, has_read_request, first_line: FirstLine::default(), sent: 0 }
    }
}

impl<I: AsyncRead + Unpin, F: Unpin> AsyncRead for SilentIo<I, F> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        self.first_line.extend(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<I: AsyncWrite + Unpin, F: Fn() -> bool + Unpin> AsyncWrite for SilentIo<I, F> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // Over HTTP/2 there are frames before the first request, which must be sent.
        if !bytes.starts_with(b"HTTP/1.") || (self.has_read_request)() {
            return Pin::new(&mut self.inner).poll_write(cx, bytes);
        }
        if self.first_line.has_unknown_version() {
            while self.sent < UNKNOWN_VERSION.len() {
                let rest = &UNKNOWN_VERSION[self.sent..];
                match ready!(Pin::new(&mut self.inner).poll_write(cx, rest))? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    sent => self.sent += sent,
                }
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
