//! What a client is made from.

use std::sync::Arc;

use arango_transport::balance::{HealthPolicy, Policy, RandomSource};
use arango_transport::{
    AttemptService, CallService, Connect, Coordinator, Credentials, Discovery, DoorBody, DoorService,
    Hedging, HostList, InvalidSettings, Limits, Outgoing, PoolLimits, Resolve, RetryPolicy, Transport,
    TransportBuilder,
};
use tower::Layer;

use crate::discover::ByOperations;
use crate::{Client, LoadBalancing};

/// What a [`Client`] is made from. Nothing is checked before [`build`](Self::build).
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder(TransportBuilder);

impl ClientBuilder {
    pub(crate) fn new() -> Self {
        Self(Transport::builder(HostList::default()))
    }

    /// Sets the coordinators: a list of hosts, or one string with commas between them.
    ///
    /// Each is written as `http://host:port` or `tcp://host:port`, or with TLS as `https://host:port` or `ssl://host:port`;
    /// the port is 8529 if it is left out, also with TLS. Where a gateway wants a path before every path, that follows:
    /// `https://example.com:443/arango`. Where there are Unix sockets, `unix:///run/arangodb.sock` names one.
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
        Self(self.0.policy_with(move |zones, jitter| strategy.policy(zones, jitter)))
    }

    /// Sets in which zone each coordinator is, for [`LoadBalancing::Preferred`] and for
    /// [`CoordinatorState::zone`](crate::CoordinatorState::zone). Default: in none.
    ///
    /// It may be asked about each coordinator for each request, so it should be quick.
    pub fn zones<Z: AsRef<str>>(self, zone_of: impl Fn(&Coordinator) -> Z + Send + Sync + 'static) -> Self {
        Self(self.0.zones(zone_of))
    }

    /// Spreads requests by a policy of one's own.
    pub fn policy(self, policy: impl Policy<Coordinator, Outgoing> + 'static) -> Self {
        Self(self.0.policy(policy))
    }

    /// Logs in as `user` with every request. Default: no login.
    pub fn basic_auth(self, user: &str, password: &str) -> Self {
        self.credentials(Credentials::basic(user, password))
    }

    /// Logs in as `user` once, and sends the token that comes of it; see [`Credentials::jwt`].
    pub fn jwt_auth(self, user: &str, password: &str) -> Self {
        self.credentials(Credentials::jwt(user, password))
    }

    /// Sends these credentials, such as a token that the program has: see [`Credentials::token`].
    pub fn credentials(self, credentials: Credentials) -> Self {
        Self(self.0.credentials(credentials))
    }

    /// Sets how long calls may take and how much may come back.
    pub fn limits(self, limits: Limits) -> Self {
        Self(self.0.limits(limits))
    }

    /// Sets how many connections there may be to one coordinator, and for how long.
    pub fn pool(self, limits: PoolLimits) -> Self {
        Self(self.0.pool(limits))
    }

    /// Sets how often a request is sent again, and which risks are taken. Default: none: see [`RetryPolicy`].
    pub fn retry(self, policy: RetryPolicy) -> Self {
        Self(self.0.retry(policy))
    }

    /// Sets whether calls without effect that take unusually long are asked of a second coordinator. Default:
    /// [`Hedging::never`].
    pub fn hedging(self, hedging: Hedging) -> Self {
        Self(self.0.hedging(hedging))
    }

    /// Sets whether bodies are compressed on their way. Default: `Compression::never()`.
    #[cfg(feature = "compression")]
    pub fn compression(self, compression: arango_transport::Compression) -> Self {
        Self(self.0.compression(compression))
    }

    /// Sets when a coordinator is taken out of the rotation, and when it may come back.
    pub fn health(self, policy: HealthPolicy) -> Self {
        Self(self.0.health(policy))
    }

    /// Sets where chance comes from: with which coordinator round robin begins and whom other strategies pick, the length of
    /// pauses, the age of connections.
    pub fn jitter(self, jitter: Arc<dyn RandomSource>) -> Self {
        Self(self.0.jitter(jitter))
    }

    /// Sets how TLS is spoken with the coordinators whose hosts begin with `https://` or `ssl://`.
    #[cfg(feature = "rustls")]
    pub fn tls(self, tls: arango_transport::Tls) -> Self {
        Self(self.0.tls(tls))
    }

    /// Sets whether HTTP/2 is spoken with the coordinators. Default: never.
    #[cfg(feature = "http2")]
    pub fn http2(self, http2: arango_transport::Http2) -> Self {
        Self(self.0.http2(http2))
    }

    /// Sets for each coordinator whether HTTP/2 is spoken with it.
    ///
    /// ```
    /// use arango::{Client, Http2};
    ///
    /// // Directly with the one, and with the other through what stands before it.
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

    /// Sets whether other coordinators than the hosts are looked for. Default: [`Discovery::off`].
    ///
    /// ```
    /// use arango::{Client, Discovery};
    ///
    /// let client = Client::builder().hosts("http://one:8529,http://two:8529").discovery(Discovery::on()).build()?;
    /// # drop(client);
    /// # Ok::<(), arango::InvalidSettings>(())
    /// ```
    pub fn discovery(self, discovery: Discovery) -> Self {
        let discover = ByOperations::new(&discovery);
        Self(self.0.discovery(discovery, discover))
    }

    /// Replaces how connections are opened.
    pub fn connect(self, connect: impl Connect) -> Self {
        Self(self.0.connect(connect))
    }

    /// Replaces how names are resolved.
    pub fn resolve(self, resolve: impl Resolve) -> Self {
        Self(self.0.resolve(resolve))
    }

    /// Adds a tower layer around whole calls; see [`TransportBuilder::layer`].
    pub fn layer<L, B>(self, layer: L) -> Self
    where
        L: Layer<CallService, Service: DoorService<B>> + Send + Sync + 'static,
        B: DoorBody,
    {
        Self(self.0.layer(layer))
    }

    /// Adds a tower layer around each attempt at each coordinator; see
    /// [`TransportBuilder::attempt_layer`].
    pub fn attempt_layer<L, B>(self, layer: L) -> Self
    where
        L: Layer<AttemptService, Service: DoorService<B>> + Clone + Send + Sync + 'static,
        B: DoorBody,
    {
        Self(self.0.attempt_layer(layer))
    }

    /// Adds a tower layer around each attempt that is made for each coordinator; see
    /// [`TransportBuilder::attempt_layer_with`].
    pub fn attempt_layer_with<F, L, B>(self, layer: F) -> Self
    where
        F: Fn(&Coordinator) -> L + Send + Sync + 'static,
        L: Layer<AttemptService, Service: DoorService<B>>,
        B: DoorBody,
    {
        Self(self.0.attempt_layer_with(layer))
    }

    /// Builds the client. Neither a runtime nor a network is needed; the first call connects.
    ///
    /// # Errors
    ///
    /// If hosts cannot be used; names every one of them and what is wrong with it. Else if a limit is
    /// zero; names the first. Else if TLS cannot be spoken as it was set; names the file, or what else is wrong. Else
    /// if a zone is preferred and no [`zones`](Self::zones) are set.
    pub fn build(self) -> Result<Client, InvalidSettings> {
        self.0.build().map(Client::new)
    }
}
