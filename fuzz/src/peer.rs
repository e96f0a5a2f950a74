//! A coordinator that says what it is told to, in memory.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arango::transport::{BoxFuture, Connect, Io};
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::runtime::{Builder, Runtime};

/// Where it is believed to be.
pub(crate) const HOSTS: &str = "http://127.0.0.1:8529,http://127.0.0.1:8530";

/// How long it keeps a connection on which nothing is asked.
const SILENCE: Duration = Duration::from_secs(5);

/// How a request begins by which a client finds out whether a coordinator is well again.
const PROBE: &[u8] = b"GET /_admin/server/availability ";

/// A runtime whose clock waits for nothing.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime needs nothing")
}

type Respond = dyn Fn(&[u8]) -> Bytes + Send + Sync;

/// Answers each request with bytes that depend on what was asked. Clones count together.
#[derive(Clone)]
pub(crate) struct Peer {
    respond: Arc<Respond>,
    /// What it says before it is asked anything.
    greeting: Bytes,
    requests: Arc<AtomicUsize>,
}

impl Peer {
    pub(crate) fn new(respond: impl Fn(&[u8]) -> Bytes + Send + Sync + 'static) -> Self {
        Self { respond: Arc::new(respond), greeting: Bytes::new(), requests: Arc::default() }
    }

    /// Says this as soon as somebody connects, and then listens until there is silence.
    pub(crate) fn greeting(bytes: &[u8]) -> Self {
        Self { greeting: Bytes::copy_from_slice(bytes), ..Self::new(|_| Bytes::new()) }
    }

    /// How many requests have been read, but for probes.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    async fn serve(self, mut stream: DuplexStream) -> io::Result<()> {
        stream.write_all(&self.greeting).await?;
        let mut heard = Vec::with_capacity(16 << 10);
        while let Ok(1..) = tokio::time::timeout(SILENCE, stream.read_buf(&mut heard)).await.unwrap_or(Ok(0))
        {
            // A request of the client's is small, and comes in one piece.
            if self.greeting.is_empty() {
                self.requests.fetch_add(usize::from(!heard.starts_with(PROBE)), Ordering::Relaxed);
                stream.write_all(&(self.respond)(&heard)).await?;
                heard.clear();
            }
        }
        Ok(())
    }
}

impl Connect for Peer {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        assert!(
            address.ip().is_loopback() && matches!(address.port(), 8529 | 8530),
            "{address} is no coordinator's"
        );
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        let peer = self.clone();
        Box::pin(async move {
            // It fails when the client has gone away, which it may.
            tokio::spawn(peer.serve(theirs));
            Ok(Box::new(ours) as Box<dyn Io>)
        })
    }
}
