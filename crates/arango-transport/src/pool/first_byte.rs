//! Detection of TLS on a plain HTTP connection, by the first byte received.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection_io::ConnectionIo;
use crate::types::io::Io;

/// The first bytes of TLS records that a server sends first: alert and handshake.
const RECORDS: [u8; 2] = [0x15, 0x16];

/// A byte stream that inspects the first byte it reads.
pub(super) struct FirstByte {
    io: ConnectionIo,
    read: bool,
    is_tls: IsTls,
}

/// Whether the first byte read was TLS. Clones belong to the same stream.
// Relaxed: it is read only after the reader has reported its failure.
#[derive(Clone, Default)]
pub(super) struct IsTls(Arc<AtomicBool>);

impl IsTls {
    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl FirstByte {
    pub(super) fn new(io: Box<dyn Io>, is_tls: IsTls) -> Self {
        Self { io: ConnectionIo::new(io), read: false, is_tls }
    }
}

impl AsyncRead for FirstByte {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buffer);
        if !self.read
            && let Some(first) = buffer.filled().get(before)
        {
            self.read = true;
            if RECORDS.contains(first) {
                self.is_tls.0.store(true, Ordering::Relaxed);
            }
        }
        read
    }
}

impl AsyncWrite for FirstByte {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, parts)
    }
}
