//! From a coordinator's name to a byte stream.

use std::error::Error as _;
use std::fmt;
use std::net::{SocketAddr, SocketAddrV6};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::addresses::Addresses;
use crate::attempt_error::AttemptError;
use crate::connect::{Connect, Resolve, SystemResolve};
use crate::coordinator::Host;
use crate::http2::{Choice, Http2};
use crate::opened::{HttpProtocol, Opened};
use crate::settings::Live;
use crate::tls::{EarlyAlert, Handshake};
use crate::{Coordinator, ErrorKind, eyeballs};

/// How connections are opened, whatever the coordinator.
#[derive(Clone)]
pub(crate) struct Network {
    pub(crate) resolve: Arc<dyn Resolve>,
    pub(crate) connect: Arc<dyn Connect>,
    /// Limits resolving and connecting together, and the heads of answers.
    pub(crate) settings: Live,
    /// With whom HTTP/2 is spoken.
    pub(crate) http2: Choice,
}

/// Opens connections to one coordinator.
pub(crate) struct Dialer {
    coordinator: Coordinator,
    network: Network,
    http2: Http2,
    place: Place,
    /// Present if TLS is spoken with it.
    handshake: Option<Handshake>,
    /// A handshake was refused for what will not change by itself, and no connection has brought an answer since.
    misconfigured: AtomicBool,
}

/// A place whose addresses this resolver tells.
fn named(name: String, port: u16, resolve: Arc<dyn Resolve>) -> Place {
    Place::Name { addresses: Addresses::new(name, port, resolve), turn: AtomicUsize::new(0) }
}

/// Where a coordinator is.
enum Place {
    Address(SocketAddr),
    Socket(PathBuf),
    Name {
        addresses: Addresses,
        /// Which of several addresses the next stream is opened to first.
        turn: AtomicUsize,
    },
}

impl Dialer {
    pub(crate) fn new(coordinator: Coordinator, network: Network, handshake: Option<Handshake>) -> Self {
        let port = coordinator.port();
        let place = match coordinator.host() {
            Host::Ip(ip) => Place::Address(SocketAddr::new(*ip, port)),
            Host::Zoned(ip, zone) => match zone.parse() {
                Ok(number) => Place::Address(SocketAddrV6::new(*ip, port, 0, number).into()),
                // The system knows the numbers of its interfaces; no other resolver does.
                Err(_) => named(format!("{ip}%{zone}"), port, Arc::new(SystemResolve)),
            },
            Host::Socket(path) => Place::Socket(path.clone()),
            Host::Name(name) => named(name.clone(), port, Arc::clone(&network.resolve)),
        };
        let http2 = network.http2.of(&coordinator);
        Self { coordinator, network, http2, place, handshake, misconfigured: AtomicBool::new(false) }
    }

    /// What is going to be spoken; `None` if that is negotiated.
    pub(crate) fn protocol(&self) -> Option<HttpProtocol> {
        self.http2.protocol(self.handshake.is_some())
    }

    pub(crate) fn coordinator(&self) -> &Coordinator {
        &self.coordinator
    }

    /// The limit of a head of an answer, in bytes.
    pub(crate) fn head_bytes(&self) -> usize {
        self.network.settings.now().limits.head_bytes
    }

    fn limit(&self) -> Duration {
        self.network.settings.now().limits.connect
    }

    /// Until when a connection must be open that is begun now.
    pub(crate) fn until(&self) -> Instant {
        Instant::now() + self.limit()
    }

    /// Opens a stream to the first address that takes one, and not after `until`.
    pub(crate) async fn open(&self, until: Instant) -> Result<Opened, AttemptError> {
        let connect = &*self.network.connect;
        let unasked = self.protocol().unwrap_or(HttpProtocol::Http1);
        let opened = match &self.place {
            Place::Socket(path) => {
                let io = eyeballs::open_socket(connect, path, until).await?;
                return Ok(Opened { io, address: None, protocol: unasked, alert: EarlyAlert::default() });
            }
            Place::Address(address) => eyeballs::open(connect, &[*address], until).await,
            Place::Name { addresses, turn } => {
                // Relaxed: turns need to differ, not to be ordered with anything else.
                let turn = turn.fetch_add(1, Ordering::Relaxed);
                let in_turn = eyeballs::in_turn(&addresses.get(self.limit()).await?, turn);
                let opened = eyeballs::open(connect, &in_turn, until).await;
                if opened.is_err() {
                    addresses.doubt();
                }
                opened
            }
        };
        let (io, address) = opened.map_err(|error| self.explained(error))?;
        let Some(handshake) = &self.handshake else {
            let alert = EarlyAlert::default();
            return Ok(Opened { io, address: Some(address), protocol: unasked, alert });
        };
        let (io, agreed, alert) = handshake.over(io, address, until).await?;
        Ok(Opened { io, address: Some(address), protocol: agreed.unwrap_or(unasked), alert })
    }

    /// Adds to a refusal that the port may not be the one that was meant: elsewhere `https://` means 443.
    #[cold]
    fn explained(&self, mut error: AttemptError) -> AttemptError {
        let is_port = matches!(error.kind(), ErrorKind::ConnectRefused | ErrorKind::ConnectTimeout);
        if !(is_port && self.coordinator.is_tls() && self.coordinator.assumes_port()) {
            return error;
        }
        let source = error.attempt().source.take();
        let source = source.map(|source| format!("{source}; ")).unwrap_or_default();
        error.because(format!(
            "{source}port {} is meant where none is written; if it is 443, write it: https://{}:443",
            self.coordinator.port(),
            self.coordinator.host(),
        ))
    }

    /// Whether TLS with it is set up wrong, here or there, as far as is known.
    pub(crate) fn is_misconfigured(&self) -> bool {
        self.misconfigured.load(Ordering::Relaxed)
    }

    /// Takes note that a connection could not be opened or was refused, and warns once if somebody has to mend a
    /// setting or a certificate.
    pub(crate) fn note(&self, failed: &AttemptError) {
        let refused = failed.kind() == ErrorKind::TlsCertificate;
        if refused && !self.misconfigured.swap(true, Ordering::Relaxed) {
            let cause = failed.source().map(tracing::field::display);
            tracing::warn!(coordinator = %self.coordinator, cause, "{failed}");
        }
    }

    /// Takes note of the first answer on a connection: only then is it certain that the client was accepted.
    pub(crate) fn answered(&self) {
        self.misconfigured.store(false, Ordering::Relaxed);
    }
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer").field("coordinator", &self.coordinator).finish_non_exhaustive()
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").finish_non_exhaustive()
    }
}
