//! Whether other coordinators than those that were named are looked for, and what is believed of a list.

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use arango_balance::{DiscoveryPolicy, DiscoveryTask, MemberOrigin, Members};

use crate::connect::BoxFuture;
use crate::coordinator::Host;
use crate::tls::Handshakes;
use crate::transport::Inner;
use crate::{BoxError, Coordinator, InvalidSettings, Transport};

/// Whether other coordinators than those that were named are looked for.
///
/// Off unless it is switched on. Then the list of coordinators that one of them gives is asked for with the first
/// call, about every minute, and when one is lost. Those that were named stay, whatever is listed. One that is only
/// listed takes requests once it was found out that it can be reached, takes requests, and is none of the others by
/// another address; where none of them can be reached, all goes on with those that were named, and the log says so
/// once.
///
/// Credentials are sent to those that were named and to those that one of them lists, once they say that they take
/// requests, and to nobody else.
///
/// ```
/// use arango_transport::Discovery;
/// use std::time::Duration;
///
/// // As seen from inside of the cluster's network, where they are called otherwise than here.
/// let discovery = Discovery::on().every(Duration::from_secs(30)).map(|advertised| {
///     let port = advertised.rsplit(':').next()?;
///     Some(format!("tcp://gateway.example.com:{port}"))
/// });
/// # drop(discovery);
/// ```
#[derive(Clone, Default)]
pub struct Discovery {
    /// `None`: off.
    policy: Option<DiscoveryPolicy>,
    map: Option<EndpointMap>,
    database: Option<String>,
}

/// How many endpoints of a list are looked at beside those of the members: a list may be of any length.
const LOOKED_AT: usize = 256;

/// Where a coordinator is that advertises an endpoint.
type EndpointMap = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

impl Discovery {
    /// The coordinators are those that were named. The default.
    pub fn off() -> Self {
        Self::default()
    }

    /// Others are looked for.
    pub fn on() -> Self {
        Self { policy: Some(DiscoveryPolicy::default()), ..Self::default() }
    }

    /// Sets how often, chance aside. Default: every 60 seconds.
    ///
    /// More often than every two seconds nobody is asked, whatever happens. Where it is off it changes nothing.
    #[must_use]
    pub fn every(mut self, interval: Duration) -> Self {
        if let Some(policy) = &mut self.policy {
            policy.interval = interval.max(policy.min_interval);
        }
        self
    }

    /// Says where a coordinator is that advertises this endpoint, such as `tcp://10.0.0.11:8529`; `None` if it is not
    /// to be used.
    ///
    /// What it says is read as a host that a user names, but `tcp://` and `ssl://` mean what the coordinators that were
    /// named speak: TLS if one of them does. Default: where it says that it is.
    #[must_use]
    pub fn map(mut self, map: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.map = Some(Arc::new(map));
        self
    }

    /// Sets the database in which coordinators are asked for their ids. The user must have some rights there.
    ///
    /// Default: `_system`, and where the user has no rights there, a database in which it has. That can be found out for
    /// a user with a password, but not for one whose token comes from elsewhere.
    #[must_use]
    pub fn database(mut self, name: impl Into<String>) -> Self {
        self.database = Some(name.into());
        self
    }

    /// The database in which coordinators are asked for their ids, if it was set.
    pub fn asks_in(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// Finds out whether others can be looked for from these coordinators.
    pub(crate) fn check(&self, seeds: &[Coordinator]) -> Result<(), InvalidSettings> {
        let behind = seeds.iter().find(|seed| !seed.path_prefix().is_empty());
        match behind.filter(|_| self.policy.is_some()) {
            Some(seed) => Err(InvalidSettings::DiscoveryBehindPrefix { coordinator: seed.clone() }),
            None => Ok(()),
        }
    }

    /// Where the coordinator is that advertises `endpoint`.
    fn place(&self, endpoint: &str, tls: bool) -> Option<Coordinator> {
        let text = match &self.map {
            None => with_scheme(endpoint, tls, Schemes::All),
            Some(map) => with_scheme(&map(endpoint)?, tls, Schemes::Own),
        };
        let coordinator = text.parse::<Coordinator>();
        if let Err(fault) = &coordinator {
            tracing::debug!(endpoint, %fault, "a listed endpoint cannot be used");
        }
        coordinator.ok().filter(is_somewhere)
    }
}

/// Which schemes of an endpoint mean no more than that it is one.
#[derive(Clone, Copy, PartialEq)]
enum Schemes {
    /// Whatever it says: what stands before the coordinators may speak otherwise than they do.
    All,
    /// Those that only the server writes.
    Own,
}

/// The endpoint with the scheme that is spoken, where its own does not tell.
fn with_scheme(endpoint: &str, tls: bool, schemes: Schemes) -> String {
    let Some((scheme, rest)) = endpoint.trim().split_once("://") else { return endpoint.to_owned() };
    let scheme = scheme.to_ascii_lowercase();
    let own = ["http+", "vst+", "h2+"].iter().find_map(|prefix| scheme.strip_prefix(prefix));
    match own.unwrap_or(&scheme) {
        "tcp" | "ssl" => {}
        "http" | "https" if schemes == Schemes::All => {}
        _ => return endpoint.to_owned(),
    }
    format!("{}://{rest}", if tls { "https" } else { "http" })
}

/// Whether it is a place that others can reach: not every address of a machine, nor a file of it.
fn is_somewhere(coordinator: &Coordinator) -> bool {
    match coordinator.host() {
        // A prefix is a gateway's before one coordinator, and a zone is of one machine's own.
        _ if !coordinator.path_prefix().is_empty() => false,
        Host::Ip(ip) => !ip.is_unspecified(),
        Host::Name(_) => true,
        Host::Zoned(..) | Host::Socket(_) => false,
    }
}

/// Whether it is on the machine of whoever asks.
fn is_here(coordinator: &Coordinator) -> bool {
    match coordinator.host() {
        Host::Ip(ip) => ip.is_loopback(),
        Host::Name(name) => name.eq_ignore_ascii_case("localhost"),
        Host::Zoned(ip, _) => ip.is_loopback(),
        Host::Socket(_) => true,
    }
}

/// Who asks coordinators what discovery wants to know of them.
///
/// The transport knows no operation but its own login and probe, so this is for whoever has some; the client's own
/// is [that of the facade](https://docs.rs/arango). Requests are to be [pinned](crate::Call::pinned_to) to the
/// coordinator, and to [try it out](crate::Call::trying_out). A panic counts as an error.
pub trait Discover: Send + Sync + 'static {
    /// Asks a coordinator for the endpoints of all, as they are advertised.
    ///
    /// # Errors
    ///
    /// Whatever goes wrong; it is put into the log, so it holds no secrets.
    fn endpoints(
        &self,
        transport: Transport,
        coordinator: Coordinator,
    ) -> BoxFuture<'static, Result<Vec<String>, BoxError>>;

    /// Asks who answers where a coordinator is said to be: first without credentials, whether it takes requests.
    ///
    /// # Errors
    ///
    /// Whatever goes wrong, also that it takes no requests; it is put into the log, so it holds no secrets.
    /// [`NoRights`] if the user may not ask: then no other coordinator will tell either, and the first time that is a
    /// warning.
    fn identify(
        &self,
        transport: Transport,
        coordinator: Coordinator,
    ) -> BoxFuture<'static, Result<arango_balance::Identity, BoxError>>;
}

/// Why coordinators cannot be told apart: the user has no rights to ask them who they are.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoRights(String);

impl NoRights {
    /// Says what is missing, in words.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

/// Looks for other coordinators than the members, if discovery is on.
pub(crate) fn discoverer(
    discovery: &Discovery,
    discover: Arc<dyn Discover>,
    members: &Members<Coordinator>,
    handshakes: Arc<Handshakes>,
    inner: Weak<Inner>,
) -> Option<DiscoveryTask<Coordinator>> {
    let policy = discovery.policy.clone()?;
    let (asked, inner_of_list) = (Arc::clone(&discover), inner.clone());
    let discovery = discovery.clone();
    let list = move |coordinator: Coordinator| {
        let (asked, inner) = (Arc::clone(&asked), inner_of_list.clone());
        let (discovery, handshakes) = (discovery.clone(), Arc::clone(&handshakes));
        async move {
            let transport = transport(&inner)?;
            let endpoints =
                asked.endpoints(transport.clone(), coordinator).await.map_err(|error| words(&*error))?;
            let tls = transport.names(Coordinator::is_tls);
            // What a coordinator calls its own machine is another's: only who was named so, or is mapped there, is.
            let own = discovery.map.is_some() || transport.names(is_here);
            let (mut places, mut seen) = (Vec::new(), HashSet::new());
            let most = LOOKED_AT + transport.0.members.snapshot().len();
            if endpoints.len() > most {
                tracing::debug!(
                    listed = endpoints.len(),
                    most,
                    "the rest of a list of coordinators is ignored"
                );
            }
            let looked_at = endpoints.iter().take(most);
            for place in looked_at.filter_map(|endpoint| discovery.place(endpoint, tls)) {
                if !seen.insert(place.clone()) {
                    // Each is checked once.
                } else if is_here(&place) && !own {
                    tracing::debug!(coordinator = %place, "a listed coordinator is this machine, which no other is");
                } else if let Err(error) = handshakes.check(std::slice::from_ref(&place)) {
                    tracing::debug!(coordinator = %place, %error, "a listed coordinator cannot be used");
                } else {
                    places.push(place);
                }
            }
            Ok(places)
        }
    };
    let warned = Arc::new(AtomicBool::new(false));
    let identify = move |coordinator: Coordinator| {
        let (discover, inner, warned) = (Arc::clone(&discover), inner.clone(), Arc::clone(&warned));
        async move {
            let answer = discover.identify(transport(&inner)?, coordinator.clone()).await;
            answer.map_err(|error| {
                let words = words(&*error);
                if error.is::<NoRights>() && !warned.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%coordinator, "no coordinators can be discovered: {words}");
                }
                words
            })
        }
    };
    Some(DiscoveryTask::new(members.clone(), policy, list, identify))
}

fn transport(inner: &Weak<Inner>) -> Result<Transport, String> {
    inner.upgrade().map(Transport).ok_or_else(|| "the client is gone".to_owned())
}

/// The error and what caused it, in one line.
fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"))
}

impl Transport {
    /// Whether this is so of one of the coordinators that were named.
    fn names(&self, is_so: impl Fn(&Coordinator) -> bool) -> bool {
        let members = self.0.members.snapshot();
        let named = |coordinator: &Coordinator| self.known(coordinator) == Some(MemberOrigin::Seed);
        members.iter().any(|member| is_so(member.key()) && named(member.key()))
    }
}

impl fmt::Debug for Discovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discovery")
            .field("every", &self.policy.as_ref().map(|policy| policy.interval))
            .field("maps", &self.map.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(discovery: &Discovery, endpoint: &str, tls: bool) -> Option<String> {
        discovery.place(endpoint, tls).map(|coordinator| coordinator.to_string())
    }

    #[test]
    fn endpoints_of_servers_are_read_however_they_are_written() {
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
                placed(&Discovery::on(), endpoint, false).as_deref(),
                Some("http://a:1"),
                "{endpoint}"
            );
            #[cfg(feature = "tls")]
            assert_eq!(
                placed(&Discovery::on(), endpoint, true).as_deref(),
                Some("https://a:1"),
                "{endpoint}"
            );
        }
        assert_eq!(placed(&Discovery::on(), "tcp://[::1]:8530", false).as_deref(), Some("http://[::1]:8530"));
        assert_eq!(placed(&Discovery::on(), "tcp://a", false).as_deref(), Some("http://a:8529"));
    }

    #[test]
    fn what_is_no_place_for_others_is_left_out() {
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
            assert_eq!(placed(&Discovery::on(), endpoint, false), None, "{endpoint}");
        }
    }

    #[test]
    fn this_machine_is_known_by_each_of_its_names() {
        let here = |text: &str| is_here(&text.parse().unwrap());
        assert!(
            ["http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:1", "http://LocalHost"].map(here)
                == [true; 4]
        );
        assert!(["http://10.0.0.1", "http://db1", "http://localhost.example"].map(here) == [false; 3]);
    }

    #[cfg(feature = "tls")]
    #[test]
    fn whoever_maps_endpoints_has_the_last_word_on_where_and_how() {
        let map = Discovery::on().map(|advertised| match advertised {
            "tcp://in:1" => Some("https://out:1".to_owned()),
            "tcp://in:2" => Some("tcp://out:2".to_owned()),
            "tcp://in:3" => Some("nonsense".to_owned()),
            _ => None,
        });
        assert_eq!(placed(&map, "tcp://in:1", false).as_deref(), Some("https://out:1"));
        assert_eq!(placed(&map, "tcp://in:2", false).as_deref(), Some("http://out:2"));
        assert_eq!(placed(&map, "tcp://in:2", true).as_deref(), Some("https://out:2"));
        assert_eq!((placed(&map, "tcp://in:3", false), placed(&map, "tcp://in:4", false)), (None, None));
    }
}
