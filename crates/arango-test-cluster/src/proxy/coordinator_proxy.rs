//! The proxy in front of one coordinator.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use tokio::runtime::Handle;

use super::error::{ProxyError, UnsupportedFault};
use super::supported_faults::{Visibility, check};
use super::traffic::TrafficJournal;
use super::upstream::{self, Upstream};
use super::{bytes_relay, http_relay};
use crate::faults::active_faults::{ActiveFaults, FaultGuard};
use crate::faults::effect::Close;
use crate::faults::fault::Fault;
use crate::server::listener::shared_stream::SharedStream;
use crate::server::listener::{ConnectionHandler, Listener};
use crate::server::process_state::{ProcessState, ProcessStateWatch};

/// The coordinator closes idle connections, and the proxy with it. This limit only has to be longer.
const KEEP_ALIVE: Duration = Duration::from_secs(24 * 60 * 60);

/// The proxy in front of one coordinator. Clones are cheap and refer to the same proxy.
///
/// It opens one connection to the coordinator for each connection of a client, in the same version of HTTP.
#[derive(Clone)]
pub struct CoordinatorProxy {
    pub(super) inner: Arc<ProxyInner>,
}

pub(super) struct ProxyInner {
    pub(super) index: usize,
    /// Host and port of the coordinator.
    authority: String,
    pub(super) visibility: Visibility,
    address: SocketAddr,
    listener: Listener,
    pub(super) process: Arc<ProcessStateWatch>,
    pub(super) faults: ActiveFaults,
    pub(super) journal: TrafficJournal,
}

impl CoordinatorProxy {
    pub(super) fn start(
        index: usize,
        url: &str,
        port: u16,
        journal: TrafficJournal,
        runtime: &Handle,
    ) -> Result<Self, ProxyError> {
        let (authority, visibility) =
            read_url(url).ok_or_else(|| ProxyError::InvalidUrl { url: url.to_owned() })?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let listener = Listener::new(address, false, KEEP_ALIVE, runtime)
            .map_err(|source| ProxyError::Listen { address, source })?;
        let address = listener.address(address);
        let inner = ProxyInner {
            index,
            authority,
            visibility,
            address,
            listener,
            process: Arc::default(),
            faults: ActiveFaults::default(),
            journal,
        };
        let proxy = Self { inner: Arc::new(inner) };
        proxy.open().map_err(|source| ProxyError::Listen { address, source })?;
        Ok(proxy)
    }

    /// Returns the URL of the proxy: `http://127.0.0.1:PORT`, or `https://` if that of the coordinator is.
    pub fn url(&self) -> String {
        let scheme = match self.inner.visibility {
            Visibility::Http => "http",
            Visibility::Bytes => "https",
        };
        format!("{scheme}://{}", self.inner.address)
    }

    /// Returns the address of the proxy.
    pub fn address(&self) -> SocketAddr {
        self.inner.address
    }

    /// Injects a fault until the guard is dropped.
    ///
    /// *Executed* means here that the coordinator has responded: [`Phase::AfterExecution`](crate::Phase) closes when the
    /// whole response has arrived, [`Phase::AfterRead`](crate::Phase) before anything is passed on.
    ///
    /// With TLS, a fault affects what a client sends at the beginning of a connection or after the coordinator has sent
    /// something: first the handshake, then each request.
    ///
    /// # Errors
    /// If a proxy cannot cause it, such as a write that the coordinator repeats; with TLS, everything that needs HTTP.
    pub fn inject(&self, fault: Fault) -> Result<FaultGuard, UnsupportedFault> {
        check(&fault, self.inner.visibility)?;
        Ok(self.inner.faults.inject(fault))
    }

    /// Refuses new connections and drops the established ones, as if the coordinator was killed.
    ///
    /// The coordinator runs on, and executes what it has read.
    pub fn kill(&self) {
        self.inner.listener.close_all();
        self.inner
            .process
            .modify(|state| *state = ProcessState { generation: state.generation + 1, paused: false });
    }

    /// Accepts connections again, on the same port. A running proxy drops its connections first.
    ///
    /// # Errors
    /// If the port cannot be opened.
    pub fn restart(&self) -> io::Result<()> {
        self.kill();
        self.open()
    }

    /// Accepts connections and passes on nothing, in either direction.
    pub fn pause(&self) {
        self.inner.process.modify(|state| state.paused = true);
    }

    /// Ends a pause.
    pub fn resume(&self) {
        self.inner.process.modify(|state| state.paused = false);
    }

    /// Returns whether it accepts connections.
    pub fn is_up(&self) -> bool {
        self.inner.listener.is_open()
    }

    /// Returns the number of open connections of clients.
    pub fn open_connections(&self) -> usize {
        self.inner.listener.open_connections()
    }

    fn open(&self) -> io::Result<()> {
        self.inner.listener.open(self)
    }
}

impl ConnectionHandler for CoordinatorProxy {
    fn listener(&self) -> &Listener {
        &self.inner.listener
    }

    async fn serve(self, stream: SharedStream, keep_alive: Duration) {
        let Self { inner } = self;
        let generation = inner.process.current().generation;
        let connected = tokio::select! {
            biased;
            () = inner.process.wait_for(|state| state.generation != generation) => return stream.abort(),
            connected = upstream::connect(&inner.authority) => connected,
        };
        let connection = match connected {
            Ok(connection) => connection,
            Err(error) => {
                // A client that connects to the coordinator would be refused. Here it is connected already.
                tracing::debug!(%error, "the coordinator does not accept connections");
                return stream.close(Close::Rst);
            }
        };
        match inner.visibility {
            Visibility::Http => {
                http_relay::run(stream, Upstream::new(connection), inner, generation, keep_alive).await;
            }
            Visibility::Bytes => tokio::select! {
                biased;
                () = inner.process.wait_for(|state| state.generation != generation) => stream.abort(),
                () = bytes_relay::run(&stream, connection, &inner) => {}
            },
        }
    }
}

impl fmt::Debug for CoordinatorProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CoordinatorProxy")
            .field("url", &self.url())
            .field("coordinator", &self.inner.authority)
            .finish_non_exhaustive()
    }
}

/// Returns host and port of a URL, and what can be read of the traffic.
fn read_url(url: &str) -> Option<(String, Visibility)> {
    let uri: Uri = url.parse().ok()?;
    let (visibility, default_port) = match uri.scheme_str()? {
        "http" => (Visibility::Http, 80),
        "https" => (Visibility::Bytes, 443),
        _ => return None,
    };
    let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
    let is_root = matches!(uri.path(), "" | "/") && uri.query().is_none();
    let port = authority.port_u16().unwrap_or(default_port);
    is_root.then(|| (format!("{}:{port}", authority.host()), visibility))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_a_scheme_a_host_and_perhaps_a_port() {
        let read = |url| read_url(url).map(|(authority, _)| authority);

        assert_eq!(read("http://127.0.0.1:8529/").as_deref(), Some("127.0.0.1:8529"));
        assert_eq!(read("https://db.example").as_deref(), Some("db.example:443"));
        assert_eq!(read("http://[::1]:8529").as_deref(), Some("[::1]:8529"));
        for url in ["127.0.0.1:8529", "tcp://127.0.0.1:8529", "http://a:8529/path", "http://u:p@a:8529"] {
            assert_eq!(read(url), None, "{url}");
        }
    }
}
