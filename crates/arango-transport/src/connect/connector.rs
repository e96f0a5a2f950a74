//! Opens connections to a coordinator.

use std::error::Error as _;
use std::fmt;
use std::net::{SocketAddr, SocketAddrV6};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use arango_protocol::ErrorKind;
use tokio::time::Instant;

use crate::config::http2::{Http2, Http2Setting};
use crate::config::limits::Limits;
use crate::connect::connected::Connected;
use crate::connect::dns_cache::DnsCache;
use crate::connect::{Connect, Resolve, SystemResolve, happy_eyeballs};
use crate::error::attempt_error::AttemptError;
use crate::tls::{EarlyAlert, Handshake};
use crate::types::coordinator::{Coordinator, Host};
use crate::types::http_protocol::HttpProtocol;

/// Returns the current limits of a client, which may change at runtime.
pub(crate) type CurrentLimits = Arc<dyn Fn() -> Limits + Send + Sync>;

/// The connection settings shared by all coordinators.
#[derive(Clone)]
pub(crate) struct Network {
    pub(crate) resolve: Arc<dyn Resolve>,
    pub(crate) connect: Arc<dyn Connect>,
    /// Limits the total time of resolving and connecting, and the size of response heads.
    pub(crate) limits: CurrentLimits,
    /// Selects the coordinators that use HTTP/2.
    pub(crate) http2: Http2Setting,
}

/// Opens connections to one coordinator.
pub(crate) struct Connector {
    coordinator: Coordinator,
    network: Network,
    http2: Http2,
    destination: Destination,
    /// Present if connections use TLS.
    handshake: Option<Handshake>,
    /// Whether a handshake failed permanently, and no connection has received a response since.
    misconfigured: AtomicBool,
}

/// Returns a destination whose addresses are resolved with this resolver.
fn name_destination(name: String, port: u16, resolve: Arc<dyn Resolve>) -> Destination {
    Destination::Name { addresses: DnsCache::new(name, port, resolve), turn: AtomicUsize::new(0) }
}

/// The destination of connections to a coordinator.
enum Destination {
    Address(SocketAddr),
    Socket(PathBuf),
    Name {
        addresses: DnsCache,
        /// Counts connections; selects the address that the next one tries first.
        turn: AtomicUsize,
    },
}

impl Connector {
    pub(crate) fn new(coordinator: Coordinator, network: Network, handshake: Option<Handshake>) -> Self {
        let port = coordinator.port();
        let destination = match coordinator.host() {
            Host::Ip(ip) => Destination::Address(SocketAddr::new(*ip, port)),
            Host::Zoned(ip, zone) => match zone.parse() {
                Ok(number) => Destination::Address(SocketAddrV6::new(*ip, port, 0, number).into()),
                // Only the operating system can resolve the names of its interfaces.
                Err(_) => name_destination(format!("{ip}%{zone}"), port, Arc::new(SystemResolve)),
            },
            Host::Socket(path) => Destination::Socket(path.clone()),
            Host::Name(name) => name_destination(name.clone(), port, Arc::clone(&network.resolve)),
        };
        let http2 = network.http2.for_coordinator(&coordinator);
        Self { coordinator, network, http2, destination, handshake, misconfigured: AtomicBool::new(false) }
    }

    /// Returns the protocol of new connections; `None` if it is negotiated.
    pub(crate) fn protocol(&self) -> Option<HttpProtocol> {
        self.http2.protocol(self.handshake.is_some())
    }

    pub(crate) fn coordinator(&self) -> &Coordinator {
        &self.coordinator
    }

    /// Returns the maximum size of a response head, in bytes.
    pub(crate) fn head_bytes(&self) -> usize {
        (self.network.limits)().head_bytes
    }

    fn limit(&self) -> Duration {
        (self.network.limits)().connect
    }

    /// Returns whether a call that has waited for so long for a connect has left it the time that the client's limits do.
    pub(crate) fn is_overdue(&self, waited: Duration) -> bool {
        let limits = (self.network.limits)();
        // An attempt begins a little before its connect.
        waited >= limits.connect.min(limits.attempt) / 10 * 9
    }

    /// Returns the deadline of a connect that starts now.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.limit()
    }

    /// Opens a stream to the first address that accepts one, until the deadline `until`.
    pub(crate) async fn connect(&self, until: Instant) -> Result<Connected, AttemptError> {
        let connect = &*self.network.connect;
        let default_protocol = self.protocol().unwrap_or(HttpProtocol::Http1);
        let opened = match &self.destination {
            Destination::Socket(path) => {
                let io = happy_eyeballs::open_socket(connect, path, until).await?;
                let alert = EarlyAlert::default();
                return Ok(Connected { io, address: None, protocol: default_protocol, alert });
            }
            Destination::Address(address) => happy_eyeballs::open(connect, &[*address], until).await,
            Destination::Name { addresses, turn } => {
                // Relaxed: the counter only selects an address and orders nothing else.
                let turn = turn.fetch_add(1, Ordering::Relaxed);
                let in_turn = happy_eyeballs::interleave(&addresses.get(self.limit()).await?, turn);
                let opened = happy_eyeballs::open(connect, &in_turn, until).await;
                if opened.is_err() {
                    addresses.mark_suspect();
                }
                opened
            }
        };
        let (io, address) = opened.map_err(|error| self.with_tls_advice(error))?;
        let Some(handshake) = &self.handshake else {
            let alert = EarlyAlert::default();
            return Ok(Connected { io, address: Some(address), protocol: default_protocol, alert });
        };
        let (io, agreed, alert) = handshake.perform(io, address, until).await?;
        Ok(Connected { io, address: Some(address), protocol: agreed.unwrap_or(default_protocol), alert })
    }

    /// Adds advice to a connect failure if the default port was used with TLS.
    ///
    /// For other servers `https://` without a port means port 443.
    #[cold]
    fn with_tls_advice(&self, mut error: AttemptError) -> AttemptError {
        let is_port = matches!(error.kind(), ErrorKind::ConnectRefused | ErrorKind::ConnectTimeout);
        if !(is_port && self.coordinator.is_tls() && self.coordinator.has_default_port()) {
            return error;
        }
        let source = error.attempt_mut().source.take();
        let source = source.map(|source| format!("{source}; ")).unwrap_or_default();
        error.with_source(format!(
            "{source}the default port is {}; if the coordinator uses port 443, write https://{}:443",
            self.coordinator.port(),
            self.coordinator.host(),
        ))
    }

    /// Returns whether TLS is known to be misconfigured, on the client or on the coordinator.
    pub(crate) fn is_misconfigured(&self) -> bool {
        self.misconfigured.load(Ordering::Relaxed)
    }

    /// Records a failed connect.
    ///
    /// Logs a warning once if the failure is permanent: a setting or a certificate must be corrected.
    pub(crate) fn record_failure(&self, failed: &AttemptError) {
        let refused = failed.kind() == ErrorKind::TlsCertificate;
        if refused && !self.misconfigured.swap(true, Ordering::Relaxed) {
            let cause = failed.source().map(tracing::field::display);
            tracing::warn!(coordinator = %self.coordinator, cause, "{failed}");
        }
    }

    /// Records the first response on a connection, which proves that the client was accepted.
    pub(crate) fn record_accepted(&self) {
        self.misconfigured.store(false, Ordering::Relaxed);
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("coordinator", &self.coordinator).finish_non_exhaustive()
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").finish_non_exhaustive()
    }
}
