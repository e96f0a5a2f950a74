//! The builder of a client.

use std::sync::Arc;

use arango_transport::balance::{HealthPolicy, Policy, RandomSource};
use arango_transport::{
    AttemptRequest, AttemptService, CallService, Connect, Coordinator, Credentials, Discovery, Hedging,
    HostList, InvalidSettings, Limits, MiddlewareBody, MiddlewareService, PoolLimits, Resolve, RetryPolicy,
    Transport, TransportBuilder,
};
use tower::Layer;

use crate::client::Client;
use crate::client::discover::OperationDiscovery;
use crate::client::load_balancing::LoadBalancing;

/// Builds a [`Client`]. Nothing is validated before [`build`](Self::build).
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder(TransportBuilder);

impl ClientBuilder {
    pub(crate) fn new() -> Self {
        Self(Transport::builder(HostList::default()))
    }

    /// Sets the coordinators: a list of hosts, or one comma-separated string.
    ///
    /// Each is written as `http://host:port` or `tcp://host:port`, or with TLS as `https://host:port` or
    /// `ssl://host:port`. The default port is 8529, also with TLS. If a gateway needs a path prefix, it follows the
    /// host: `https://example.com:443/arango`. On systems with Unix sockets, `unix:///run/arangodb.sock` is accepted.
    pub fn hosts(self, hosts: impl Into<HostList>) -> Self {
        Self(self.0.hosts(hosts))
    }

    /// Sets how requests are spread over the coordinators. Default: [`LoadBalancing::RoundRobin`].
    ///
    /// ```
    /// use arango::{Client, LoadBalancing};
    ///
    /// let client = Client::builder()
    ///     .hosts("http://db1.eu:8529,http://db2.eu:8529,http://db1.us:8529")
    ///     .load_balancing("preferred:eu:least-loaded".parse::<LoadBalancing>()?)
    ///     .zones(|coordinator| if coordinator.as_str().contains(".eu:") { "eu" } else { "us" })
    ///     .build()?;
    /// # drop(client);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load_balancing(self, strategy: LoadBalancing) -> Self {
        Self(self.0.policy_with(move |zones, random| strategy.policy(zones, random)))
    }

    /// Sets the zone of each coordinator. Default: none.
    ///
    /// It is used by [`LoadBalancing::Preferred`] and shown in
    /// [`CoordinatorState::zone`](crate::CoordinatorState::zone). The function may be called for each coordinator
    /// with each request, so it should be fast.
    pub fn zones<Z: AsRef<str>>(self, zone_of: impl Fn(&Coordinator) -> Z + Send + Sync + 'static) -> Self {
        Self(self.0.zones(zone_of))
    }

    /// Spreads requests by a custom policy.
    pub fn policy(self, policy: impl Policy<Coordinator, AttemptRequest> + 'static) -> Self {
        Self(self.0.policy(policy))
    }

    /// Logs in as `user` with every request. Default: no login.
    pub fn basic_auth(self, user: &str, password: &str) -> Self {
        self.credentials(Credentials::basic(user, password))
    }

    /// Logs in as `user` once, and sends the returned token; see [`Credentials::jwt`].
    pub fn jwt_auth(self, user: &str, password: &str) -> Self {
        self.credentials(Credentials::jwt(user, password))
    }

    /// Sets the credentials, such as an existing token: see [`Credentials::token`]. Default: none.
    pub fn credentials(self, credentials: Credentials) -> Self {
        Self(self.0.credentials(credentials))
    }

    /// Sets timeouts and the size limits of responses.
    pub fn limits(self, limits: Limits) -> Self {
        Self(self.0.limits(limits))
    }

    /// Limits the connections to each coordinator, and how long they live.
    pub fn pool(self, limits: PoolLimits) -> Self {
        Self(self.0.pool(limits))
    }

    /// Sets the retry policy: attempts and accepted risks.
    ///
    /// Default: no risks: see [`RetryPolicy`].
    pub fn retry(self, policy: RetryPolicy) -> Self {
        Self(self.0.retry(policy))
    }

    /// Sets whether slow [safe](crate::protocol::RequestClass::Safe) calls are hedged with a second coordinator.
    ///
    /// Default: [`Hedging::disabled`].
    pub fn hedging(self, hedging: Hedging) -> Self {
        Self(self.0.hedging(hedging))
    }

    /// Sets whether bodies are compressed. Default: `Compression::disabled()`.
    #[cfg(feature = "compression")]
    pub fn compression(self, compression: arango_transport::Compression) -> Self {
        Self(self.0.compression(compression))
    }

    /// Sets when a coordinator is ejected, and when it may return.
    pub fn health(self, policy: HealthPolicy) -> Self {
        Self(self.0.health(policy))
    }

    /// Sets the random source.
    ///
    /// It determines the initial position of round robin, the choice of other strategies, the jitter of pauses and
    /// the age of connections.
    pub fn random_source(self, random: Arc<dyn RandomSource>) -> Self {
        Self(self.0.random_source(random))
    }

    /// Sets how TLS is used with coordinators.
    ///
    /// It applies to those whose hosts begin with `https://` or `ssl://`.
    #[cfg(feature = "rustls")]
    pub fn tls(self, tls: arango_transport::Tls) -> Self {
        Self(self.0.tls(tls))
    }

    /// Sets whether HTTP/2 is used. Default: it is not.
    #[cfg(feature = "http2")]
    pub fn http2(self, http2: arango_transport::Http2) -> Self {
        Self(self.0.http2(http2))
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
        Self(self.0.http2_with(http2))
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
    pub fn discovery(self, discovery: Discovery) -> Self {
        let discover = OperationDiscovery::new(&discovery);
        Self(self.0.discovery(discovery, discover))
    }

    /// Replaces how connections are established.
    pub fn connect(self, connect: impl Connect) -> Self {
        Self(self.0.connect(connect))
    }

    /// Replaces how host names are resolved.
    pub fn resolve(self, resolve: impl Resolve) -> Self {
        Self(self.0.resolve(resolve))
    }

    /// Adds a tower layer around whole calls; see [`TransportBuilder::layer`].
    pub fn layer<L, B>(self, layer: L) -> Self
    where
        L: Layer<CallService, Service: MiddlewareService<B>> + Send + Sync + 'static,
        B: MiddlewareBody,
    {
        Self(self.0.layer(layer))
    }

    /// Adds a tower layer around each attempt; see [`TransportBuilder::attempt_layer`].
    pub fn attempt_layer<L, B>(self, layer: L) -> Self
    where
        L: Layer<AttemptService, Service: MiddlewareService<B>> + Clone + Send + Sync + 'static,
        B: MiddlewareBody,
    {
        Self(self.0.attempt_layer(layer))
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
        Self(self.0.attempt_layer_with(layer))
    }

    /// Builds the client.
    ///
    /// Needs neither a runtime nor a network; the first call connects.
    ///
    /// # Errors
    ///
    /// If hosts are invalid; names every one of them and what is wrong with it. Else if a limit is zero; names the
    /// first. Else if the TLS settings are invalid; names the file, or the other reason. Else if a zone is preferred
    /// and no [`zones`](Self::zones) are set.
    pub fn build(self) -> Result<Client, InvalidSettings> {
        self.0.build().map(Client::new)
    }
}
