//! A scripted coordinator in memory.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arango::transport::{BoxFuture, Connect, Io};
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::runtime::{Builder, Runtime};

/// Addresses of the coordinator, as the client is configured.
pub(crate) const HOSTS: &str = "http://127.0.0.1:8529,http://127.0.0.1:8530";

/// Idle time after which it closes a connection.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);

/// Start of a health probe.
const PROBE: &[u8] = b"GET /_admin/server/availability ";

/// A runtime with a paused clock.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without drivers can be built")
}

/// Returns the bytes that respond to one request.
type Respond = dyn Fn(&[u8]) -> Bytes + Send + Sync;

/// Takes the next request out of the bytes that a connection has received, if one is complete.
type TakeRequest = fn(&mut Vec<u8>) -> Option<Request>;

/// A request, as far as a peer reads it.
pub(crate) struct Request {
    pub(crate) bytes: Vec<u8>,
    /// Whether it is a health probe, which is not counted.
    pub(crate) is_probe: bool,
}

/// Responds to each request with bytes that may depend on the request. Clones share the count.
#[derive(Clone)]
pub(crate) struct Peer {
    respond: Arc<Respond>,
    take_request: TakeRequest,
    /// Bytes that it sends before any request.
    greeting: Bytes,
    requests: Arc<AtomicUsize>,
}

impl Peer {
    /// Creates a peer that responds to requests of HTTP/1.1.
    pub(crate) fn new(respond: impl Fn(&[u8]) -> Bytes + Send + Sync + 'static) -> Self {
        Self {
            respond: Arc::new(respond),
            take_request: take_http1_request,
            greeting: Bytes::new(),
            requests: Arc::default(),
        }
    }

    /// Returns the same peer with another form of requests, and with bytes that it sends on each new connection.
    pub(crate) fn speaking(self, take_request: TakeRequest, greeting: &[u8]) -> Self {
        Self { take_request, greeting: Bytes::copy_from_slice(greeting), ..self }
    }

    /// Number of requests that have been read, without probes.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    async fn serve(self, mut stream: DuplexStream) -> io::Result<()> {
        stream.write_all(&self.greeting).await?;
        let mut received = Vec::with_capacity(16 << 10);
        while let Ok(1..) =
            tokio::time::timeout(IDLE_TIMEOUT, stream.read_buf(&mut received)).await.unwrap_or(Ok(0))
        {
            while let Some(request) = (self.take_request)(&mut received) {
                self.requests.fetch_add(usize::from(!request.is_probe), Ordering::Relaxed);
                stream.write_all(&(self.respond)(&request.bytes)).await?;
            }
        }
        Ok(())
    }
}

/// Takes everything: a request of the client is small, and arrives in one piece.
fn take_http1_request(received: &mut Vec<u8>) -> Option<Request> {
    // A copy: the capacity of the buffer is what lets a request arrive in one piece.
    let bytes = received.clone();
    received.clear();
    let is_probe = bytes.starts_with(PROBE);
    (!bytes.is_empty()).then_some(Request { bytes, is_probe })
}

impl Connect for Peer {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        assert!(
            address.ip().is_loopback() && matches!(address.port(), 8529 | 8530),
            "{address} is not an address of a coordinator"
        );
        let (client, server) = tokio::io::duplex(64 << 10);
        let peer = self.clone();
        Box::pin(async move {
            // It fails when the client has closed the connection, which is allowed.
            tokio::spawn(peer.serve(server));
            Ok(Box::new(client) as Box<dyn Io>)
        })
    }
}
