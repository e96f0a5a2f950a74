//! The policies to compare.

use std::sync::Arc;

use arango_balance::{Fallback, LeastLoaded, Policy, Preferred, Random, RandomSource, RoundRobin, Single};
use clap::ValueEnum;

/// Number of zones of clients and coordinators.
const ZONES: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Strategy {
    RoundRobin,
    Random,
    LeastLoaded,
    Single,
    Fallback,
    Preferred,
}

impl Strategy {
    /// Policies that spread requests over all coordinators; compared in every scenario.
    pub(crate) const SPREADING: [Self; 3] = [Self::RoundRobin, Self::Random, Self::LeastLoaded];
    /// Policies that do not spread requests; compared in a few scenarios.
    pub(crate) const OTHERS: [Self; 3] = [Self::Single, Self::Fallback, Self::Preferred];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::RoundRobin => "round robin",
            Self::Random => "random",
            Self::LeastLoaded => "least loaded",
            Self::Single => "single",
            Self::Fallback => "fallback",
            Self::Preferred => "preferred",
        }
    }

    /// Returns the policy of one client, with the random source of the simulation.
    pub(crate) fn policy(self, client: usize, random: &Arc<dyn RandomSource>) -> Box<dyn Policy<usize, ()>> {
        let source = || Arc::clone(random);
        match self {
            Self::RoundRobin => Box::new(RoundRobin::random_start(&**random)),
            Self::Random => Box::new(Random::with_random(source())),
            Self::LeastLoaded => Box::new(LeastLoaded::with_random(source())),
            Self::Single => Box::new(Single::with_random(source())),
            Self::Fallback => Box::new(Fallback),
            Self::Preferred => {
                let near = move |coordinator: &usize| coordinator % ZONES == client % ZONES;
                Box::new(Preferred::new(
                    near,
                    LeastLoaded::with_random(source()),
                    LeastLoaded::with_random(source()),
                ))
            }
        }
    }
}
