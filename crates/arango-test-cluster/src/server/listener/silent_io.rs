//! I/O that says nothing to a client that does not speak HTTP.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that drops responses until a request was read.
///
/// A server closes a connection that does not begin with a request, and sends nothing; hyper would send an error. Bytes
/// after a request that are not a request get that error in both.
pub(super) struct SilentIo<I, F> {
    inner: I,
    has_read_request: F,
}

impl<I, F: Fn() -> bool> SilentIo<I, F> {
    pub(super) fn new(inner: I, has_read_request: F) -> Self {
        Self { inner, has_read_request }
    }
}

impl<I: AsyncRead + Unpin, F: Unpin> AsyncRead for SilentIo<I, F> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<I: AsyncWrite + Unpin, F: Fn() -> bool + Unpin> AsyncWrite for SilentIo<I, F> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // Over HTTP/2 there are frames before the first request, which must be sent.
        if bytes.starts_with(b"HTTP/1.") && !(self.has_read_request)() {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
