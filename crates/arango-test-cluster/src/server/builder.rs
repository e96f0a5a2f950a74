//! Settings of a cluster before it starts.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::config::settings::{Authentication, Config, Hardening, ScanOrder, TransactionSettings};
use crate::config::start_error::StartError;
use crate::config::version::Version;
use crate::server::cluster::TestCluster;
use crate::state::sessions::SESSION_TIMEOUT;
use crate::tls::Tls;

/// Starts a [`TestCluster`]; every setting has a default.
#[derive(Debug, Clone)]
#[must_use = "the cluster is not started until `start` is called"]
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
    scan_order: ScanOrder,
    skewed_shards: bool,
    move_time: Duration,
    write_query_time: Duration,
    max_concurrent_moves: usize,
    keep_alive: Duration,
    max_concurrent_streams: u32,
    propagation: Duration,
    compress_responses_from: Option<usize>,
    hide_product_headers: bool,
    in_memory: bool,
    tls: Tls,
    path_prefix: String,
    transactions: TransactionSettings,
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
            token_lifetime: SESSION_TIMEOUT,
            ports: Vec::new(),
            seed: None,
            scan_order: ScanOrder::default(),
            skewed_shards: false,
            move_time: Duration::from_millis(150),
            write_query_time: Duration::ZERO,
            max_concurrent_moves: 3,
            keep_alive: Duration::from_secs(300),
            max_concurrent_streams: 32,
            propagation: Duration::ZERO,
            compress_responses_from: None,
            hide_product_headers: false,
            in_memory: false,
            tls: Tls::Off,
            path_prefix: String::new(),
            transactions: TransactionSettings::default(),
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

    /// Sets the version that the cluster reports and simulates.
    ///
    /// Possible are 3.10, 3.11, 3.12 and 4.0, with or without a patch. Default: 3.12.5, which is also what `3.12`
    /// means.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// Sets the password of `root`. Default: `passwd`.
    pub fn root_password(mut self, password: impl Into<String>) -> Self {
        self.root_password = password.into();
        self
    }

    /// Sets the secret with which all coordinators sign tokens. Default: `secret`.
    ///
    /// It can be [changed](crate::Coordinator::rotate_secret) later for each coordinator.
    pub fn jwt_secret(mut self, secret: impl Into<String>) -> Self {
        self.jwt_secret = secret.into();
        self
    }

    /// Sets the lifetime of login tokens, in whole seconds. Default: 3600 seconds.
    ///
    /// A login may request another lifetime where the version allows it. With less than one second a token has expired
    /// as soon as it is issued.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// Sets whether requests need authentication. Default: [`Authentication::On`].
    pub fn authentication(mut self, authentication: Authentication) -> Self {
        self.authentication = authentication;
        self
    }

    /// Sets whether the servers are hardened. Default: [`Hardening::Off`].
    pub fn hardening(mut self, hardening: Hardening) -> Self {
        self.hardening = hardening;
        self
    }

    /// Sets the coordinators' ports, first coordinator first.
    ///
    /// Default: the kernel chooses. It also chooses for coordinators without an entry.
    pub fn ports(mut self, ports: impl IntoIterator<Item = u16>) -> Self {
        self.ports = ports.into_iter().collect();
        self
    }

    /// Sets the seed of all ids, and of the order of collections. Default: random.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets the order in which queries visit the documents of a collection. Default: [`ScanOrder::Shuffled`].
    pub fn scan_order(mut self, order: ScanOrder) -> Self {
        self.scan_order = order;
        self
    }

    /// Creates two databases whose shard leaders are all on one DB-Server.
    ///
    /// Each shard has two copies. A rebalance of this cluster has moves to make.
    pub fn skewed_shards(mut self) -> Self {
        self.skewed_shards = true;
        self
    }

    /// Sets how long a query that writes takes from its reads to its commit, besides `SLEEP`. Default: zero.
    ///
    /// By default it reads and commits at one instant, so that two queries never conflict. With this time, other writes
    /// to a document that the query writes are refused meanwhile, with status 409 and error number 1200.
    pub fn write_query_time(mut self, time: Duration) -> Self {
        self.write_query_time = time;
        self
    }

    /// Sets how long one shard move stays pending. Default: 150 ms.
    pub fn move_time(mut self, time: Duration) -> Self {
        self.move_time = time;
        self
    }

    /// Sets how many shard moves are pending at once. Default: 3.
    pub fn max_concurrent_moves(mut self, count: usize) -> Self {
        self.max_concurrent_moves = count;
        self
    }

    /// Sets how long a coordinator keeps an idle connection. Default: 300 seconds.
    pub fn keep_alive(mut self, timeout: Duration) -> Self {
        self.keep_alive = timeout;
        self
    }

    /// Sets how many concurrent requests an HTTP/2 connection may carry. Default: 32, as in arangod.
    ///
    /// With 0, coordinators speak HTTP/1.1 only.
    pub fn max_concurrent_streams(mut self, count: u32) -> Self {
        self.max_concurrent_streams = count;
        self
    }

    /// Sets the propagation delay of new databases and collections. Default: zero.
    ///
    /// Until the delay has passed, only the coordinator that created it knows the database or collection. The others
    /// return 404 with error number 1228 or 1203. For a database, users without a grant for all databases get 401 with
    /// error number 11. Dropping takes effect at once everywhere.
    pub fn propagation(mut self, delay: Duration) -> Self {
        self.propagation = delay;
        self
    }

    /// Sets the minimum size in bytes of compressed responses. Default: no response is compressed.
    ///
    /// Responses are compressed for clients that accept it, as with `--http.compress-response-threshold`. The default
    /// is that of a server. Servers before 3.12 have no such setting and never compress.
    pub fn compress_responses_from(mut self, bytes: usize) -> Self {
        self.compress_responses_from = Some(bytes);
        self
    }

    /// Leaves out the headers by which ArangoDB identifies itself.
    ///
    /// This has the effect of `--http.hide-product-header` together with `--http.return-queue-time-header false`, or of
    /// a proxy that passes few headers.
    pub fn hide_product_headers(mut self) -> Self {
        self.hide_product_headers = true;
        self
    }

    /// Sets whether coordinators speak TLS, on sockets and in memory. Default: [`Tls::Off`].
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = tls;
        self
    }

    /// Puts a gateway in front of each coordinator that strips a path prefix. Default: none.
    ///
    /// The prefix is for example `/arango`. The gateway returns its own 404 page for all other paths.
    pub fn path_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.path_prefix = prefix.into();
        self
    }

    /// Sets how long an unused stream transaction is kept. Default: 60 seconds; more than 120 counts as 120.
    ///
    /// It is aborted within a second after this time.
    pub fn transaction_idle_timeout(mut self, timeout: Duration) -> Self {
        self.transactions.idle_timeout = timeout.min(Duration::from_secs(120));
        self
    }

    /// Sets how long a request waits while another one uses the same stream transaction. Default: 8 seconds.
    ///
    /// Then it gets 500 with error number 28. A commit or an abort waits for 3 seconds, whatever this is.
    pub fn transaction_lock_timeout(mut self, timeout: Duration) -> Self {
        self.transactions.lock_timeout = timeout;
        self
    }

    /// Sets how many bytes of documents a stream transaction may write.
    ///
    /// A write beyond this gets 500 with error number 32. A transaction may set its own limit. Default: 128 MiB, and
    /// 512 MiB from 3.12.4 on.
    pub fn max_transaction_size(mut self, bytes: usize) -> Self {
        self.transactions.max_size = Some(bytes);
        self
    }

    /// Opens no sockets: coordinators get invented addresses.
    ///
    /// They are reached with [`Coordinator::connect`](crate::Coordinator::connect), which also works under a paused
    /// clock.
    pub fn in_memory(mut self) -> Self {
        self.in_memory = true;
        self
    }

    /// Starts the cluster, which runs until it is dropped.
    ///
    /// # Errors
    /// If the version cannot be simulated, a count is zero, there is no tokio runtime, or a port is in use.
    #[expect(clippy::unused_async, reason = "starting servers is asynchronous; a later version may await")]
    pub async fn start(self) -> Result<TestCluster, StartError> {
        let runtime = Handle::try_current().map_err(|_| StartError::NoRuntime)?;
        let version = Version::read(&self.version)?;
        for (what, count) in
            [("agent", self.agents), ("DB-Server", self.db_servers), ("coordinator", self.coordinators)]
        {
            if count == 0 {
                return Err(StartError::NoServers { what });
            }
        }
        let compresses = version.compresses_responses();
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
            scan_order: self.scan_order,
            skewed_shards: self.skewed_shards,
            move_time: self.move_time,
            write_query_time: self.write_query_time,
            max_concurrent_moves: self.max_concurrent_moves.max(1),
            keep_alive: self.keep_alive,
            max_concurrent_streams: self.max_concurrent_streams,
            propagation: self.propagation,
            compress_responses_from: self.compress_responses_from.filter(|_| compresses),
            hide_product_headers: self.hide_product_headers,
            tls: self.tls,
            path_prefix: self.path_prefix,
            transactions: self.transactions,
        };
        TestCluster::open(config, &addresses, self.in_memory, &runtime)
    }

    fn address(&self, index: usize) -> SocketAddr {
        // The ports that the starter assigns; no socket listens on them.
        let made_up = u16::try_from(8529 + 10 * index).unwrap_or(u16::MAX);
        let default = if self.in_memory { made_up } else { 0 };
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.get(index).copied().unwrap_or(default)))
    }
}
