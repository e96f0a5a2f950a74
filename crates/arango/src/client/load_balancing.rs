//! Load balancing strategies by name.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use arango_transport::balance::{
    Fallback, LeastLoaded, Periodic, Policy, Preferred, Random, RandomSource, RoundRobin, Single,
};
use arango_transport::{AttemptRequest, Coordinator, InvalidSettings, Zones};

/// How requests are spread over the coordinators.
///
/// Each strategy can be parsed from its displayed form, for example from a configuration file. Set a custom policy
/// with [`ClientBuilder::policy`](crate::ClientBuilder::policy) instead.
///
/// ```
/// use arango::{LoadBalancing, Period};
///
/// assert_eq!("Least-Loaded".parse(), Ok(LoadBalancing::LeastLoaded));
/// assert_eq!("periodic:500".parse(), Ok(LoadBalancing::Periodic(Period::Requests(500))));
/// assert_eq!(LoadBalancing::preferred("eu-1").to_string(), "preferred:eu-1:roundrobin");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum LoadBalancing {
    /// Each coordinator in turn. The default.
    ///
    /// The first one is random, so that many clients that start together do not all use the same order.
    #[default]
    RoundRobin,
    /// A random coordinator, each with the same probability.
    Random,
    /// The less loaded of two random coordinators: see [`LeastLoaded`].
    LeastLoaded,
    /// One random coordinator until it cannot take a request: see [`Single`].
    Single,
    /// The first available coordinator in the configured order: see [`Fallback`].
    Fallback,
    /// One coordinator for a period, then the next: see [`Periodic`].
    ///
    /// The first one is random.
    Periodic(Period),
    /// The coordinators of a zone: see [`Preferred`].
    ///
    /// Others only if none of these can take a request.
    ///
    /// [`ClientBuilder::zones`](crate::ClientBuilder::zones) sets the zone of each coordinator.
    Preferred {
        /// The zone.
        zone: String,
        /// The strategy in the zone.
        ///
        /// It also applies to the others if the zone is unavailable.
        within: Box<LoadBalancing>,
    },
}

/// When the next coordinator is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Period {
    /// After this many requests.
    Requests(usize),
    /// After this time, with millisecond resolution.
    Time(Duration),
}

impl Default for Period {
    /// A hundred requests.
    fn default() -> Self {
        Self::Requests(100)
    }
}

/// The longest text that is parsed, in bytes: each nested zone adds a level of recursion.
const MAX_LENGTH: usize = 1024;

type AnyPolicy = Arc<dyn Policy<Coordinator, AttemptRequest>>;

impl LoadBalancing {
    /// Each coordinator of this zone in turn.
    ///
    /// Others only if none of these can take a request.
    pub fn preferred(zone: impl Into<String>) -> Self {
        Self::Preferred { zone: zone.into(), within: Box::default() }
    }

    /// Returns the policy, which uses the client's random source.
    #[inline]
    pub(crate) fn policy(
        &self,
        zones: &Zones,
        random: &Arc<dyn RandomSource>,
    ) -> Result<AnyPolicy, InvalidSettings> {
        Ok(match self {
            Self::RoundRobin => Arc::new(RoundRobin::random_start(&**random)),
            Self::Random => Arc::new(Random::with_random(Arc::clone(random))),
            Self::LeastLoaded => Arc::new(LeastLoaded::with_random(Arc::clone(random))),
            Self::Single => Arc::new(Single::with_random(Arc::clone(random))),
            Self::Fallback => Arc::new(Fallback),
            Self::Periodic(period) => Arc::new(period.policy(&**random)),
            Self::Preferred { zone, .. } if zones.is_empty() => {
                return Err(InvalidSettings::NoZones { zone: zone.clone() });
            }
            Self::Preferred { zone, within } => {
                let (zones_here, zone) = (zones.clone(), zone.clone());
                let near = move |coordinator: &Coordinator| zones_here.contains(&zone, coordinator);
                // All members within a zone belong to it, so a nested preference has no effect there.
                let (here, there) =
                    (within.innermost().policy(zones, random)?, within.policy(zones, random)?);
                Arc::new(Preferred::new(near, here, there))
            }
        })
    }

    /// Returns the strategy without any preference of zones.
    fn innermost(&self) -> &Self {
        match self {
            Self::Preferred { within, .. } => within.innermost(),
            other => other,
        }
    }
}

impl Period {
    #[inline]
    fn policy(self, random: &dyn RandomSource) -> Periodic {
        let policy = match self {
            Self::Requests(requests) => Periodic::after_requests(requests),
            Self::Time(time) => Periodic::after_time(time),
        };
        policy.starting_at(random_offset(random))
    }
}

/// Returns a random start, so that clients do not all use the same coordinator first.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "less than a million, and not negative"
)]
#[inline]
fn random_offset(random: &dyn RandomSource) -> usize {
    (random.next_f64() * 1e6) as usize
}

impl FromStr for LoadBalancing {
    type Err = UnknownStrategy;

    /// Parses a strategy.
    ///
    /// The forms are `roundrobin`, `random`, `least-loaded`, `single`, `fallback`, `periodic`, `periodic:500`
    /// (requests), `periodic:30s` or `periodic:250ms`, `preferred:zone` and `preferred:zone:strategy`. Everything but
    /// the zone is case-insensitive. `round-robin`, `round_robin` and `least_loaded` are accepted, too.
    #[inline]
    fn from_str(text: &str) -> Result<Self, UnknownStrategy> {
        if text.len() > MAX_LENGTH {
            return Err(UnknownStrategy(format!("{}…", text.chars().take(40).collect::<String>())));
        }
        let (name, argument) = match text.split_once(':') {
            Some((name, argument)) => (name, Some(argument)),
            None => (text, None),
        };
        let strategy = match (name.to_ascii_lowercase().as_str(), argument) {
            ("roundrobin" | "round-robin" | "round_robin", None) => Some(Self::RoundRobin),
            ("random", None) => Some(Self::Random),
            ("least-loaded" | "least_loaded", None) => Some(Self::LeastLoaded),
            ("single", None) => Some(Self::Single),
            ("fallback", None) => Some(Self::Fallback),
            ("periodic", None) => Some(Self::Periodic(Period::default())),
            ("periodic", Some(period)) => Period::parse(period).map(Self::Periodic),
            ("preferred", Some(rest)) => {
                let (zone, within) = rest.split_once(':').unwrap_or((rest, "roundrobin"));
                let within = within.parse().ok().map(Box::new);
                within
                    .filter(|_| !zone.is_empty())
                    .map(|within| Self::Preferred { zone: zone.to_owned(), within })
            }
            _ => None,
        };
        strategy.ok_or_else(|| UnknownStrategy(text.to_owned()))
    }
}

impl TryFrom<&str> for LoadBalancing {
    type Error = UnknownStrategy;

    #[inline]
    fn try_from(text: &str) -> Result<Self, UnknownStrategy> {
        text.parse()
    }
}

impl TryFrom<String> for LoadBalancing {
    type Error = UnknownStrategy;

    #[inline]
    fn try_from(text: String) -> Result<Self, UnknownStrategy> {
        text.parse()
    }
}

impl TryFrom<&String> for LoadBalancing {
    type Error = UnknownStrategy;

    #[inline]
    fn try_from(text: &String) -> Result<Self, UnknownStrategy> {
        text.parse()
    }
}

impl Period {
    #[inline]
    fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let number = |digits: &str| digits.parse::<u64>().ok().filter(|number| *number > 0);
        if let Some(digits) = text.strip_suffix("ms") {
            return number(digits).map(|millis| Self::Time(Duration::from_millis(millis)));
        }
        if let Some(digits) = text.strip_suffix('s') {
            return number(digits).map(|seconds| Self::Time(Duration::from_secs(seconds)));
        }
        number(&text).and_then(|requests| usize::try_from(requests).ok()).map(Self::Requests)
    }
}

impl fmt::Display for LoadBalancing {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RoundRobin => f.write_str("roundrobin"),
            Self::Random => f.write_str("random"),
            Self::LeastLoaded => f.write_str("least-loaded"),
            Self::Single => f.write_str("single"),
            Self::Fallback => f.write_str("fallback"),
            Self::Periodic(period) => write!(f, "periodic:{period}"),
            Self::Preferred { zone, within } => write!(f, "preferred:{zone}:{within}"),
        }
    }
}

impl fmt::Display for Period {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requests(requests) => write!(f, "{requests}"),
            Self::Time(time) if time.subsec_millis() == 0 => write!(f, "{}s", time.as_secs()),
            Self::Time(time) => write!(f, "{}ms", time.as_millis()),
        }
    }
}

/// A text that is not a load balancing strategy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a load balancing strategy: use roundrobin, random, least-loaded, single, fallback, periodic, \
     periodic:REQUESTS, periodic:TIME with s or ms, preferred:ZONE or preferred:ZONE:STRATEGY"
)]
pub struct UnknownStrategy(String);

/// A strategy that is not given as a text cannot be unknown.
impl From<Infallible> for UnknownStrategy {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<UnknownStrategy> for InvalidSettings {
    #[inline]
    fn from(unknown: UnknownStrategy) -> Self {
        Self::Policy { reason: unknown.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strategies_parse_from_their_display_form() {
        for strategy in [
            LoadBalancing::RoundRobin,
            LoadBalancing::Random,
            LoadBalancing::LeastLoaded,
            LoadBalancing::Single,
            LoadBalancing::Fallback,
            LoadBalancing::Periodic(Period::Requests(7)),
            LoadBalancing::Periodic(Period::Time(Duration::from_secs(30))),
            LoadBalancing::Periodic(Period::Time(Duration::from_millis(1_500))),
            LoadBalancing::preferred("Zone A"),
            LoadBalancing::Preferred { zone: "b".to_owned(), within: Box::new(LoadBalancing::LeastLoaded) },
        ] {
            assert_eq!(strategy.to_string().parse(), Ok(strategy.clone()));
            if !matches!(strategy, LoadBalancing::Preferred { .. }) {
                assert_eq!(strategy.to_string().to_uppercase().parse(), Ok(strategy), "in any case");
            }
        }
        for spelling in ["round-robin", "round_robin", "ROUND_ROBIN"] {
            assert_eq!(spelling.parse(), Ok(LoadBalancing::RoundRobin));
        }
        assert_eq!("least_loaded".parse(), Ok(LoadBalancing::LeastLoaded));
        assert_eq!("periodic".parse(), Ok(LoadBalancing::Periodic(Period::Requests(100))));
        assert_eq!("preferred:eu".parse(), Ok(LoadBalancing::preferred("eu")));
    }

    #[test]
    fn nested_zones_parse_quickly_and_long_text_is_rejected() {
        let zones =
            |count: usize| (0..count).fold("single".to_owned(), |text, _| format!("preferred:z:{text}"));
        let many: LoadBalancing = zones(60).parse().unwrap();
        assert_eq!(*many.innermost(), LoadBalancing::Single);
        let client =
            crate::client::Client::builder().hosts("http://a").zones(|_| "z").load_balancing(many).build();
        assert!(client.is_ok(), "parsed and built quickly");
        let unknown = zones(1_000).parse::<LoadBalancing>().unwrap_err();
        assert!(unknown.to_string().len() < 400, "{unknown}");
    }

    #[test]
    fn an_invalid_strategy_is_rejected_with_a_list_of_valid_strategies() {
        for text in [
            "fastest",
            "",
            "random:3",
            "periodic:",
            "periodic:0",
            "periodic:0s",
            "periodic:-1",
            "periodic:3h",
            "preferred",
            "preferred:",
            "preferred::random",
            "preferred:eu:fastest",
        ] {
            let unknown = text.parse::<LoadBalancing>().unwrap_err();
            assert!(unknown.to_string().starts_with(&format!("`{text}` is not a")), "{unknown}");
            assert!(unknown.to_string().contains("preferred:ZONE"), "{unknown}");
        }
    }
}
