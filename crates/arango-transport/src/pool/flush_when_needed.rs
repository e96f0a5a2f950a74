//! A byte stream that is flushed only when there may be something to flush.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::read_when_woken::ReadWhenWoken;

/// A byte stream that ignores a flush if it was neither written nor read since the last one.
///
/// hyper flushes several times for each request, which is expensive over TLS. A read may have something to be flushed:
/// TLS answers some messages by itself.
pub(super) struct FlushWhenNeeded<S> {
    stream: ReadWhenWoken<S>,
    /// Whether everything that was written is flushed.
    is_flushed: bool,
    /// Whether it was read since the last flush.
    is_read: bool,
}

impl<S> FlushWhenNeeded<S> {
    /// Wraps a stream, which may contain writes that are not flushed yet.
    pub(super) fn new(stream: ReadWhenWoken<S>) -> Self {
        Self { stream, is_flushed: false, is_read: false }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FlushWhenNeeded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FlushWhenNeeded<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.is_flushed = false;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, is_flushed, is_read } = &mut *self;
        *is_read |= stream.take_was_read();
        if !*is_flushed {
            ready!(Pin::new(stream).poll_flush(cx))?;
        } else if *is_read {
            ready!(stream.flush_after_read(cx))?;
        }
        (*is_flushed, *is_read) = (true, false);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.is_flushed = false;
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// A stream that counts its flushes, and completes one only when it is asked for the second time.
    #[derive(Default)]
    struct Counting {
        written: Vec<u8>,
        flushes: usize,
    }

    impl AsyncRead for Counting {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Counting {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.written).poll_write(cx, bytes)
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.flushes += 1;
            if !self.flushes.is_multiple_of(2) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn a_stream_is_flushed_to_the_end_after_each_write_and_not_again() {
        let mut stream = FlushWhenNeeded::new(ReadWhenWoken::new(Counting::default()));
        stream.flush().await.unwrap();
        assert_eq!(stream.stream.stream().flushes, 2, "what was written before");
        for (bytes, flushes) in [(b"one", 4), (b"two", 6)] {
            stream.write_all(bytes).await.unwrap();
            for _ in 0..3 {
                stream.flush().await.unwrap();
            }
            assert_eq!(stream.stream.stream().flushes, flushes);
        }
        assert_eq!(stream.stream.stream().written, b"onetwo");
    }

    #[tokio::test]
    async fn a_stream_is_flushed_after_a_read_which_may_have_an_answer_of_tls() {
        let mut stream = FlushWhenNeeded::new(ReadWhenWoken::new(Counting::default()));
        stream.flush().await.unwrap();
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
        for _ in 0..3 {
            stream.flush().await.unwrap();
        }
        assert_eq!(stream.stream.stream().flushes, 4);
    }
}
