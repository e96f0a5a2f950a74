//! Load balancing strategies by name.

use std::fmt;
use std::str::FromStr;

/// How requests are spread over the coordinators.
///
/// A policy of one's own goes to [`ClientBuilder::policy`](crate::ClientBuilder::policy) instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum LoadBalancing {
    /// Each in turn. The default.
    #[default]
    RoundRobin,
    /// By chance, each with the same probability.
    Random,
    /// Of two by chance the one that has less to do: see [`LeastLoaded`](crate::balance::LeastLoaded).
    LeastLoaded,
}

impl FromStr for LoadBalancing {
    type Err = UnknownStrategy;

    /// Reads `roundrobin`, `random` or `least-loaded`, in any case.
    fn from_str(name: &str) -> Result<Self, UnknownStrategy> {
        match name.to_ascii_lowercase().as_str() {
            "roundrobin" => Ok(Self::RoundRobin),
            "random" => Ok(Self::Random),
            "least-loaded" => Ok(Self::LeastLoaded),
            _ => Err(UnknownStrategy(name.to_owned())),
        }
    }
}

impl fmt::Display for LoadBalancing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RoundRobin => "roundrobin",
            Self::Random => "random",
            Self::LeastLoaded => "least-loaded",
        })
    }
}

/// A name that is no load balancing strategy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no load balancing strategy: write roundrobin, random or least-loaded")]
pub struct UnknownStrategy(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strategies_are_read_by_the_names_they_are_shown_by() {
        for strategy in [LoadBalancing::RoundRobin, LoadBalancing::Random, LoadBalancing::LeastLoaded] {
            assert_eq!(strategy.to_string().parse(), Ok(strategy));
        }
        let unknown = "fastest".parse::<LoadBalancing>().unwrap_err();
        assert!(unknown.to_string().contains("`fastest`"));
    }
}
