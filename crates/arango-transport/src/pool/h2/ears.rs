//! What a connection reads and writes, and whether anything came of it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;

use crate::connect::Io;

type Wrapped = TokioIo<Box<dyn Io>>;

/// A byte stream that notes when something was read.
pub(super) struct Ears {
    io: Wrapped,
    heard: Heard,
}

/// Whether something was read, its end and its failure included. Clones are of the same stream.
// Relaxed: one task reads, and asks.
#[derive(Clone, Default)]
pub(super) struct Heard(Arc<AtomicBool>);

impl Heard {
    /// Whether something was read since it was asked last.
    pub(super) fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl Ears {
    pub(super) fn new(io: Box<dyn Io>, heard: Heard) -> Self {
        Self { io: TokioIo::new(io), heard }
    }

    fn io(&mut self) -> Pin<&mut Wrapped> {
        Pin::new(&mut self.io)
    }
}

impl Read for Ears {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = self.io().poll_read(cx, buffer);
        if read.is_ready() {
            self.heard.0.store(true, Ordering::Relaxed);
        }
        read
    }
}

impl Write for Ears {
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
