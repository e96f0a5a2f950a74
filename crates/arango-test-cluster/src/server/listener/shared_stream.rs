//! A stream that can be closed from outside while it is being read or written.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use crate::faults::effect::Close;

/// A byte stream that a coordinator can serve.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> ByteStream for T {}

pub(crate) enum Stream {
    Tcp(TcpStream),
    Any(Box<dyn ByteStream>),
    /// TLS over another stream.
    Tls(Box<TlsStream<SharedStream>>),
}

impl Stream {
    fn as_pin(&mut self) -> Pin<&mut dyn ByteStream> {
        match self {
            Self::Tcp(stream) => Pin::new(stream),
            Self::Any(stream) => Pin::new(stream.as_mut()),
            Self::Tls(stream) => Pin::new(stream.as_mut()),
        }
    }
}

/// A stream with several owners. Any of them can close it at once for all.
#[derive(Clone)]
pub(crate) struct SharedStream {
    stream: Arc<Mutex<Option<Stream>>>,
}

impl SharedStream {
    pub(crate) fn new(stream: Stream) -> Self {
        Self { stream: Arc::new(Mutex::new(Some(stream))) }
    }

    /// Wraps a TLS stream.
    pub(crate) fn encrypted(stream: TlsStream<Self>) -> Self {
        Self::new(Stream::Tls(Box::new(stream)))
    }

    /// Returns the address of the other end of a TCP connection without TLS.
    pub(super) fn client(&self) -> Option<SocketAddr> {
        match &*self.lock() {
            Some(Stream::Tcp(stream)) => stream.peer_addr().ok(),
            Some(Stream::Any(_) | Stream::Tls(_)) | None => None,
        }
    }

    pub(crate) fn abort(&self) {
        self.lock().take();
    }

    pub(crate) fn close(&self, how: Close) {
        let stream = self.lock().take();
        match stream {
            Some(Stream::Tls(stream)) => stream.get_ref().0.close(how),
            Some(Stream::Tcp(stream)) if how == Close::Rst => {
                // With a zero linger time the kernel resets the connection instead of ending it.
                if let Err(error) = stream.set_zero_linger() {
                    tracing::debug!(%error, "linger");
                }
            }
            Some(Stream::Tcp(_) | Stream::Any(_)) | None => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Stream>> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(
        &self,
        poll: impl FnOnce(Pin<&mut dyn ByteStream>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match &mut *self.lock() {
            Some(stream) => poll(stream.as_pin()),
            None => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
        }
    }
}

impl std::fmt::Debug for SharedStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire").field("open", &self.lock().is_some()).finish()
    }
}

impl AsyncRead for SharedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_read(cx, buffer))
    }
}

impl AsyncWrite for SharedStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.with(|stream| stream.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_shutdown(cx))
    }
}
