//! The cluster as a test holds it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{fmt, io};

use tokio::runtime::Handle;

use crate::builder::{Builder, StartError};
use crate::config::Config;
use crate::control::Control;
use crate::coordinator::Coordinator;
use crate::door::Door;
use crate::journal::Journal;
use crate::state::State;
use crate::tls::{Certificates, Identity};

/// A running cluster; it ends when it is dropped.
pub struct TestCluster {
    pub(crate) shared: Arc<Shared>,
    coordinators: Vec<Coordinator>,
}

/// What all coordinators have in common.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) journal: Journal,
    pub(crate) state: Mutex<State>,
    /// Present if coordinators speak TLS.
    pub(crate) certificates: Option<Certificates>,
}

impl TestCluster {
    /// Begins the settings of a cluster: three servers of each role, version 3.12.5, `root` with the password `passwd`.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn open(
        config: Config,
        addresses: &[SocketAddr],
        in_memory: bool,
        runtime: &Handle,
    ) -> Result<Self, StartError> {
        let mut doors = Vec::with_capacity(addresses.len());
        for address in addresses.iter().copied() {
            let door = Door::new(address, in_memory, config.keep_alive, runtime)
                .map_err(|source| StartError::Listen { address, source })?;
            doors.push((door.address(address), door));
        }
        let certificates = Certificates::make(config.tls, config.streams > 0, in_memory)?;
        let scheme = config.tls.endpoint_scheme();
        let endpoints: Vec<_> = doors.iter().map(|(address, _)| format!("{scheme}://{address}")).collect();
        let mut state = State::new(&config, &endpoints);
        state.keyfile = certificates.as_ref().map(|certificates| certificates.keyfile.clone());
        let shared = Arc::new(Shared {
            journal: Journal::new(doors.len()),
            state: Mutex::new(state),
            config,
            certificates,
        });
        let coordinators: Vec<_> = (0..)
            .zip(doors)
            .map(|(index, (address, door))| Coordinator::new(index, address, door, Arc::clone(&shared)))
            .collect();
        let cluster = Self { shared, coordinators };
        for coordinator in &cluster.coordinators {
            let address = coordinator.address();
            coordinator.open().map_err(|source| StartError::Listen { address, source })?;
        }
        Ok(cluster)
    }

    /// The coordinators' URLs, `http://127.0.0.1:PORT` each, or `https://`.
    pub fn urls(&self) -> Vec<String> {
        self.coordinators.iter().map(Coordinator::url).collect()
    }

    /// The password of `root`.
    pub fn root_password(&self) -> &str {
        &self.shared.config.root_password
    }

    /// The secret that signed tokens when the cluster started; what a coordinator signs with now, it
    /// [says itself](Coordinator::jwt_secret).
    pub fn jwt_secret(&self) -> &str {
        &self.shared.config.jwt_secret
    }

    /// The certificate of the authority that has signed those of the coordinators, in PEM; made when the cluster started,
    /// but for those that are [in memory](Builder::in_memory): all that a process has share one. `None` if they speak no [TLS](Builder::tls).
    pub fn ca_pem(&self) -> Option<&str> {
        self.shared.certificates.as_ref().map(Certificates::authority)
    }

    /// The certificate that coordinators show with [`Handshake::SelfMade`](crate::Handshake::SelfMade), in PEM. `None` if
    /// they speak no TLS.
    pub fn self_made_pem(&self) -> Option<&str> {
        self.shared.certificates.as_ref().map(Certificates::self_made)
    }

    /// A certificate that clients can show to coordinators that ask for one. `None` if they speak no TLS.
    pub fn client_identity(&self) -> Option<&Identity> {
        self.shared.certificates.as_ref().map(Certificates::client)
    }

    /// The version that the cluster claims.
    pub fn version(&self) -> &str {
        self.shared.config.version.text()
    }

    /// A token of the superuser that never expires.
    pub fn superuser_token(&self) -> String {
        self.shared.state().sessions.superuser()
    }

    /// A token of a user, valid from now on for `lifetime`, which counts whole seconds. The user need not exist.
    pub fn user_token(&self, user: &str, lifetime: Duration) -> String {
        let state = self.shared.state();
        let now = state.clock.calendar(state.clock.now()).as_secs();
        state.sessions.user(user, now, lifetime)
    }

    /// All coordinators, up or not.
    pub fn coordinators(&self) -> &[Coordinator] {
        &self.coordinators
    }

    /// The coordinator with this index.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn coordinator(&self, index: usize) -> &Coordinator {
        &self.coordinators[index]
    }

    /// The ids of the DB-Servers, `PRMR-…`.
    pub fn db_server_ids(&self) -> Vec<String> {
        self.shared.state().db_server_ids()
    }

    /// The ids of the agents, `AGNT-…`.
    pub fn agent_ids(&self) -> Vec<String> {
        self.shared.state().agents.iter().map(|agent| agent.id.clone()).collect()
    }

    /// Sets how long it takes from now on until all coordinators know of something new; see [`Builder::propagation`].
    pub fn set_propagation(&self, delay: Duration) {
        self.shared.state().propagation = delay;
    }

    /// What reached the coordinators, and what was executed.
    pub fn journal(&self) -> Journal {
        self.shared.journal.clone()
    }

    /// What clients asked for and is not simulated; each thing once.
    pub fn unsupported(&self) -> Vec<String> {
        self.shared.state().unsupported.clone()
    }

    /// Opens a small HTTP door for other processes: faults, kills and the journal, on a random loopback port.
    ///
    /// # Errors
    /// If no port can be listened on.
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
