//! A running cluster, as tests use it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{fmt, io};

use tokio::runtime::Handle;

use crate::config::settings::Config;
use crate::config::start_error::StartError;
use crate::faults::active_faults::FaultGuard;
use crate::faults::fault::Fault;
use crate::journal::Journal;
use crate::server::builder::Builder;
use crate::server::control::Control;
use crate::server::coordinator::Coordinator;
use crate::server::listener::Listener;
use crate::state::State;
use crate::tls::{Certificates, Identity};

/// A running cluster. It stops when it is dropped.
pub struct TestCluster {
    pub(crate) shared: Arc<ClusterInner>,
    coordinators: Vec<Coordinator>,
}

/// The parts that all coordinators share.
pub(crate) struct ClusterInner {
    pub(crate) config: Config,
    pub(crate) journal: Journal,
    pub(crate) state: Mutex<State>,
    /// Present if coordinators speak TLS.
    pub(crate) certificates: Option<Certificates>,
}

impl TestCluster {
    /// Returns the default settings of a cluster.
    ///
    /// Three servers of each role, version 3.12.5, user `root` with the password `passwd`.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn open(
        config: Config,
        addresses: &[SocketAddr],
        in_memory: bool,
        runtime: &Handle,
    ) -> Result<Self, StartError> {
        let mut listeners = Vec::with_capacity(addresses.len());
        for address in addresses.iter().copied() {
            let listener = Listener::new(address, in_memory, config.keep_alive, runtime)
                .map_err(|source| StartError::Listen { address, source })?;
            listeners.push((listener.address(address), listener));
        }
        let certificates = Certificates::make(config.tls, config.max_concurrent_streams > 0, in_memory)?;
        let scheme = config.tls.endpoint_scheme();
        let endpoints: Vec<_> =
            listeners.iter().map(|(address, _)| format!("{scheme}://{address}")).collect();
        let journal = Journal::new(listeners.len());
        let mut state = State::new(&config, &endpoints, journal.clone());
        state.keyfile = certificates.as_ref().map(|certificates| certificates.keyfile.clone());
        let shared = Arc::new(ClusterInner { journal, state: Mutex::new(state), config, certificates });
        let coordinators: Vec<_> = (0..)
            .zip(listeners)
            .map(|(index, (address, listener))| {
                Coordinator::new(index, address, listener, Arc::clone(&shared))
            })
            .collect();
        let cluster = Self { shared, coordinators };
        for coordinator in &cluster.coordinators {
            let address = coordinator.address();
            coordinator.open().map_err(|source| StartError::Listen { address, source })?;
        }
        Ok(cluster)
    }

    /// Returns the coordinators' URLs: `http://127.0.0.1:PORT`, or `https://` with TLS.
    pub fn urls(&self) -> Vec<String> {
        self.coordinators.iter().map(Coordinator::url).collect()
    }

    /// Returns the password of `root`.
    pub fn root_password(&self) -> &str {
        &self.shared.config.root_password
    }

    /// Returns the secret that signed tokens when the cluster started.
    ///
    /// The secret that a coordinator uses now is returned by [`Coordinator::jwt_secret`].
    pub fn jwt_secret(&self) -> &str {
        &self.shared.config.jwt_secret
    }

    /// Returns the certificate of the authority that signed the coordinators' certificates, in PEM.
    ///
    /// It is generated when the cluster starts. All [in-memory](Builder::in_memory) clusters of a process share one
    /// authority. `None` without [TLS](Builder::tls).
    pub fn ca_pem(&self) -> Option<&str> {
        self.shared.certificates.as_ref().map(Certificates::authority)
    }

    /// Returns the certificate of [`HandshakeFault::SelfSigned`](crate::HandshakeFault::SelfSigned), in PEM. `None`
    /// without TLS.
    pub fn self_signed_pem(&self) -> Option<&str> {
        self.shared.certificates.as_ref().map(Certificates::self_signed)
    }

    /// Returns a client certificate that coordinators accept. `None` without TLS.
    pub fn client_identity(&self) -> Option<&Identity> {
        self.shared.certificates.as_ref().map(Certificates::client)
    }

    /// Returns the version that the cluster reports.
    pub fn version(&self) -> &str {
        self.shared.config.version.text()
    }

    /// Returns a superuser token that never expires.
    pub fn superuser_token(&self) -> String {
        self.shared.state().sessions.superuser()
    }

    /// Returns a user's token, valid for `lifetime` from now, in whole seconds.
    ///
    /// The user need not exist.
    pub fn user_token(&self, user: &str, lifetime: Duration) -> String {
        let state = self.shared.state();
        let now = state.clock.unix_time(state.clock.now()).as_secs();
        state.sessions.user(user, now, lifetime)
    }

    /// Returns all coordinators, running or not.
    pub fn coordinators(&self) -> &[Coordinator] {
        &self.coordinators
    }

    /// Returns the coordinator with this index.
    ///
    /// # Panics
    /// If the index is out of range.
    pub fn coordinator(&self, index: usize) -> &Coordinator {
        &self.coordinators[index]
    }

    /// Injects a fault at every coordinator, until the guards are dropped.
    ///
    /// A [limit](Fault::times) counts for each coordinator.
    pub fn inject(&self, fault: &Fault) -> Vec<FaultGuard> {
        self.coordinators.iter().map(|coordinator| coordinator.inject(fault.clone())).collect()
    }

    /// Returns the ids of the DB-Servers, `PRMR-…`.
    pub fn db_server_ids(&self) -> Vec<String> {
        self.shared.state().db_server_ids()
    }

    /// Returns the ids of the agents, `AGNT-…`.
    pub fn agent_ids(&self) -> Vec<String> {
        self.shared.state().agents.iter().map(|agent| agent.id.clone()).collect()
    }

    /// Sets the propagation delay from now on; see [`Builder::propagation`].
    pub fn set_propagation(&self, delay: Duration) {
        self.shared.state().propagation_delay = delay;
    }

    /// Sets how long indexes are built from now on. Default: no time.
    ///
    /// An index that is being built is hidden, and vanishes if the coordinator that was asked for it is killed.
    pub fn set_index_build_time(&self, time: Duration) {
        self.shared.state().index_builds.time = time;
    }

    /// Returns the journal of received and executed requests.
    pub fn journal(&self) -> Journal {
        self.shared.journal.clone()
    }

    /// Returns the ids of the cursors that coordinators keep, also of those whose id no response has contained.
    pub fn open_cursors(&self) -> Vec<String> {
        let state = self.shared.state();
        state.cursors.open(state.clock.now()).map(|id| id.to_string()).collect()
    }

    /// Returns the ids of the stream transactions that were neither committed nor aborted.
    pub fn open_transactions(&self) -> Vec<String> {
        let mut state = self.shared.state();
        let now = state.clock.now();
        state.advance(now);
        state.transactions.running().map(|transaction| transaction.id.to_string()).collect()
    }

    /// Returns the calls that clients made and that are not simulated, without duplicates.
    pub fn unsupported(&self) -> Vec<String> {
        self.shared.state().unsupported.clone()
    }

    /// Opens the control API for other processes, on a random loopback port.
    ///
    /// # Errors
    /// If no port can be opened.
    pub async fn control(&self) -> io::Result<Control> {
        Control::open(Arc::clone(&self.shared), self.coordinators.clone()).await
    }
}

impl Drop for TestCluster {
    fn drop(&mut self) {
        self.coordinators.iter().for_each(Coordinator::kill);
    }
}

impl fmt::Debug for TestCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestCluster")
            .field("version", &self.version())
            .field("urls", &self.urls())
            .finish_non_exhaustive()
    }
}
