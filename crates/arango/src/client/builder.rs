//! The builder of a client.

use std::sync::Arc;
#[cfg(feature = "data")]
use std::time::Duration;

use arango_transport::balance::{HealthPolicy, Policy, RandomSource};
use arango_transport::{
    AttemptRequest, AttemptService, CallService, Connect, Coordinator, Credentials, Discovery, Hedging,
    HostList, InvalidSettings, Limits, MiddlewareBody, MiddlewareService, PoolLimits, Resolve, RetryPolicy,
    Transport, TransportBuilder,
};
use tower::Layer;

use crate::client::Client;
use crate::client::discover::OperationDiscovery;
use crate::client::load_balancing::{LoadBalancing, UnknownStrategy};
#[cfg(feature = "data")]
use crate::handles::data_support::query_log::QueryLog;

/// Builds a [`Client`]. Nothing is validated before [`build`](Self::build).
///
/// ```no_run
/// # fn example() -> Result<(), arango::InvalidSettings> {
/// use std::time::Duration;
///
/// use arango::{Client, Limits, LoadBalancing};
///
/// let client = Client::builder()
///     .hosts(["http://host1:8529", "http://host2:8529"])
///     .basic_auth("root", "passwd")
///     .load_balancing(LoadBalancing::LeastLoaded)
///     .limits(Limits::default().total(Duration::from_secs(20)))
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    transport: TransportBuilder,
    #[cfg(feature = "data")]
    query_log: QueryLog,
}

impl ClientBuilder {
    pub(crate) fn new() -> Self {
        Self {
            transport: Transport::builder(HostList::default()),
            #[cfg(feature = "data")]
            query_log: QueryLog::default(),
        }
    }

    fn map(mut self, change: impl FnOnce(TransportBuilder) -> TransportBuilder) -> Self {
        self.transport = change(self.transport);
        self
    }

    /// Sets the coordinators: a list of hosts, or one comma-separated string.
    ///
    /// Each is written as `http://host:port` or `tcp://host:port`, or with TLS as `https://host:port` or
    /// `ssl://host:port`. The default port is 8529, also with TLS. If a gateway needs a path prefix, it follows the
    /// host: `https://example.com:443/arango`. On systems with Unix sockets, `unix:///run/arangodb.sock` is accepted.
    pub fn hosts(self, hosts: impl Into<HostList>) -> Self {
        self.map(|transport| transport.hosts(hosts))
    }

    /// Sets how requests are spread over the coordinators. Default: [`LoadBalancing::RoundRobin`].
    ///
    /// The strategy, or its text, as of a [configuration file](LoadBalancing#impl-FromStr-for-LoadBalancing). An unknown one is reported by [`build`](Self::build).
    ///
    /// ```
    /// use arango::Client;
    ///
    /// let client = Client::builder()
    ///     .hosts("http://db1.eu:8529,http://db2.eu:8529,http://db1.us:8529")
    ///     .load_balancing("preferred:eu:least-loaded")
    ///     .zones(|coordinator| if coordinator.as_str().contains(".eu:") { "eu" } else { "us" })
    ///     .build()?;
    /// # drop(client);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "host_resolver")]
    #[doc(alias = "loadBalancingStrategy")]
    pub fn load_balancing(self, strategy: impl TryInto<LoadBalancing, Error: Into<UnknownStrategy>>) -> Self {
        let strategy = strategy.try_into().map_err(Into::into);
        self.map(|transport| transport.policy_with(move |zones, random| strategy?.policy(zones, random)))
    }

    /// Sets the zone of each coordinator. Default: none.
    ///
    /// It is used by [`LoadBalancing::Preferred`] and shown in
    /// [`CoordinatorState::zone`](crate::CoordinatorState::zone). The function may be called for each coordinator
    /// with each request, so it should be fast.
    pub fn zones<Z: AsRef<str>>(self, zone_of: impl Fn(&Coordinator) -> Z + Send + Sync + 'static) -> Self {
        self.map(|transport| transport.zones(zone_of))
    }

    /// Spreads requests by a custom policy.
    pub fn policy(self, policy: impl Policy<Coordinator, AttemptRequest> + 'static) -> Self {
        self.map(|transport| transport.policy(policy))
    }

    /// Logs in as `user` with every request. Default: no login.
    #[doc(alias = "useBasicAuth")]
    pub fn basic_auth(self, user: impl AsRef<str>, password: impl AsRef<str>) -> Self {
        self.credentials(Credentials::basic(user.as_ref(), password.as_ref()))
    }

    /// Logs in as `user` once, and sends the returned token; see [`Credentials::jwt`].
    #[doc(alias = "auth_method")]
    #[doc(alias = "login")]
    pub fn jwt_auth(self, user: impl AsRef<str>, password: impl AsRef<str>) -> Self {
        self.credentials(Credentials::jwt(user.as_ref(), password.as_ref()))
    }

    /// Sets the credentials, such as an existing token: see [`Credentials::token`]. Default: none.
    pub fn credentials(self, credentials: Credentials) -> Self {
        self.map(|transport| transport.credentials(credentials))
    }

    /// Sets timeouts and the size limits of responses.
    #[doc(alias = "request_timeout")]
    #[doc(alias = "agentOptions")]
    pub fn limits(self, limits: Limits) -> Self {
        self.map(|transport| transport.limits(limits))
    }

    /// Limits the connections to each coordinator, and how long they live.
    #[doc(alias = "poolSize")]
    #[doc(alias = "maxSockets")]
    pub fn pool(self, limits: PoolLimits) -> Self {
        self.map(|transport| transport.pool(limits))
    }

    /// Sets the retry policy: attempts and accepted risks.
    ///
    /// Default: no risks: see [`RetryPolicy`].
    pub fn retry(self, policy: RetryPolicy) -> Self {
        self.map(|transport| transport.retry(policy))
    }

    /// Sets whether slow [safe](crate::protocol::RequestClass::Safe) calls are hedged with a second coordinator.
    ///
    /// Default: [`Hedging::disabled`].
    pub fn hedging(self, hedging: Hedging) -> Self {
        self.map(|transport| transport.hedging(hedging))
    }

    /// Sets whether bodies are compressed. Default: `Compression::disabled()`.
    #[cfg(feature = "compression")]
    pub fn compression(self, compression: arango_transport::Compression) -> Self {
        self.map(|transport| transport.compression(compression))
    }

    /// Sets when a coordinator is ejected, and when it may return.
    pub fn health(self, policy: HealthPolicy) -> Self {
        self.map(|transport| transport.health(policy))
    }

    /// Sets the random source.
    ///
    /// It determines the initial position of round robin, the choice of other strategies, the jitter of pauses and
    /// the age of connections.
    pub fn random_source(self, random: Arc<dyn RandomSource>) -> Self {
        self.map(|transport| transport.random_source(random))
    }

    /// Sets how TLS is used with coordinators.
    ///
    /// It applies to those whose hosts begin with `https://` or `ssl://`.
    #[cfg(feature = "rustls")]
    pub fn tls(self, tls: arango_transport::Tls) -> Self {
        self.map(|transport| transport.tls(tls))
    }

    /// Sets whether HTTP/2 is used. Default: it is not.
    #[cfg(feature = "http2")]
    pub fn http2(self, http2: arango_transport::Http2) -> Self {
        self.map(|transport| transport.http2(http2))
    }

    /// Sets for each coordinator whether HTTP/2 is used.
    ///
    /// ```
    /// use arango::{Client, Http2};
    ///
    /// // Without negotiation for the first, by ALPN for the second.
    /// let client = Client::builder()
    ///     .hosts("http://one:8529,https://two:8529")
    ///     .http2_with(|coordinator| if coordinator.is_tls() { Http2::Negotiated } else { Http2::PriorKnowledge })
    ///     .build()?;
    /// # drop(client);
    /// # Ok::<(), arango::InvalidSettings>(())
    /// ```
    #[cfg(feature = "http2")]
    pub fn http2_with(
        self,
        http2: impl Fn(&Coordinator) -> arango_transport::Http2 + Send + Sync + 'static,
    ) -> Self {
        self.map(|transport| transport.http2_with(http2))
    }

    /// Sets whether other coordinators than the hosts are discovered. Default: [`Discovery::disabled`].
    ///
    /// ```
    /// use arango::{Client, Discovery};
    ///
    /// let client = Client::builder()
    ///     .hosts("http://one:8529,http://two:8529")
    ///     .discovery(Discovery::enabled())
    ///     .build()?;
    /// # drop(client);
    /// # Ok::<(), arango::InvalidSettings>(())
    /// ```
    #[doc(alias = "acquireHostList")]
    #[inline]
    pub fn discovery(self, discovery: Discovery) -> Self {
        let discover = OperationDiscovery::new(&discovery);
        self.map(|transport| transport.discovery(discovery, discover))
    }

    /// Logs a warning for each query of which a response takes longer than this.
    ///
    /// The event of the crate `tracing` has the database, the duration and the number of the batch, and never a value.
    /// Default: none.
    #[cfg(feature = "data")]
    pub fn slow_queries(mut self, threshold: Duration) -> Self {
        self.query_log.slow = Some(threshold);
        self
    }

    /// Adds the texts of queries to their spans and to the warnings about slow ones.
    ///
    /// Values are bound, and so they are not in the text. Default: none has it.
    #[cfg(feature = "data")]
    pub fn log_query_texts(mut self) -> Self {
        self.query_log.includes_text = true;
        self
    }

    /// Replaces how connections are established.
    pub fn connect(self, connect: impl Connect) -> Self {
        self.map(|transport| transport.connect(connect))
    }

    /// Replaces how host names are resolved.
    pub fn resolve(self, resolve: impl Resolve) -> Self {
        self.map(|transport| transport.resolve(resolve))
    }

    /// Adds a tower layer around whole calls; see [`TransportBuilder::layer`].
    pub fn layer<L, B>(self, layer: L) -> Self
    where
        L: Layer<CallService, Service: MiddlewareService<B>> + Send + Sync + 'static,
        B: MiddlewareBody,
    {
        self.map(|transport| transport.layer(layer))
    }

    /// Adds a tower layer around each attempt; see [`TransportBuilder::attempt_layer`].
    pub fn attempt_layer<L, B>(self, layer: L) -> Self
    where
        L: Layer<AttemptService, Service: MiddlewareService<B>> + Clone + Send + Sync + 'static,
        B: MiddlewareBody,
    {
        self.map(|transport| transport.attempt_layer(layer))
    }

    /// Adds a tower layer around each attempt.
    ///
    /// The layer is created for each coordinator; see [`TransportBuilder::attempt_layer_with`].
    pub fn attempt_layer_with<F, L, B>(self, layer: F) -> Self
    where
        F: Fn(&Coordinator) -> L + Send + Sync + 'static,
        L: Layer<AttemptService, Service: MiddlewareService<B>>,
        B: MiddlewareBody,
    {
        self.map(|transport| transport.attempt_layer_with(layer))
    }

    /// Builds the client.
    ///
    /// Needs neither a runtime nor a network; the first call connects.
    ///
    /// # Errors
    ///
    /// If hosts are invalid; names every one of them and what is wrong with it. Else if a limit is zero; names the
    /// first. Else if the TLS settings are invalid; names the file, or the other reason. Else if the load balancing
    /// strategy is unknown, or a zone is preferred and no [`zones`](Self::zones) are set.
    pub fn build(self) -> Result<Client, InvalidSettings> {
        let client = Client::new(self.transport.build()?);
        #[cfg(feature = "data")]
        let client = client.with_query_log(self.query_log);
        Ok(client)
    }
}
