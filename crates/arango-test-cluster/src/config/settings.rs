//! The settings of a running cluster.

use std::time::Duration;

use crate::config::version::Version;
use crate::tls::Tls;

/// Whether requests need authentication.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Authentication {
    /// Requests need a password or a token.
    #[default]
    On,
    /// Every request has superuser rights, and there is no login.
    Off,
}

/// Whether servers reveal information about themselves to administrators only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hardening {
    /// Servers reveal it to every user.
    #[default]
    Off,
    /// Servers reveal it to administrators only. Statistics, status, metrics, the licence and the number of servers are
    /// refused to other users with 403 and error number 11. The version is left out.
    On,
}

/// The order in which a query visits the documents of a collection, if it does not sort them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ScanOrder {
    /// An order that depends on the seed and on nothing else. A server promises none, so that no test may rely on one.
    #[default]
    Shuffled,
    /// By key, for tests of others that expect an order.
    ByKey,
}

/// The settings of a running cluster.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) agents: usize,
    pub(crate) db_servers: usize,
    pub(crate) version: Version,
    pub(crate) authentication: Authentication,
    pub(crate) hardening: Hardening,
    pub(crate) root_password: String,
    pub(crate) jwt_secret: String,
    pub(crate) token_lifetime: Duration,
    pub(crate) seed: u64,
    pub(crate) scan_order: ScanOrder,
    pub(crate) skewed_shards: bool,
    pub(crate) move_time: Duration,
    /// How long a query that writes takes from its reads to its commit.
    pub(crate) write_query_time: Duration,
    pub(crate) max_concurrent_moves: usize,
    pub(crate) keep_alive: Duration,
    pub(crate) max_concurrent_streams: u32,
    pub(crate) propagation: Duration,
    /// `None`: never.
    pub(crate) compress_responses_from: Option<usize>,
    /// Whether responses leave out the headers that identify the product.
    pub(crate) hide_product_headers: bool,
    pub(crate) tls: Tls,
    /// The prefix that a gateway strips from every path. Empty without a gateway.
    pub(crate) path_prefix: String,
    pub(crate) transactions: TransactionSettings,
}

/// The limits of stream transactions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TransactionSettings {
    /// How long an unused transaction is kept.
    pub(crate) idle_timeout: Duration,
    /// How long a request waits while another request uses its transaction.
    pub(crate) lock_timeout: Duration,
    /// How many bytes a transaction may write. `None`: as many as the version allows.
    pub(crate) max_size: Option<usize>,
}

impl Default for TransactionSettings {
    fn default() -> Self {
        Self { idle_timeout: Duration::from_secs(60), lock_timeout: Duration::from_secs(8), max_size: None }
    }
}
