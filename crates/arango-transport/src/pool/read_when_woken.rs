//! A byte stream that is read only when there may be something to read.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::pool::sub_waker::SubWaker;

/// A byte stream whose reads are skipped after one returned `Pending`, until it wakes its task or is written to.
///
/// hyper tries to read several times for each request, also before the response can have arrived. That is
/// expensive over TLS.
pub(super) struct ReadWhenWoken<S> {
    stream: S,
    waker: SubWaker,
    /// Whether the stream was read since this was asked for.
    was_read: bool,
}

impl<S> ReadWhenWoken<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, waker: SubWaker::default(), was_read: false }
    }

    /// Returns whether the stream was read, rather than a read skipped, since the last call.
    pub(super) fn take_was_read(&mut self) -> bool {
        std::mem::take(&mut self.was_read)
    }

    /// Flushes what a read has left to be sent. If that takes no time, the next read stays skipped.
    pub(super) fn flush_after_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>
    where
        S: AsyncWrite + Unpin,
    {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if flushed.is_pending() {
            // It may have replaced the waker of the last read.
            self.waker.set_woken();
        }
        flushed
    }

    #[cfg(test)]
    pub(super) fn stream(&self) -> &S {
        &self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ReadWhenWoken<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, waker, was_read } = &mut *self;
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

impl<S: AsyncWrite + Unpin> ReadWhenWoken<S> {
    /// Returns the stream for a write.
    ///
    /// A stream such as TLS may read when it writes, which replaces the waker of the last read. Therefore the next read
    /// is not left out.
    fn for_write(&mut self) -> Pin<&mut S> {
        self.waker.set_woken();
        Pin::new(&mut self.stream)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReadWhenWoken<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.for_write().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.for_write().poll_flush(cx)
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

    use tokio::io::{AsyncWriteExt, DuplexStream, duplex};

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

    fn counting(reads_on_write: bool) -> (ReadWhenWoken<Counting>, DuplexStream) {
        let (stream, peer) = duplex(64);
        (ReadWhenWoken::new(Counting { stream, reads: 0, reads_on_write }), peer)
    }

    /// Reads up to two bytes; `None` if it has to wait.
    fn read(stream: &mut ReadWhenWoken<Counting>, task: &Arc<Task>) -> Option<Vec<u8>> {
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
        let waker = Arc::clone(&task).into();
        assert!(stream.flush_after_read(&mut Context::from_waker(&waker)).is_ready());
        assert_eq!(read(&mut stream, &task), None);
        assert_eq!(stream.stream.reads, 1);
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
}
