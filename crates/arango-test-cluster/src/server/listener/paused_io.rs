//! I/O of a paused process: its kernel still receives bytes, but nothing is sent.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::shared_stream::SharedStream;
use crate::server::process_state::ProcessStateWatch;

type ResumedFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A stream without writes while its process is paused. Even pings get no response.
pub(super) struct PausedIo {
    stream: SharedStream,
    process: Arc<ProcessStateWatch>,
    resumed: Option<ResumedFuture>,
}

impl PausedIo {
    pub(super) fn new(wire: SharedStream, process: Arc<ProcessStateWatch>) -> Self {
        Self { stream: wire, process, resumed: None }
    }

    fn poll_resumed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.resumed.is_none() && self.process.current().paused {
            let process = Arc::clone(&self.process);
            self.resumed = Some(Box::pin(async move { process.until_resumed().await }));
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
