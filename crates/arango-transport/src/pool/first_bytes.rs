//! Other protocols on an HTTP/1.1 connection, by the first bytes received.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection_io::ConnectionIo;
use super::diagnosis::Diagnosis;
use crate::error::other_protocol::OtherProtocol;
use crate::types::coordinator::Coordinator;
use crate::types::io::Io;

/// A byte stream that inspects the first bytes it reads.
pub(super) struct FirstBytes {
    io: ConnectionIo,
    has_read: bool,
    is_tls: bool,
    diagnosis: Diagnosis,
}

impl FirstBytes {
    /// Wraps the connection to a coordinator.
    pub(super) fn new(io: Box<dyn Io>, coordinator: &Coordinator, diagnosis: Diagnosis) -> Self {
        Self { io: ConnectionIo::new(io), has_read: false, is_tls: coordinator.is_tls(), diagnosis }
    }
}

impl AsyncRead for FirstBytes {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buffer);
        if !self.has_read
            && let Some(first @ [_, ..]) = buffer.filled().get(before..)
        {
            self.has_read = true;
            if let Some(protocol) = OtherProtocol::of(first, self.is_tls) {
                self.diagnosis.record_other_protocol(protocol);
            }
        }
        read
    }
}

impl AsyncWrite for FirstBytes {
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
