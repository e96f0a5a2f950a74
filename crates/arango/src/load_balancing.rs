//! Load balancing strategies by name.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use arango_transport::balance::{
    Fallback, LeastLoaded, Periodic, Policy, Preferred, Random, RandomSource, RoundRobin, Single,
};
use arango_transport::{Coordinator, InvalidSettings, Outgoing, Zones};

/// How requests are spread over the coordinators.
///
/// Each is read from the text that shows it, as it may stand in a configuration. A policy of one's own goes to
/// [`ClientBuilder::policy`](crate::ClientBuilder::policy) instead.
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
    /// Each in turn, beginning with one by chance, so that many clients that start together do not walk together. The
    /// default.
    #[default]
    RoundRobin,
    /// By chance, each with the same probability.
    Random,
    /// Of two by chance the one that has less to do: see [`LeastLoaded`].
    LeastLoaded,
    /// One, by chance, until it must be another: see [`Single`].
    Single,
    /// The first that can be asked, in the order in which they were named: see [`Fallback`].
    Fallback,
    /// One for a while, then the next: see [`Periodic`]. Which is the first is left to chance.
    Periodic(Period),
    /// Those of a zone, and others only where none of these can take a request: see [`Preferred`]. The client is
    /// told by [`ClientBuilder::zones`](crate::ClientBuilder::zones) where each is.
    Preferred {
        /// The zone.
        zone: String,
        /// How requests are spread within the zone, and over the others where it must be them.
        within: Box<LoadBalancing>,
    },
}

/// After what the next coordinator is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Period {
    /// So many requests.
    Requests(usize),
    /// A time, in milliseconds at the finest.
    Time(Duration),
}

impl Default for Period {
    /// A hundred requests.
    fn default() -> Self {
        Self::Requests(100)
    }
}

/// Nobody writes as much by hand, in bytes; and each zone of a text is a step deeper.
const LONGEST: usize = 1024;

type AnyPolicy = Arc<dyn Policy<Coordinator, Outgoing>>;

impl LoadBalancing {
    /// Those of this zone in turn, and the others in turn only where none of these can take a request.
    pub fn preferred(zone: impl Into<String>) -> Self {
        Self::Preferred { zone: zone.into(), within: Box::default() }
    }

    /// The policy that it names. What it leaves to chance is the client's chance.
    pub(crate) fn policy(
        &self,
        zones: &Zones,
        jitter: &Arc<dyn RandomSource>,
    ) -> Result<AnyPolicy, InvalidSettings> {
        Ok(match self {
            Self::RoundRobin => Arc::new(RoundRobin::random_start(&**jitter)),
            Self::Random => Arc::new(Random::with_random(Arc::clone(jitter))),
            Self::LeastLoaded => Arc::new(LeastLoaded::with_random(Arc::clone(jitter))),
            Self::Single => Arc::new(Single::with_random(Arc::clone(jitter))),
            Self::Fallback => Arc::new(Fallback),
            Self::Periodic(period) => Arc::new(period.policy(&**jitter)),
            Self::Preferred { zone, .. } if zones.is_empty() => {
                return Err(InvalidSettings::NoZones { zone: zone.clone() });
            }
            Self::Preferred { zone, within } => {
                let (zones_here, zone) = (zones.clone(), zone.clone());
                let near = move |coordinator: &Coordinator| zones_here.holds(&zone, coordinator);
                // Within a zone nobody is in another: what prefers others there comes down to how it spreads in the end.
                let (here, there) =
                    (within.in_the_end().policy(zones, jitter)?, within.policy(zones, jitter)?);
                Arc::new(Preferred::new(near, here, there))
            }
        })
    }

    /// How requests are spread where there are no zones.
    fn in_the_end(&self) -> &Self {
        match self {
            Self::Preferred { within, .. } => within.in_the_end(),
            other => other,
        }
    }
}

impl Period {
    fn policy(self, jitter: &dyn RandomSource) -> Periodic {
        let policy = match self {
            Self::Requests(requests) => Periodic::after_requests(requests),
            Self::Time(time) => Periodic::after_time(time),
        };
        policy.starting_at(by_chance(jitter))
    }
}

/// Any number: clients that start at the same time are not all to begin with the same coordinator.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "less than a million, and not negative"
)]
fn by_chance(jitter: &dyn RandomSource) -> usize {
    (jitter.next_f64() * 1e6) as usize
}

impl FromStr for LoadBalancing {
    type Err = UnknownStrategy;

    /// Reads `roundrobin`, `random`, `least-loaded`, `single`, `fallback`, `periodic`, `periodic:500` (requests),
    /// `periodic:30s` or `periodic:250ms`, `preferred:zone` or `preferred:zone:strategy`; all but the zone in any
    /// case.
    fn from_str(text: &str) -> Result<Self, UnknownStrategy> {
        if text.len() > LONGEST {
            return Err(UnknownStrategy(format!("{}…", text.chars().take(40).collect::<String>())));
        }
        let (name, argument) = match text.split_once(':') {
            Some((name, argument)) => (name, Some(argument)),
            None => (text, None),
        };
        let strategy = match (name.to_ascii_lowercase().as_str(), argument) {
            ("roundrobin", None) => Some(Self::RoundRobin),
            ("random", None) => Some(Self::Random),
            ("least-loaded", None) => Some(Self::LeastLoaded),
            ("single", None) => Some(Self::Single),
            ("fallback", None) => Some(Self::Fallback),
            ("periodic", None) => Some(Self::Periodic(Period::default())),
            ("periodic", Some(period)) => Period::read(period).map(Self::Periodic),
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

impl Period {
    fn read(text: &str) -> Option<Self> {
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
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requests(requests) => write!(f, "{requests}"),
            Self::Time(time) if time.subsec_millis() == 0 => write!(f, "{}s", time.as_secs()),
            Self::Time(time) => write!(f, "{}ms", time.as_millis()),
        }
    }
}

/// A text that is no load balancing strategy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no load balancing strategy: write roundrobin, random, least-loaded, single, fallback, periodic, \
     periodic:REQUESTS, periodic:TIME with s or ms, preferred:ZONE or preferred:ZONE:STRATEGY"
)]
pub struct UnknownStrategy(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strategies_are_read_by_the_names_they_are_shown_by() {
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
        assert_eq!("periodic".parse(), Ok(LoadBalancing::Periodic(Period::Requests(100))));
        assert_eq!("preferred:eu".parse(), Ok(LoadBalancing::preferred("eu")));
    }

    #[test]
    fn zones_within_zones_cost_a_policy_more_each_and_a_text_has_an_end() {
        let zones =
            |count: usize| (0..count).fold("single".to_owned(), |text, _| format!("preferred:z:{text}"));
        let many: LoadBalancing = zones(60).parse().unwrap();
        assert_eq!(*many.in_the_end(), LoadBalancing::Single);
        let client = crate::Client::builder().hosts("http://a").zones(|_| "z").load_balancing(many).build();
        assert!(client.is_ok(), "and in no time");
        let unknown = zones(1_000).parse::<LoadBalancing>().unwrap_err();
        assert!(unknown.to_string().len() < 400, "{unknown}");
    }

    #[test]
    fn what_cannot_be_read_is_named_and_so_is_what_can() {
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
            assert!(unknown.to_string().starts_with(&format!("`{text}` is no")), "{unknown}");
            assert!(unknown.to_string().contains("preferred:ZONE"), "{unknown}");
        }
    }
}
