//! The settings of discovery, and the validation of the endpoints listed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arango_balance::DiscoveryPolicy;

use crate::client::transport::Transport;
use crate::config::invalid_settings::InvalidSettings;
use crate::types::boxed::{BoxError, BoxFuture};
use crate::types::coordinator::{Coordinator, Host};

/// Settings for the discovery of further coordinators.
///
/// Disabled by default. When enabled, the client requests the list of coordinators with the first call, about
/// every minute, and when a coordinator is lost. Seeds are never removed. A discovered coordinator takes
/// requests after a check that it can be reached, takes requests, and is not a known coordinator under
/// another address. If none of the discovered coordinators can be reached, the client continues with the
/// seeds and logs this once.
///
/// Credentials are sent only to seeds, and to coordinators that a seed or a discovered coordinator lists, once
/// those report that they take requests.
///
/// ```
/// use arango_transport::Discovery;
/// use std::time::Duration;
///
/// // Inside the cluster's network the coordinators have other addresses than for this client.
/// let discovery = Discovery::enabled().interval(Duration::from_secs(30)).map(|advertised| {
///     let port = advertised.rsplit(':').next()?;
///     Some(format!("tcp://gateway.example.com:{port}"))
/// });
/// # drop(discovery);
/// ```
#[derive(Clone, Default)]
pub struct Discovery {
    /// `None` if discovery is disabled.
    pub(super) policy: Option<DiscoveryPolicy>,
    pub(super) map: Option<EndpointMap>,
    database: Option<String>,
}

/// The minimum interval of discovery, as in the default policy.
const MIN_INTERVAL: Duration = Duration::from_secs(2);

/// The maximum number of listed endpoints that are used, in addition to the number of members.
pub(super) const MAX_EXTRA_ENDPOINTS: usize = 256;

/// Maps an advertised endpoint to an address.
type EndpointMap = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

impl Discovery {
    /// Uses only the seeds. The default.
    pub fn disabled() -> Self {
        Self::default()
    }

    /// Enables discovery.
    pub fn enabled() -> Self {
        Self { policy: Some(DiscoveryPolicy::default()), ..Self::default() }
    }

    /// Sets the mean interval of discovery, before jitter. Default: 60 seconds.
    ///
    /// The minimum is two seconds. Has no effect while discovery is disabled.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.policy = self.policy.map(|policy| policy.interval(interval.max(MIN_INTERVAL)));
        self
    }

    /// Sets the mapping from an advertised endpoint to an address.
    ///
    /// An advertised endpoint is, for example, `tcp://10.0.0.11:8529`; `None` ignores the endpoint.
    ///
    /// The address is parsed like a host given by the user, except that `tcp://` and `ssl://` use TLS if one
    /// of the seeds does. Default: the advertised endpoint.
    #[must_use]
    pub fn map(mut self, map: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.map = Some(Arc::new(map));
        self
    }

    /// Sets the database in which coordinators are queried for their ids.
    ///
    /// The user needs access to it.
    ///
    /// Default: `_system`, and without access to it, a database that the user can access. That database is
    /// found only for a user with a password, not for a token from elsewhere.
    #[must_use]
    pub fn database(mut self, name: impl Into<String>) -> Self {
        self.database = Some(name.into());
        self
    }

    /// Returns the database of the id queries, if it was set.
    pub fn database_name(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// Checks that discovery is possible with these seeds.
    pub(crate) fn check(&self, seeds: &[Coordinator]) -> Result<(), InvalidSettings> {
        let prefixed = seeds.iter().find(|seed| !seed.path_prefix().is_empty());
        match prefixed.filter(|_| self.policy.is_some()) {
            Some(seed) => Err(InvalidSettings::DiscoveryWithPathPrefix { coordinator: seed.clone() }),
            None => Ok(()),
        }
    }

    /// Returns the address of the coordinator that advertises `endpoint`.
    #[inline]
    pub(super) fn coordinator_of(&self, endpoint: &str, tls: bool) -> Option<Coordinator> {
        let text = match &self.map {
            None => with_scheme(endpoint, tls, Schemes::Any),
            Some(map) => with_scheme(&map(endpoint)?, tls, Schemes::AsClient),
        };
        let coordinator = text.parse::<Coordinator>();
        if let Err(error) = &coordinator {
            tracing::debug!(endpoint, %error, "a listed endpoint cannot be used");
        }
        coordinator.ok().filter(is_routable)
    }
}

/// The schemes that are replaced by the client's scheme.
#[derive(Clone, Copy, PartialEq)]
enum Schemes {
    /// All known schemes: an intermediary may use another scheme than the coordinators.
    Any,
    /// Only `tcp` and `ssl`, which only servers use.
    AsClient,
}

/// Returns the endpoint with the client's scheme, if its scheme is one that is replaced.
#[inline]
fn with_scheme(endpoint: &str, tls: bool, schemes: Schemes) -> String {
    let Some((scheme, rest)) = endpoint.trim().split_once("://") else { return endpoint.to_owned() };
    let scheme = scheme.to_ascii_lowercase();
    let stripped = ["http+", "vst+", "h2+"].iter().find_map(|prefix| scheme.strip_prefix(prefix));
    match stripped.unwrap_or(&scheme) {
        "tcp" | "ssl" => {}
        "http" | "https" if schemes == Schemes::Any => {}
        _ => return endpoint.to_owned(),
    }
    format!("{}://{rest}", if tls { "https" } else { "http" })
}

/// Returns whether other machines can reach the address: no unspecified address and no socket file.
fn is_routable(coordinator: &Coordinator) -> bool {
    match coordinator.host() {
        // A path prefix belongs to a gateway in front of one coordinator, and an IPv6 zone is local to one
        // machine.
        _ if !coordinator.path_prefix().is_empty() => false,
        Host::Ip(ip) => !ip.is_unspecified(),
        Host::Name(_) => true,
        Host::Zoned(..) | Host::Socket(_) => false,
    }
}

/// Returns whether the address is on this machine.
pub(super) fn is_local(coordinator: &Coordinator) -> bool {
    match coordinator.host() {
        Host::Ip(ip) => ip.is_loopback(),
        Host::Name(name) => name.eq_ignore_ascii_case("localhost"),
        Host::Zoned(ip, _) => ip.is_loopback(),
        Host::Socket(_) => true,
    }
}

/// The queries that discovery sends to coordinators.
///
/// The transport has no operations except login and probe, so another crate implements this trait. The
/// implementation of the `arango` client is [in the facade](https://docs.rs/arango). Requests must be
/// [pinned](crate::Call::pinned_to) to the coordinator and [allow unverified
/// ones](crate::Call::allow_unverified). A panic counts as an error.
pub trait Discover: Send + Sync + 'static {
    /// Returns the advertised endpoints of all coordinators, as listed by one.
    ///
    /// # Errors
    ///
    /// Any failure. It is logged, so it must contain no secrets.
    fn endpoints(
        &self,
        transport: Transport,
        coordinator: Coordinator,
    ) -> BoxFuture<'static, Result<Vec<String>, BoxError>>;

    /// Returns the identity of the coordinator at an address.
    ///
    /// The first request, without credentials, checks whether it takes requests.
    ///
    /// # Errors
    ///
    /// Any failure, including that the coordinator takes no requests. It is logged, so it must contain no
    /// secrets. [`MissingPermission`] if the user lacks the rights for the query. Then other coordinators will reject
    /// it too, and the first such error is logged as a warning.
    fn identify(
        &self,
        transport: Transport,
        coordinator: Coordinator,
    ) -> BoxFuture<'static, Result<arango_balance::Identity, BoxError>>;
}

/// The user lacks the rights to query the ids of coordinators.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MissingPermission(String);

impl MissingPermission {
    /// Creates the error with a description of what is missing.
    pub fn new(description: impl Into<String>) -> Self {
        Self(description.into())
    }
}

impl fmt::Debug for Discovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discovery")
            .field("policy", &self.policy)
            .field("is_mapped", &self.map.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped(discovery: &Discovery, endpoint: &str, tls: bool) -> Option<String> {
        discovery.coordinator_of(endpoint, tls).map(|coordinator| coordinator.to_string())
    }

    #[test]
    fn all_endpoint_schemes_are_parsed() {
        for endpoint in [
            "tcp://a:1",
            "ssl://a:1",
            "http://a:1",
            "https://a:1",
            "http+tcp://a:1",
            "vst+ssl://A:1",
            "h2+tcp://a:1",
        ] {
            assert_eq!(
                mapped(&Discovery::enabled(), endpoint, false).as_deref(),
                Some("http://a:1"),
                "{endpoint}"
            );
            #[cfg(feature = "rustls")]
            assert_eq!(
                mapped(&Discovery::enabled(), endpoint, true).as_deref(),
                Some("https://a:1"),
                "{endpoint}"
            );
        }
        assert_eq!(
            mapped(&Discovery::enabled(), "tcp://[::1]:8530", false).as_deref(),
            Some("http://[::1]:8530")
        );
        assert_eq!(mapped(&Discovery::enabled(), "tcp://a", false).as_deref(), Some("http://a:8529"));
    }

    #[test]
    fn unreachable_endpoints_are_ignored() {
        for endpoint in [
            "",
            "tcp://0.0.0.0:8529",
            "tcp://[::]:8529",
            "unix:///run/a.sock",
            "a:8529",
            "tcp://root:pw@a",
            "tcp://a/b",
            "tcp://[fe80::1%25eth0]",
        ] {
            assert_eq!(mapped(&Discovery::enabled(), endpoint, false), None, "{endpoint}");
        }
    }

    #[test]
    fn all_loopback_names_are_local() {
        let local = |text: &str| is_local(&text.parse().unwrap());
        assert!(
            ["http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:1", "http://LocalHost"].map(local)
                == [true; 4]
        );
        assert!(["http://10.0.0.1", "http://db1", "http://localhost.example"].map(local) == [false; 3]);
    }

    #[cfg(feature = "rustls")]
    #[test]
    fn a_mapping_determines_address_and_scheme() {
        let map = Discovery::enabled().map(|advertised| match advertised {
            "tcp://in:1" => Some("https://out:1".to_owned()),
            "tcp://in:2" => Some("tcp://out:2".to_owned()),
            "tcp://in:3" => Some("nonsense".to_owned()),
            _ => None,
        });
        assert_eq!(mapped(&map, "tcp://in:1", false).as_deref(), Some("https://out:1"));
        assert_eq!(mapped(&map, "tcp://in:2", false).as_deref(), Some("http://out:2"));
        assert_eq!(mapped(&map, "tcp://in:2", true).as_deref(), Some("https://out:2"));
        assert_eq!((mapped(&map, "tcp://in:3", false), mapped(&map, "tcp://in:4", false)), (None, None));
    }
}
