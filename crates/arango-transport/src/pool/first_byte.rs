//! What a connection shows about its failure, among others TLS on a plain HTTP connection, by the first byte received.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection_io::ConnectionIo;
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

/// What shows why a connection failed. Clones belong to the same connection.
#[derive(Clone, Default)]
pub(super) struct Diagnosis(Arc<Shown>);

#[derive(Default)]
struct Shown {
    // Relaxed: it is read only after the reader has reported its failure.
    is_tls: AtomicBool,
    failure: OnceLock<Arc<hyper::Error>>,
}

impl Diagnosis {
    /// Returns whether the first byte on a plain connection was TLS.
    pub(super) fn is_tls(&self) -> bool {
        self.0.is_tls.load(Ordering::Relaxed)
    }

    /// Records why the connection has ended.
    pub(super) fn record_failure(&self, error: hyper::Error) {
        // It ends once.
        self.0.failure.set(Arc::new(error)).ok();
    }

    /// Returns why the connection has ended, if it failed.
    pub(super) fn failure(&self) -> Option<Arc<hyper::Error>> {
        self.0.failure.get().cloned()
    }
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
                self.diagnosis.0.is_tls.store(true, Ordering::Relaxed);
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
