//! The listener of a coordinator: accepts connections and can drop all of them at once.

pub(crate) mod connection;
mod first_line;
pub(crate) mod goaway;
pub(crate) mod paused_io;
pub(crate) mod raw_close;
pub(crate) mod shared_stream;
mod silent_io;
mod tcp;
mod tls;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;

use self::shared_stream::{SharedStream, Stream};
use self::tcp::{ActiveListener, Port};

/// Capacity of an in-memory connection in each direction, in bytes.
const DUPLEX_BUFFER: usize = 256 * 1024;

/// Serves the connections that a listener accepts.
pub(crate) trait ConnectionHandler: Clone + Send + Sync + 'static {
    /// The listener, which counts the connections and can close them.
    fn listener(&self) -> &Listener;

    /// Serves a connection to its end. Without a request for `keep_alive`, it ends.
    fn serve(self, stream: SharedStream, keep_alive: Duration) -> impl Future<Output = ()> + Send;
}

/// Accepts connections while it is open.
#[derive(Debug)]
pub(crate) struct Listener {
    runtime: Handle,
    keep_alive: Duration,
    /// `None`: there is no socket, only in-memory connections.
    port: Option<Port>,
    state: Arc<Mutex<ListenerState>>,
    accepted: AtomicUsize,
}

#[derive(Debug, Default)]
struct ListenerState {
    /// Whether new connections are accepted.
    open: bool,
    listening: Option<ActiveListener>,
    connections: BTreeMap<u64, SharedStream>,
    last: u64,
}

/// Counts a connection as open until dropped.
struct ConnectionGuard {
    state: Arc<Mutex<ListenerState>>,
    number: u64,
}

impl Listener {
    /// Reserves the port, without accepting connections yet.
    pub(crate) fn new(
        address: SocketAddr,
        in_memory: bool,
        keep_alive: Duration,
        runtime: &Handle,
    ) -> io::Result<Self> {
        let port = if in_memory { None } else { Some(Port::reserve(address)?) };
        Ok(Self {
            runtime: runtime.clone(),
            keep_alive,
            port,
            state: Arc::default(),
            accepted: AtomicUsize::new(0),
        })
    }

    /// Returns the address for clients; `made_up` if there is no socket.
    pub(crate) fn address(&self, made_up: SocketAddr) -> SocketAddr {
        self.port.as_ref().map_or(made_up, Port::address)
    }

    /// Accepts connections from now on.
    pub(crate) fn open(&self, handler: &impl ConnectionHandler) -> io::Result<()> {
        let mut state = lock(&self.state);
        if state.open {
            return Ok(());
        }
        if let Some(port) = &self.port {
            let _context = self.runtime.enter();
            state.listening = Some(port.listen(handler.clone())?);
        }
        state.open = true;
        Ok(())
    }

    /// Refuses new connections. Established ones stay open.
    pub(crate) fn refuse(&self) {
        let mut state = lock(&self.state);
        state.open = false;
        state.listening = None;
    }

    /// Refuses new connections and drops the established ones before it returns.
    pub(crate) fn close_all(&self) {
        let mut state = lock(&self.state);
        state.open = false;
        state.listening = None;
        for stream in std::mem::take(&mut state.connections).into_values() {
            stream.abort();
        }
    }

    /// Opens an in-memory connection.
    pub(crate) fn connect(&self, handler: &impl ConnectionHandler) -> io::Result<tokio::io::DuplexStream> {
        let (client, server) = tokio::io::duplex(DUPLEX_BUFFER);
        if self.spawn_connection(Stream::Any(Box::new(server)), handler) {
            Ok(client)
        } else {
            Err(io::ErrorKind::ConnectionRefused.into())
        }
    }

    /// Serves any stream.
    pub(crate) fn serve(&self, io: impl shared_stream::ByteStream, handler: &impl ConnectionHandler) {
        self.spawn_connection(Stream::Any(Box::new(io)), handler);
    }

    /// Returns whether new connections are accepted.
    pub(crate) fn is_open(&self) -> bool {
        lock(&self.state).open
    }

    pub(crate) fn open_connections(&self) -> usize {
        lock(&self.state).connections.len()
    }

    pub(crate) fn connections_accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Serves a stream, unless the listener has closed since it was accepted.
    fn spawn_connection(&self, stream: Stream, handler: &impl ConnectionHandler) -> bool {
        let mut state = lock(&self.state);
        if !state.open {
            return false;
        }
        state.last += 1;
        let number = state.last;
        let stream = SharedStream::new(stream);
        state.connections.insert(number, stream.clone());
        drop(state);
        self.accepted.fetch_add(1, Ordering::Relaxed);
        let guard = ConnectionGuard { state: Arc::clone(&self.state), number };
        let (handler, keep_alive) = (handler.clone(), self.keep_alive);
        // Not joined: the task ends with its stream, which `close_all` can close at any time.
        self.runtime.spawn(async move {
            handler.serve(stream, keep_alive).await;
            drop(guard);
        });
        true
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        lock(&self.state).connections.remove(&self.number);
    }
}

fn lock(state: &Mutex<ListenerState>) -> MutexGuard<'_, ListenerState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
