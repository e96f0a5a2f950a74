//! A process that is paused says nothing, whatever its system still takes in for it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::wire::Wire;
use crate::coordinator::Inner;

type Awake = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A wire on which nothing is written while its coordinator is paused: no answer, and none to a ping either.
pub(super) struct Frozen {
    wire: Wire,
    coordinator: Arc<Inner>,
    awake: Option<Awake>,
}

impl Frozen {
    pub(super) fn new(wire: Wire, coordinator: Arc<Inner>) -> Self {
        Self { wire, coordinator, awake: None }
    }

    fn poll_awake(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.awake.is_none() && self.coordinator.heart.pulse().paused {
            let coordinator = Arc::clone(&self.coordinator);
            self.awake = Some(Box::pin(async move { coordinator.awake().await }));
        }
        if let Some(awake) = &mut self.awake {
            ready!(awake.as_mut().poll(cx));
            self.awake = None;
        }
        Poll::Ready(())
    }
}

impl AsyncRead for Frozen {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Frozen {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_awake(cx));
        Pin::new(&mut self.wire).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_awake(cx));
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_awake(cx));
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}
