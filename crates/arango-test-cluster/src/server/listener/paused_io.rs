//! I/O of a paused process: its kernel still receives bytes, but nothing is sent.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::shared_stream::SharedStream;
use crate::server::coordinator::CoordinatorInner;

type ResumedFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A stream without writes while its coordinator is paused. Even pings get no response.
pub(super) struct PausedIo {
    stream: SharedStream,
    coordinator: Arc<CoordinatorInner>,
    resumed: Option<ResumedFuture>,
}

impl PausedIo {
    pub(super) fn new(wire: SharedStream, coordinator: Arc<CoordinatorInner>) -> Self {
        Self { stream: wire, coordinator, resumed: None }
    }

    fn poll_resumed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.resumed.is_none() && self.coordinator.process.current().paused {
            let coordinator = Arc::clone(&self.coordinator);
            self.resumed = Some(Box::pin(async move { coordinator.until_resumed().await }));
        }
        if let Some(resumed) = &mut self.resumed {
            ready!(resumed.as_mut().poll(cx));
            self.resumed = None;
        }
        Poll::Ready(())
    }
}

impl AsyncRead for PausedIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for PausedIo {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_resumed(cx));
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_resumed(cx));
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_resumed(cx));
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
