//! A byte stream that records whether something was read.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;

use crate::pool::connection_io::ConnectionIo;
use crate::types::io::Io;

type Wrapped = TokioIo<ConnectionIo>;

/// A byte stream that records whether something was read.
pub(super) struct ReadActivityIo {
    io: Wrapped,
    activity: ReadActivity,
}

/// Whether something was read, including end of stream and errors. Clones belong to the same stream.
// Relaxed: only one task writes and reads it.
#[derive(Clone, Default)]
pub(super) struct ReadActivity(Arc<AtomicU8>);

/// Something was read, and not taken yet.
const READ: u8 = 1;
/// Something was read earlier.
const TAKEN: u8 = 2;

impl ReadActivity {
    /// Returns whether something was read since the last call.
    pub(super) fn take(&self) -> bool {
        self.0.compare_exchange(READ, TAKEN, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Returns whether anything was ever read.
    pub(super) fn has_read(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }
}

impl ReadActivityIo {
    pub(super) fn new(io: Box<dyn Io>, activity: ReadActivity) -> Self {
        Self { io: TokioIo::new(ConnectionIo::new(io)), activity }
    }

    fn io(&mut self) -> Pin<&mut Wrapped> {
        Pin::new(&mut self.io)
    }
}

impl Read for ReadActivityIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = self.io().poll_read(cx, buffer);
        if read.is_ready() {
            self.activity.0.store(READ, Ordering::Relaxed);
        }
        read
    }
}

impl Write for ReadActivityIo {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.io().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io().poll_write_vectored(cx, parts)
    }
}
