//! The byte stream of a connection, which is read and flushed only when there is a reason to.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::pool::sub_waker::SubWaker;
use crate::types::io::Io;

/// A byte stream that leaves out reads and flushes which can do nothing.
///
/// hyper reads and flushes several times for each request, also before the response can have arrived. That is expensive
/// over TLS.
///
/// After a read that returned `Pending`, the stream is read again once it has woken its task or was written to. It is
/// flushed if it was written or read since the last flush: TLS answers some messages by itself.
pub(super) struct ConnectionIo<S = Box<dyn Io>> {
    stream: S,
    waker: SubWaker,
    was_written: bool,
    was_read: bool,
}

impl<S> ConnectionIo<S> {
    /// Wraps a stream, which may contain writes that are not flushed yet.
    pub(super) fn new(stream: S) -> Self {
        Self { stream, waker: SubWaker::default(), was_written: true, was_read: false }
    }

    /// Returns the stream for a write.
    fn for_write(&mut self) -> Pin<&mut S>
    where
        S: Unpin,
    {
        self.was_written = true;
        self.make_read_due();
        Pin::new(&mut self.stream)
    }

    /// Leaves out no read after the stream may have replaced the waker of the last one, as TLS does when it reads in a write.
    fn make_read_due(&self) {
        self.waker.set_woken();
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ConnectionIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, waker, was_read, .. } = &mut *self;
        let Some(read_waker) = waker.if_woken(cx) else { return Poll::Pending };
        *was_read = true;
        let read = Pin::new(stream).poll_read(&mut Context::from_waker(read_waker), buffer);
        if read.is_ready() {
            // There may be more.
            waker.set_woken();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ConnectionIo<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.for_write().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.was_written || self.was_read {
            let flushed = Pin::new(&mut self.stream).poll_flush(cx);
            if self.was_written || flushed.is_pending() {
                self.make_read_due();
            }
            ready!(flushed)?;
            (self.was_written, self.was_read) = (false, false);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.for_write().poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.for_write().poll_write_vectored(cx, parts)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    /// A stream that counts how often it is read.
    struct Counting {
        stream: DuplexStream,
        reads: usize,
        /// Whether a write reads too, and registers its waker for reading.
        reads_on_write: bool,
    }

    impl AsyncRead for Counting {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            self.reads += 1;
            Pin::new(&mut self.stream).poll_read(cx, buffer)
        }
    }

    impl AsyncWrite for Counting {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            if self.reads_on_write {
                assert!(Pin::new(&mut self.stream).poll_read(cx, &mut ReadBuf::new(&mut [0])).is_pending());
            }
            Pin::new(&mut self.stream).poll_write(cx, bytes)
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_flush(cx)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_shutdown(cx)
        }
    }

    /// A task that counts how often it was woken.
    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn counting(reads_on_write: bool) -> (ConnectionIo<Counting>, DuplexStream) {
        let (stream, peer) = duplex(64);
        (ConnectionIo::new(Counting { stream, reads: 0, reads_on_write }), peer)
    }

    /// Reads up to two bytes; `None` if it has to wait.
    fn read(stream: &mut ConnectionIo<Counting>, task: &Arc<Task>) -> Option<Vec<u8>> {
        let (waker, mut bytes) = (Arc::clone(task).into(), [0; 2]);
        let mut buffer = ReadBuf::new(&mut bytes);
        let read = Pin::new(stream).poll_read(&mut Context::from_waker(&waker), &mut buffer);
        read.is_ready().then(|| buffer.filled().to_vec())
    }

    #[tokio::test]
    async fn a_stream_that_has_to_wait_is_read_again_only_after_it_has_woken_the_task() {
        let (mut stream, mut peer) = counting(false);
        let task = Arc::<Task>::default();
        for _ in 0..3 {
            assert_eq!(read(&mut stream, &task), None);
        }
        assert_eq!(stream.stream.reads, 1);
        peer.write_all(b"abc").await.unwrap();
        assert_eq!(task.0.load(Ordering::Relaxed), 1, "the task is woken");
        assert_eq!(read(&mut stream, &task).unwrap(), b"ab");
        assert_eq!(read(&mut stream, &task).unwrap(), b"c", "what is left is read without waking the task");
        assert_eq!((read(&mut stream, &task), read(&mut stream, &task)), (None, None));
        assert_eq!(stream.stream.reads, 4);
        let other = Arc::<Task>::default();
        assert_eq!(read(&mut stream, &other), None);
        drop(peer);
        assert_eq!(other.0.load(Ordering::Relaxed), 1, "the task that has read last is woken");
        assert_eq!(read(&mut stream, &other).unwrap(), b"", "the end");
    }

    #[tokio::test]
    async fn a_flush_after_a_read_makes_no_other_read_due_and_the_task_is_still_woken() {
        let (mut stream, mut peer) = counting(false);
        let task = Arc::<Task>::default();
        assert_eq!(read(&mut stream, &task), None);
        let flush = |stream: &mut ConnectionIo<Counting>| {
            let waker = Arc::clone(&task).into();
            Pin::new(stream).poll_flush(&mut Context::from_waker(&waker)).is_ready()
        };
        // The first one flushes what was written before, which makes a read due.
        assert!(flush(&mut stream));
        assert_eq!(read(&mut stream, &task), None);
        assert!(flush(&mut stream));
        assert_eq!(read(&mut stream, &task), None);
        assert_eq!(stream.stream.reads, 2);
        peer.write_all(b"ab").await.unwrap();
        assert_eq!(task.0.load(Ordering::Relaxed), 1);
        assert_eq!(read(&mut stream, &task).unwrap(), b"ab");
    }

    #[tokio::test]
    async fn a_stream_that_reads_when_it_writes_is_read_after_each_write() {
        let (mut stream, mut peer) = counting(true);
        let task = Arc::<Task>::default();
        assert_eq!(read(&mut stream, &task), None);
        stream.write_all(b"request").await.unwrap();
        // The write has replaced the waker of the read, which is registered again by this one.
        assert_eq!(read(&mut stream, &task), None);
        peer.write_all(b"ab").await.unwrap();
        assert_eq!(task.0.load(Ordering::Relaxed), 1);
        assert_eq!(read(&mut stream, &task).unwrap(), b"ab");
    }

    /// A stream that counts its flushes, and completes one only when it is asked for the second time.
    #[derive(Default)]
    struct SlowFlush {
        written: Vec<u8>,
        flushes: usize,
    }

    impl AsyncRead for SlowFlush {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for SlowFlush {
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
        let mut stream = ConnectionIo::new(SlowFlush::default());
        stream.flush().await.unwrap();
        assert_eq!(stream.stream.flushes, 2, "what was written before");
        for (bytes, flushes) in [(b"one", 4), (b"two", 6)] {
            stream.write_all(bytes).await.unwrap();
            for _ in 0..3 {
                stream.flush().await.unwrap();
            }
            assert_eq!(stream.stream.flushes, flushes);
        }
        assert_eq!(stream.stream.written, b"onetwo");
    }

    #[tokio::test]
    async fn a_stream_is_flushed_after_a_read_which_may_have_an_answer_of_tls() {
        let mut stream = ConnectionIo::new(SlowFlush::default());
        stream.flush().await.unwrap();
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
        for _ in 0..3 {
            stream.flush().await.unwrap();
        }
        assert_eq!(stream.stream.flushes, 4);
    }
}
