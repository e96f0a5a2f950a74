//! What a transport is made from.

use std::sync::Arc;

use arango_balance::{HealthPolicy, Policy, RandomSource, RoundRobin, ThreadRandom};
use tower::Layer;

use crate::compression::Compression;
use crate::connect::{Connect, Resolve, SystemConnect, SystemResolve};
use crate::dial::Network;
use crate::door::{AttemptService, CallService, DoorBody, DoorService, Doors};
use crate::http2::Choice;
use crate::settings::Live;
use crate::stack::{self, SharedPolicy};
use crate::tls::{self, Handshakes};
use crate::{
    Coordinator, Credentials, Discover, Discovery, Hedging, HostList, InvalidHosts, Limits, Outgoing,
    PoolLimits, RetryPolicy, Transport, Zones,
};

/// What a [`Transport`] is made from. Nothing is checked before [`build`](Self::build).
#[must_use = "a builder does nothing until it is built"]
pub struct TransportBuilder {
    hosts: HostList,
    pub(crate) parts: Parts,
}

/// Everything but the hosts.
pub(crate) struct Parts {
    pub(crate) limits: Limits,
    pub(crate) pool: PoolLimits,
    pub(crate) retry: RetryPolicy,
    pub(crate) hedging: Hedging,
    pub(crate) compression: Compression,
    pub(crate) health: HealthPolicy,
    pub(crate) credentials: Credentials,
    pub(crate) policy: PolicyFor,
    pub(crate) zones: Zones,
    pub(crate) jitter: Arc<dyn RandomSource>,
    pub(crate) network: Network,
    pub(crate) tls: Option<tls::Tls>,
    pub(crate) doors: Doors,
    pub(crate) discovery: Option<(Discovery, Arc<dyn Discover>)>,
}

/// Makes the policy when the transport is built, for by then it is known which coordinators are where, and where chance
/// comes from.
type PolicyFor =
    Box<dyn FnOnce(&Zones, &Arc<dyn RandomSource>) -> Result<SharedPolicy, InvalidSettings> + Send + Sync>;

impl TransportBuilder {
    pub(crate) fn new(hosts: HostList) -> Self {
        let limits = Limits::default();
        let network = Network {
            resolve: Arc::new(SystemResolve),
            connect: Arc::new(SystemConnect),
            settings: Live::default(),
            http2: Choice::default(),
        };
        let parts = Parts {
            limits,
            pool: PoolLimits::default(),
            retry: RetryPolicy::default(),
            hedging: Hedging::never(),
            compression: Compression::default(),
            health: HealthPolicy::default(),
            credentials: Credentials::none(),
            policy: Box::new(|_, jitter| Ok(Arc::new(RoundRobin::random_start(&**jitter)))),
            zones: Zones::default(),
            jitter: Arc::new(ThreadRandom),
            network,
            tls: None,
            doors: Doors::default(),
            discovery: None,
        };
        Self { hosts, parts }
    }

    /// Replaces the hosts.
    pub fn hosts(mut self, hosts: impl Into<HostList>) -> Self {
        self.hosts = hosts.into();
        self
    }

    /// Sets how long calls may take and how much may come back.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.parts.limits = limits;
        self
    }

    /// Sets how many connections there may be to one coordinator, and for how long.
    pub fn pool(mut self, limits: PoolLimits) -> Self {
        self.parts.pool = limits;
        self
    }

    /// Sets how often a request is sent again, and which risks are taken. Default: none.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.parts.retry = policy;
        self
    }

    /// Sets whether calls without effect that take unusually long are asked of a second coordinator. Default:
    /// [`Hedging::never`].
    pub fn hedging(mut self, hedging: Hedging) -> Self {
        self.parts.hedging = hedging;
        self
    }

    /// Sets whether bodies are compressed on their way. Default: [`Compression::never`].
    #[cfg(feature = "compression")]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.parts.compression = compression;
        self
    }

    /// Sets when a coordinator is taken out of the rotation, and when it may come back.
    pub fn health(mut self, policy: HealthPolicy) -> Self {
        self.parts.health = policy;
        self
    }

    /// Sets who asks. Default: nobody in particular.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.parts.credentials = credentials;
        self
    }

    /// Sets who is next. Default: [`RoundRobin`], which begins with one by chance.
    pub fn policy(self, policy: impl Policy<Coordinator, Outgoing> + 'static) -> Self {
        self.policy_with(|_, _| Ok(policy))
    }

    /// Sets who is next by a policy that is made of where coordinators are, and where chance comes from. It is made when the
    /// transport is built, so it does not matter whether [`zones`](Self::zones) and [`jitter`](Self::jitter) are set before
    /// or after.
    ///
    /// ```
    /// use arango_transport::Transport;
    /// use arango_transport::balance::{LeastLoaded, Preferred};
    ///
    /// let transport = Transport::builder("http://db1.eu:8529,http://db1.us:8529")
    ///     .policy_with(|zones, jitter| {
    ///         let (zones, least_loaded) = (zones.clone(), LeastLoaded::by(jitter.clone()));
    ///         let here = move |coordinator: &_| zones.holds("eu", coordinator);
    ///         Ok(Preferred::new(here, least_loaded.clone(), least_loaded).full_at(64))
    ///     })
    ///     .zones(|coordinator| if coordinator.as_str().contains(".eu:") { "eu" } else { "us" })
    ///     .build()?;
    /// assert_eq!(transport.coordinators()[0].zone.as_deref(), Some("eu"));
    /// # Ok::<(), arango_transport::InvalidSettings>(())
    /// ```
    pub fn policy_with<P, F>(mut self, make: F) -> Self
    where
        P: Policy<Coordinator, Outgoing> + 'static,
        F: FnOnce(&Zones, &Arc<dyn RandomSource>) -> Result<P, InvalidSettings> + Send + Sync + 'static,
    {
        self.parts.policy = Box::new(|zones, jitter| Ok(Arc::new(make(zones, jitter)?)));
        self
    }

    /// Sets in which zone each coordinator is. Default: in none.
    ///
    /// A policy may ask about each coordinator for each request, so the answer should be quick: a `&'static str`, or an
    /// `Arc<str>` of which there is a clone.
    pub fn zones<Z: AsRef<str>>(
        mut self,
        zone_of: impl Fn(&Coordinator) -> Z + Send + Sync + 'static,
    ) -> Self {
        self.parts.zones = Zones::by(zone_of);
        self
    }

    /// Sets where chance comes from: with which coordinator round robin begins, the length of pauses, the age of connections.
    pub fn jitter(mut self, jitter: Arc<dyn RandomSource>) -> Self {
        self.parts.jitter = jitter;
        self
    }

    /// Sets how TLS is spoken with the coordinators whose hosts begin with `https://` or `ssl://`.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: crate::Tls) -> Self {
        self.parts.tls = Some(tls);
        self
    }

    /// Sets whether other coordinators than the hosts are looked for, and who asks for them. Default:
    /// [`Discovery::off`].
    pub fn discovery(mut self, discovery: Discovery, discover: impl Discover) -> Self {
        self.parts.discovery = Some((discovery, Arc::new(discover)));
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

    /// Adds a layer around whole calls: it sees each request once, however often it is sent, and
    /// the deadline holds for it too. The first one added is the outermost.
    ///
    /// The layer is applied when the transport is built. One that spawns a task then, such as
    /// tower's buffer, needs a runtime there.
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
    ///     // At most a hundred at once; more are refused rather than kept waiting.
    ///     .layer(ServiceBuilder::new().layer(LoadShedLayer::new()).layer(ConcurrencyLimitLayer::new(100)))
    ///     // Stricter than the transport's own limit.
    ///     .layer(TimeoutLayer::new(Duration::from_secs(5)))
    ///     // A rate limit cannot be cloned, so a buffer stands before it.
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
        L: Layer<CallService, Service: DoorService<B>> + Send + Sync + 'static,
        B: DoorBody,
    {
        self.parts.doors.add_call(layer);
        self
    }

    /// Adds a layer around attempts: it sees each attempt at each coordinator, with the credentials
    /// on it. The first one added is the outermost.
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
    ///     // Made anew for each coordinator, so that each has a limit of its own.
    ///     .attempt_layer(ConcurrencyLimitLayer::new(16))
    ///     .build()?;
    /// # drop(transport);
    /// # Ok::<(), arango_transport::InvalidSettings>(())
    /// ```
    pub fn attempt_layer<L, B>(self, layer: L) -> Self
    where
        L: Layer<AttemptService, Service: DoorService<B>> + Clone + Send + Sync + 'static,
        B: DoorBody,
    {
        self.attempt_layer_with(move |_| layer.clone())
    }

    /// Adds a layer around attempts that is made for each coordinator.
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
        L: Layer<AttemptService, Service: DoorService<B>>,
        B: DoorBody,
    {
        self.parts.doors.add_attempt(layer);
        self
    }

    /// Builds the transport. Neither a runtime nor a network is needed; the first call connects.
    ///
    /// # Errors
    ///
    /// If hosts cannot be used; names every one of them. Else if a limit is zero; names the first. Else if
    /// TLS cannot be spoken as it was set; names the file, or what else is wrong. Else if a zone is preferred, and
    /// nothing says who is in it.
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
        if let Some((discovery, _)) = &self.parts.discovery {
            discovery.check(hosts.coordinators())?;
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
            .field("doors", &self.parts.doors)
            .finish_non_exhaustive()
    }
}

/// Settings that no transport can be made from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSettings {
    /// The hosts cannot be used.
    #[error(transparent)]
    Hosts(#[from] InvalidHosts),
    /// TLS cannot be spoken as it was set.
    #[cfg(feature = "tls")]
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] crate::TlsFault),
    /// A zone is preferred, and nothing says who is in it.
    #[error("the coordinators in the zone `{zone}` are preferred, but nothing says which are: set `zones`")]
    NoZones {
        /// The zone.
        zone: String,
    },
    /// Others are to be looked for from a coordinator behind a path prefix.
    #[error(
        "discovery cannot be used with `{coordinator}`: the endpoints that coordinators list do not have its path prefix; \
         name all hosts and switch discovery off"
    )]
    DiscoveryBehindPrefix {
        /// The coordinator.
        coordinator: Coordinator,
    },
    /// A limit of nothing would let no request through.
    #[error("the limit `{name}` is zero, which would let no request through")]
    Zero {
        /// The limit.
        name: &'static str,
    },
}
