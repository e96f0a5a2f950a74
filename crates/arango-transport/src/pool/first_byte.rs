//! TLS on a plain HTTP connection, by the first byte received.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection_io::ConnectionIo;
use super::diagnosis::Diagnosis;
use crate::types::coordinator::Coordinator;
use crate::types::io::Io;

/// The first bytes of TLS records that a server sends first: alert and handshake.
const RECORDS: [u8; 2] = [0x15, 0x16];

/// A byte stream that inspects the first byte it reads.
pub(super) struct FirstByte {
    io: ConnectionIo,
    read: bool,
    diagnosis: Diagnosis,
}

impl FirstByte {
    /// Wraps the connection to a coordinator; what arrives through TLS is not inspected.
    pub(super) fn new(io: Box<dyn Io>, coordinator: &Coordinator, diagnosis: Diagnosis) -> Self {
        Self { io: ConnectionIo::new(io), read: coordinator.is_tls(), diagnosis }
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
                self.diagnosis.record_tls();
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
