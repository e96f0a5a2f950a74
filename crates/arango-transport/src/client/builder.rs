//! The builder of a transport.

use std::sync::Arc;

use arango_balance::{HealthPolicy, Policy, RandomSource, RoundRobin, ThreadRandom};
use tower::Layer;

use crate::call::attempt_request::AttemptRequest;
use crate::client::clamped_random::ClampedRandom;
use crate::client::discovery::{Discover, Discovery};
use crate::client::discovery_task::DiscoverySetting;
use crate::client::stack;
use crate::client::transport::Transport;
use crate::compression::compressor::Compression;
use crate::config::hedging::Hedging;
use crate::config::http2::Http2Setting;
use crate::config::invalid_settings::InvalidSettings;
use crate::config::limits::{Limits, PoolLimits};
use crate::config::retry_policy::RetryPolicy;
use crate::connect::connector::Network;
use crate::connect::{Connect, Resolve, SystemConnect, SystemResolve};
use crate::credentials::Credentials;
use crate::layers::middleware::{AttemptService, CallService, Middleware, MiddlewareBody, MiddlewareService};
use crate::layers::replaceable_policy::BoxPolicy;
use crate::tls::{self, Handshakes};
use crate::types::coordinator::Coordinator;
use crate::types::hosts::HostList;
use crate::types::zones::Zones;

/// Builds a [`Transport`]. Nothing is checked before [`build`](Self::build).
#[must_use = "a builder does nothing until it is built"]
pub struct TransportBuilder {
    hosts: HostList,
    pub(crate) parts: Parts,
}

/// All settings except the hosts.
pub(crate) struct Parts {
    pub(crate) limits: Limits,
    pub(crate) pool: PoolLimits,
    pub(crate) retry: RetryPolicy,
    pub(crate) hedging: Hedging,
    pub(crate) compression: Compression,
    pub(crate) health: HealthPolicy,
    pub(crate) credentials: Credentials,
    pub(crate) policy: PolicyFactory,
    pub(crate) zones: Zones,
    pub(crate) random: Arc<dyn RandomSource>,
    pub(crate) network: Network,
    pub(crate) tls: Option<tls::Tls>,
    pub(crate) middleware: Middleware,
    pub(crate) discovery: Option<DiscoverySetting>,
}

/// Creates the policy when the transport is built.
///
/// Zones and random source may be set after the policy.
type PolicyFactory =
    Box<dyn FnOnce(&Zones, &Arc<dyn RandomSource>) -> Result<BoxPolicy, InvalidSettings> + Send + Sync>;

impl TransportBuilder {
    pub(crate) fn new(hosts: HostList) -> Self {
        let limits = Limits::default();
        let network = Network {
            resolve: Arc::new(SystemResolve),
            connect: Arc::new(SystemConnect),
            limits: Arc::new(Limits::default),
            http2: Http2Setting::default(),
        };
        let parts = Parts {
            limits,
            pool: PoolLimits::default(),
            retry: RetryPolicy::default(),
            hedging: Hedging::disabled(),
            compression: Compression::default(),
            health: HealthPolicy::default(),
            credentials: Credentials::none(),
            policy: Box::new(|_, random| Ok(Box::new(RoundRobin::random_start(&**random)))),
            zones: Zones::default(),
            random: Arc::new(ThreadRandom),
            network,
            tls: None,
            middleware: Middleware::default(),
            discovery: None,
        };
        Self { hosts, parts }
    }

    /// Replaces the hosts.
    pub fn hosts(mut self, hosts: impl Into<HostList>) -> Self {
        self.hosts = hosts.into();
        self
    }

    /// Sets limits for the duration of calls and the size of responses.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.parts.limits = limits;
        self
    }

    /// Sets the number and lifetime of connections per coordinator.
    pub fn pool(mut self, limits: PoolLimits) -> Self {
        self.parts.pool = limits;
        self
    }

    /// Sets the retry policy. By default no risks are accepted.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.parts.retry = policy;
        self
    }

    /// Sets whether slow calls without side effects are hedged.
    ///
    /// The hedge goes to a second coordinator. Default: [`Hedging::disabled`].
    pub fn hedging(mut self, hedging: Hedging) -> Self {
        self.parts.hedging = hedging;
        self
    }

    /// Sets the compression of request and response bodies. Default: [`Compression::disabled`].
    #[cfg(feature = "compression")]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.parts.compression = compression;
        self
    }

    /// Sets when a coordinator is ejected, and when it may come back.
    pub fn health(mut self, policy: HealthPolicy) -> Self {
        self.parts.health = policy;
        self
    }

    /// Sets the credentials. Default: none.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.parts.credentials = credentials;
        self
    }

    /// Sets the load-balancing policy. Default: [`RoundRobin`] with a random start.
    pub fn policy(self, policy: impl Policy<Coordinator, AttemptRequest> + 'static) -> Self {
        self.policy_with(|_, _| Ok(policy))
    }

    /// Sets a load-balancing policy that depends on the zones and random source.
    ///
    /// The policy is created when the transport is built, so [`zones`](Self::zones) and
    /// [`random_source`](Self::random_source) may be set before or after.
    ///
    /// ```
    /// use arango_transport::Transport;
    /// use arango_transport::balance::{LeastLoaded, Preferred};
    ///
    /// let transport = Transport::builder("http://db1.eu:8529,http://db1.us:8529")
    ///     .policy_with(|zones, random| {
    ///         let (zones, least_loaded) = (zones.clone(), LeastLoaded::with_random(random.clone()));
    ///         let is_near = move |coordinator: &_| zones.contains("eu", coordinator);
    ///         Ok(Preferred::new(is_near, least_loaded.clone(), least_loaded).max_in_flight(64))
    ///     })
    ///     .zones(|coordinator| if coordinator.as_str().contains(".eu:") { "eu" } else { "us" })
    ///     .build()?;
    /// assert_eq!(transport.coordinators()[0].zone.as_deref(), Some("eu"));
    /// # Ok::<(), arango_transport::InvalidSettings>(())
    /// ```
    pub fn policy_with<P, F>(mut self, make: F) -> Self
    where
        P: Policy<Coordinator, AttemptRequest> + 'static,
        F: FnOnce(&Zones, &Arc<dyn RandomSource>) -> Result<P, InvalidSettings> + Send + Sync + 'static,
    {
        self.parts.policy = Box::new(|zones, random| Ok(Box::new(make(zones, random)?)));
        self
    }

    /// Sets the zone of each coordinator. Default: none.
    ///
    /// A policy may call the function for each coordinator and each request, so it should be quick and return
    /// a `&'static str` or a cloned `Arc<str>`.
    pub fn zones<Z: AsRef<str>>(
        mut self,
        zone_of: impl Fn(&Coordinator) -> Z + Send + Sync + 'static,
    ) -> Self {
        self.parts.zones = Zones::from_fn(zone_of);
        self
    }

    /// Sets the random source.
    ///
    /// It is used for the initial position, backoff jitter and connection age. A number outside of its range counts as the
    /// nearest one within.
    pub fn random_source(mut self, random: Arc<dyn RandomSource>) -> Self {
        self.parts.random = Arc::new(ClampedRandom(random));
        self
    }

    /// Sets the TLS settings for hosts that begin with `https://` or `ssl://`.
    #[cfg(feature = "rustls")]
    pub fn tls(mut self, tls: tls::Tls) -> Self {
        self.parts.tls = Some(tls);
        self
    }

    /// Sets whether further coordinators are discovered, and the implementation of the queries.
    ///
    /// Default: [`Discovery::disabled`].
    pub fn discovery(mut self, discovery: Discovery, discover: impl Discover) -> Self {
        self.parts.discovery = Some(DiscoverySetting::new(discovery, Arc::new(discover)));
        self
    }

    /// Replaces how connections are opened.
    pub fn connect(mut self, connect: impl Connect) -> Self {
        self.parts.network.connect = Arc::new(connect);
        self
    }

    /// Replaces how names are resolved.
    pub fn resolve(mut self, resolve: impl Resolve) -> Self {
        self.parts.network.resolve = Arc::new(resolve);
        self
    }

    /// Adds middleware around whole calls.
    ///
    /// It sees each call once, however often the request is sent, and within the deadline of the call. The
    /// layer that is added first is the outermost.
    ///
    /// The layer is applied when the transport is built. A layer that spawns a task at that time, such as
    /// tower's buffer, requires a runtime there.
    ///
    /// ```
    /// use std::time::Duration;
    /// use arango_transport::Transport;
    /// use bytes::Bytes;
    /// use http::Request;
    /// use http_body_util::Full;
    /// use tower::ServiceBuilder;
    /// use tower::buffer::BufferLayer;
    /// use tower::limit::{ConcurrencyLimitLayer, RateLimitLayer};
    /// use tower::load_shed::LoadShedLayer;
    /// use tower::timeout::TimeoutLayer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let transport = Transport::builder("http://one:8529,http://two:8529")
    ///     // At most a hundred calls at once. Further calls are rejected instead of waiting.
    ///     .layer(ServiceBuilder::new().layer(LoadShedLayer::new()).layer(ConcurrencyLimitLayer::new(100)))
    ///     // Stricter than the transport's own limit.
    ///     .layer(TimeoutLayer::new(Duration::from_secs(5)))
    ///     // A rate limit cannot be cloned, so it needs a buffer.
    ///     .layer(
    ///         ServiceBuilder::new()
    ///             .layer(BufferLayer::<Request<Full<Bytes>>>::new(64))
    ///             .layer(RateLimitLayer::new(1000, Duration::from_secs(1))),
    ///     )
    ///     .build()?;
    /// # drop(transport);
    /// # Ok(())
    /// # }
    /// ```
    pub fn layer<L, B>(mut self, layer: L) -> Self
    where
        L: Layer<CallService, Service: MiddlewareService<B>> + Send + Sync + 'static,
        B: MiddlewareBody,
    {
        self.parts.middleware.add_call(layer);
        self
    }

    /// Adds middleware around each attempt at each coordinator.
    ///
    /// The requests already carry the credentials. The layer that is added first is the outermost.
    ///
    /// ```
    /// use arango_transport::Transport;
    /// use http::{HeaderName, HeaderValue};
    /// use tower::limit::ConcurrencyLimitLayer;
    /// use tower_http::set_header::SetRequestHeaderLayer;
    /// use tower_http::trace::TraceLayer;
    ///
    /// let transport = Transport::builder("http://one:8529,http://two:8529")
    ///     .attempt_layer(TraceLayer::new_for_http())
    ///     .attempt_layer(SetRequestHeaderLayer::overriding(
    ///         HeaderName::from_static("x-tenant"),
    ///         HeaderValue::from_static("books"),
    ///     ))
    ///     // Applied once per coordinator, so each has a separate limit.
    ///     .attempt_layer(ConcurrencyLimitLayer::new(16))
    ///     .build()?;
    /// # drop(transport);
    /// # Ok::<(), arango_transport::InvalidSettings>(())
    /// ```
    pub fn attempt_layer<L, B>(self, layer: L) -> Self
    where
        L: Layer<AttemptService, Service: MiddlewareService<B>> + Clone + Send + Sync + 'static,
        B: MiddlewareBody,
    {
        self.attempt_layer_with(move |_| layer.clone())
    }

    /// Adds middleware around attempts that is created for each coordinator.
    ///
    /// ```
    /// use arango_transport::{Coordinator, Transport};
    /// use tower::limit::ConcurrencyLimitLayer;
    ///
    /// let transport = Transport::builder("http://small:8529,http://large:8529")
    ///     .attempt_layer_with(|coordinator: &Coordinator| {
    ///         ConcurrencyLimitLayer::new(if coordinator.as_str().contains("small") { 4 } else { 64 })
    ///     })
    ///     .build()?;
    /// # drop(transport);
    /// # Ok::<(), arango_transport::InvalidSettings>(())
    /// ```
    pub fn attempt_layer_with<F, L, B>(mut self, layer: F) -> Self
    where
        F: Fn(&Coordinator) -> L + Send + Sync + 'static,
        L: Layer<AttemptService, Service: MiddlewareService<B>>,
        B: MiddlewareBody,
    {
        self.parts.middleware.add_attempt(layer);
        self
    }

    /// Builds the transport; the first call connects.
    ///
    /// Neither a runtime nor a network is needed.
    ///
    /// # Errors
    ///
    /// If hosts are invalid, names all of them. Otherwise, if a limit is zero, names the first. Otherwise, if
    /// the TLS settings are unusable, names the file or the reason. Otherwise, if a zone is preferred and no
    /// zones are set.
    pub fn build(mut self) -> Result<Transport, InvalidSettings> {
        let hosts = self.hosts.parse()?;
        self.parts.limits.check()?;
        for (name, zero) in [
            ("pool.connections", self.parts.pool.connections == 0),
            ("pool.acquire", self.parts.pool.acquire.is_zero()),
        ] {
            if zero {
                return Err(InvalidSettings::Zero { name });
            }
        }
        let handshakes = Handshakes::new(self.parts.tls.take(), self.parts.network.http2.clone())?;
        handshakes.check(hosts.coordinators())?;
        if let Some(setting) = &self.parts.discovery {
            setting.discovery.check(hosts.coordinators())?;
        }
        stack::assemble(&hosts, handshakes, self.parts)
    }
}

impl std::fmt::Debug for TransportBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TransportBuilder")
            .field("hosts", &self.hosts)
            .field("limits", &self.parts.limits)
            .field("pool", &self.parts.pool)
            .field("middleware", &self.parts.middleware)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "http2")]
impl TransportBuilder {
    /// Sets whether HTTP/2 is used. Default: [`Http2::Disabled`](crate::Http2::Disabled).
    pub fn http2(self, http2: crate::config::http2::Http2) -> Self {
        self.http2_with(move |_| http2)
    }

    /// Sets for each coordinator whether HTTP/2 is used.
    ///
    /// ```
    /// use arango_transport::{Coordinator, Http2, Transport};
    ///
    /// let transport = Transport::builder("http://one:8529,http://two:8529")
    ///     .http2_with(|coordinator: &Coordinator| match coordinator.as_str() {
    ///         "http://one:8529" => Http2::PriorKnowledge,
    ///         _ => Http2::Negotiated,
    ///     })
    ///     .build()?;
    /// # drop(transport);
    /// # Ok::<(), arango_transport::InvalidSettings>(())
    /// ```
    pub fn http2_with(
        mut self,
        http2: impl Fn(&Coordinator) -> crate::config::http2::Http2 + Send + Sync + 'static,
    ) -> Self {
        self.parts.network.http2 = Http2Setting::new(http2);
        self
    }
}
