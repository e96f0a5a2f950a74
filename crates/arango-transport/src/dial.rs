//! From a coordinator's name to a byte stream.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::attempt_error::AttemptError;
use crate::connect::{Connect, Resolve};
use crate::coordinator::Host;
use crate::failed_attempt::Phase;
use crate::opened::{HttpProtocol, Opened};
use crate::{Coordinator, ErrorKind, Outcome, eyeballs};

/// How long the addresses of a name are good for after it last resolved.
const REMEMBERED: Duration = Duration::from_secs(600);

/// How connections are opened, whatever the coordinator.
#[derive(Clone)]
pub(crate) struct Network {
    pub(crate) resolve: Arc<dyn Resolve>,
    pub(crate) connect: Arc<dyn Connect>,
    /// Limits resolving and connecting together.
    pub(crate) limit: Duration,
}

/// Opens connections to one coordinator.
pub(crate) struct Dialer {
    coordinator: Coordinator,
    network: Network,
    /// What its name resolved to, and when.
    known: Mutex<Option<(Vec<SocketAddr>, Instant)>>,
    /// Which of several addresses the next stream is opened to first.
    turn: AtomicUsize,
}

impl Dialer {
    pub(crate) fn new(coordinator: Coordinator, network: Network) -> Self {
        Self { coordinator, network, known: Mutex::default(), turn: AtomicUsize::new(0) }
    }

    pub(crate) fn coordinator(&self) -> &Coordinator {
        &self.coordinator
    }

    /// Opens a stream to the first address that takes one, in no more time than the limit.
    pub(crate) async fn open(&self) -> Result<Opened, AttemptError> {
        let now = Instant::now();
        let until = now.checked_add(self.network.limit).unwrap_or(now + REMEMBERED);
        let addresses = match self.coordinator.host() {
            Host::Ip(ip) => vec![SocketAddr::new(*ip, self.coordinator.port())],
            Host::Name(name) => {
                // Relaxed: turns need to differ, not to be ordered with anything else.
                let turn = self.turn.fetch_add(1, Ordering::Relaxed);
                eyeballs::in_turn(&self.resolve(name).await?, turn)
            }
        };
        let (io, address) = eyeballs::open(&*self.network.connect, &addresses, until).await?;
        Ok(Opened { io, address: Some(address), protocol: HttpProtocol::Http1 })
    }

    /// Resolves the name, or remembers what it resolved to while the resolver is out of order.
    async fn resolve(&self, name: &str) -> Result<Vec<SocketAddr>, AttemptError> {
        let now = Instant::now();
        let known = self.known().clone().filter(|(_, since)| now.duration_since(*since) < REMEMBERED);
        // With addresses to fall back on, half of the time is left to try them.
        let limit = if known.is_some() { self.network.limit / 2 } else { self.network.limit };
        let until = now.checked_add(limit).unwrap_or(now + REMEMBERED);
        let resolved = self.network.resolve.resolve(name, self.coordinator.port());
        let failed = match timeout_at(until, resolved).await {
            Ok(Ok(addresses)) if !addresses.is_empty() => {
                *self.known() = Some((addresses.clone(), now));
                return Ok(addresses);
            }
            Ok(Ok(_)) => unsent(ErrorKind::Dns).because("the name has no address"),
            Ok(Err(error)) => unsent(ErrorKind::Dns).because(error),
            Err(_) => unsent(ErrorKind::Dns).because("the resolver did not answer in time"),
        };
        match known {
            Some((addresses, _)) => {
                tracing::debug!(%name, error = %failed, "the resolver fails; the last known addresses are used");
                Ok(addresses)
            }
            None => Err(failed),
        }
    }

    fn known(&self) -> MutexGuard<'_, Option<(Vec<SocketAddr>, Instant)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A failure before anything was sent.
fn unsent(kind: ErrorKind) -> AttemptError {
    AttemptError::new(kind, Outcome::NotExecuted, Phase::Connect)
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer").field("coordinator", &self.coordinator).finish_non_exhaustive()
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("limit", &self.limit).finish_non_exhaustive()
    }
}
