//! Settings of a cluster before it starts.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::cluster::TestCluster;
use crate::config::Config;
use crate::state::sessions::SESSION;
use crate::tls::Tls;
use crate::version::Version;

/// Whether requests must say who sends them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Authentication {
    /// Requests need a password or a token.
    #[default]
    On,
    /// Everybody is the superuser, and there is no login.
    Off,
}

/// Whether servers tell what they are only to administrators.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hardening {
    /// They tell it to every user.
    #[default]
    Off,
    /// They do not: statistics, status, metrics, the licence and the numbers of servers are refused to others with 403
    /// and error number 11, and the version is left out.
    On,
}

/// Starts a [`TestCluster`]; every setting has a default.
#[derive(Debug, Clone)]
#[must_use = "a cluster starts with `start`"]
pub struct Builder {
    agents: usize,
    db_servers: usize,
    coordinators: usize,
    version: String,
    authentication: Authentication,
    hardening: Hardening,
    root_password: String,
    jwt_secret: String,
    token_lifetime: Duration,
    ports: Vec<u16>,
    seed: Option<u64>,
    skewed: bool,
    move_time: Duration,
    moves_at_once: usize,
    keep_alive: Duration,
    streams: u32,
    propagation: Duration,
    compress_answers_from: Option<usize>,
    hides_product: bool,
    in_memory: bool,
    tls: Tls,
    path_prefix: String,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            agents: 3,
            db_servers: 3,
            coordinators: 3,
            version: "3.12.5".to_owned(),
            authentication: Authentication::On,
            hardening: Hardening::Off,
            root_password: "passwd".to_owned(),
            jwt_secret: "secret".to_owned(),
            token_lifetime: SESSION,
            ports: Vec::new(),
            seed: None,
            skewed: false,
            move_time: Duration::from_millis(150),
            moves_at_once: 3,
            keep_alive: Duration::from_secs(300),
            streams: 32,
            propagation: Duration::ZERO,
            compress_answers_from: None,
            hides_product: false,
            in_memory: false,
            tls: Tls::Off,
            path_prefix: String::new(),
        }
    }
}

impl Builder {
    /// Sets the number of agents. Default: 3.
    pub fn agents(mut self, count: usize) -> Self {
        self.agents = count;
        self
    }

    /// Sets the number of DB-Servers. Default: 3.
    pub fn db_servers(mut self, count: usize) -> Self {
        self.db_servers = count;
        self
    }

    /// Sets the number of coordinators. Default: 3.
    pub fn coordinators(mut self, count: usize) -> Self {
        self.coordinators = count;
        self
    }

    /// Sets the version that the cluster claims and behaves like: 3.10, 3.11, 3.12 or 4.0, with or without a patch.
    ///
    /// Default: 3.12.5, which is also what `3.12` means.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// Sets the password of `root`. Default: `passwd`.
    pub fn root_password(mut self, password: impl Into<String>) -> Self {
        self.root_password = password.into();
        self
    }

    /// Sets the secret that signs tokens, of all coordinators; each may get [another](crate::Coordinator::rotate_secret) later. Default: `secret`.
    pub fn jwt_secret(mut self, secret: impl Into<String>) -> Self {
        self.jwt_secret = secret.into();
        self
    }

    /// Sets how long the token of a login holds, in whole seconds; a login may ask for less or more where the version lets it.
    ///
    /// Default: 3600 seconds. With less than one second a token is over as soon as it is there.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// Switches authentication. Default: [`Authentication::On`].
    pub fn authentication(mut self, authentication: Authentication) -> Self {
        self.authentication = authentication;
        self
    }

    /// Sets whether servers are hardened. Default: [`Hardening::Off`].
    pub fn hardening(mut self, hardening: Hardening) -> Self {
        self.hardening = hardening;
        self
    }

    /// Sets the coordinators' ports, first coordinator first. Default: the kernel chooses, as it does for missing ones.
    pub fn ports(mut self, ports: impl IntoIterator<Item = u16>) -> Self {
        self.ports = ports.into_iter().collect();
        self
    }

    /// Sets the seed of all ids. Default: chosen at random.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Starts with two databases whose shards have two copies each and all their leaders on one DB-Server, so that a
    /// rebalance has work to do.
    pub fn skewed_shards(mut self) -> Self {
        self.skewed = true;
        self
    }

    /// Sets how long one move of a shard stays pending. Default: 150 ms.
    pub fn move_time(mut self, time: Duration) -> Self {
        self.move_time = time;
        self
    }

    /// Sets how many moves of shards are pending at once. Default: 3.
    pub fn moves_at_once(mut self, count: usize) -> Self {
        self.moves_at_once = count;
        self
    }

    /// Sets how long a coordinator keeps a connection on which nothing happens. Default: 300 seconds.
    pub fn keep_alive(mut self, timeout: Duration) -> Self {
        self.keep_alive = timeout;
        self
    }

    /// Sets how many requests one connection may carry at the same time over HTTP/2; with 0 coordinators speak HTTP/1.1
    /// alone. Default: 32, as arangod has it.
    pub fn streams(mut self, at_once: u32) -> Self {
        self.streams = at_once;
        self
    }

    /// Sets how long it takes until all coordinators know of a database or a collection that one of them was told to make.
    ///
    /// Until then the others answer 404 with error number 1228 or 1203, and for a database 401 with error number 11 to
    /// users who have no grant for all databases. What is dropped is gone at once. Default: no time at all.
    pub fn propagation(mut self, delay: Duration) -> Self {
        self.propagation = delay;
        self
    }

    /// Sets from how many bytes on answers are compressed for clients that ask for it, as `--http.compress-response-threshold`
    /// does. Default: none is, as by default on a server.
    ///
    /// Before 3.12 a server has no such setting, and none is compressed whatever is set here.
    pub fn compress_answers_from(mut self, bytes: usize) -> Self {
        self.compress_answers_from = Some(bytes);
        self
    }

    /// Leaves out the headers by which ArangoDB names itself, as `--http.hide-product-header` and
    /// `--http.return-queue-time-header false` do together, and proxies that let few headers pass.
    pub fn hide_product_headers(mut self) -> Self {
        self.hides_product = true;
        self
    }

    /// Sets whether coordinators speak TLS, through whatever door they are reached. Default: [`Tls::Off`].
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = tls;
        self
    }

    /// Puts a gateway before each coordinator, which takes this prefix from every path, such as `/arango`, and answers all
    /// other paths with a page of its own: 404. Default: there is none.
    pub fn path_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.path_prefix = prefix.into();
        self
    }

    /// Opens no sockets: coordinators have made-up addresses and are reached with
    /// [`Coordinator::dial`](crate::Coordinator::dial), which also works under a paused clock.
    pub fn in_memory(mut self) -> Self {
        self.in_memory = true;
        self
    }

    /// Starts the cluster; it runs until it is dropped.
    ///
    /// # Errors
    /// If the version is not one that can be simulated, a count is zero, no tokio runtime is there, or a port is taken.
    #[expect(
        clippy::unused_async,
        reason = "starting servers is something to wait for, and one day will be waited for"
    )]
    pub async fn start(self) -> Result<TestCluster, StartError> {
        let runtime = Handle::try_current().map_err(|_| StartError::NoRuntime)?;
        let version = Version::read(&self.version)?;
        for (what, count) in
            [("agent", self.agents), ("DB-Server", self.db_servers), ("coordinator", self.coordinators)]
        {
            if count == 0 {
                return Err(StartError::None { what });
            }
        }
        let compresses = version.compresses_answers();
        let addresses: Vec<_> = (0..self.coordinators).map(|index| self.address(index)).collect();
        let config = Config {
            agents: self.agents,
            db_servers: self.db_servers,
            version,
            authentication: self.authentication,
            hardening: self.hardening,
            root_password: self.root_password,
            jwt_secret: self.jwt_secret,
            token_lifetime: self.token_lifetime,
            seed: self.seed.unwrap_or_else(rand::random),
            skewed: self.skewed,
            move_time: self.move_time,
            moves_at_once: self.moves_at_once.max(1),
            keep_alive: self.keep_alive,
            streams: self.streams,
            propagation: self.propagation,
            compress_answers_from: self.compress_answers_from.filter(|_| compresses),
            hides_product: self.hides_product,
            tls: self.tls,
            path_prefix: self.path_prefix,
        };
        TestCluster::open(config, &addresses, self.in_memory, &runtime)
    }

    fn address(&self, index: usize) -> SocketAddr {
        // As the starter spreads them; nobody listens there.
        let made_up = u16::try_from(8529 + 10 * index).unwrap_or(u16::MAX);
        let default = if self.in_memory { made_up } else { 0 };
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.get(index).copied().unwrap_or(default)))
    }
}

/// Why a cluster could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is no such version, or it is not simulated.
    #[error("version `{version}` cannot be simulated; 3.10, 3.11, 3.12 and 4.0 can")]
    UnknownVersion {
        /// What was asked for.
        version: String,
    },
    /// A cluster needs at least one of each role.
    #[error("a cluster without a single {what} cannot start")]
    None {
        /// The role.
        what: &'static str,
    },
    /// Called outside a tokio runtime.
    #[error("a cluster starts within a tokio runtime")]
    NoRuntime,
    /// The certificates could not be made.
    #[error("the certificates cannot be made")]
    Certificates(#[from] rcgen::Error),
    /// A coordinator found no port.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address that was tried.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}
