//! The policies under trial.

use std::sync::Arc;

use arango_balance::{Fallback, LeastLoaded, Policy, Preferred, Random, RandomSource, RoundRobin, Single};
use clap::ValueEnum;

/// In how many zones clients and coordinators are.
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
    /// Those that spread requests over all: they are tried everywhere.
    pub(crate) const SPREADING: [Self; 3] = [Self::RoundRobin, Self::Random, Self::LeastLoaded];
    /// Those that have another aim.
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

    /// The policy of one client. What it leaves to chance is the world's chance.
    pub(crate) fn policy(self, client: usize, jitter: &Arc<dyn RandomSource>) -> Box<dyn Policy<usize, ()>> {
        let chance = || Arc::clone(jitter);
        match self {
            Self::RoundRobin => Box::new(RoundRobin::random_start(&**jitter)),
            Self::Random => Box::new(Random::with_random(chance())),
            Self::LeastLoaded => Box::new(LeastLoaded::with_random(chance())),
            Self::Single => Box::new(Single::with_random(chance())),
            Self::Fallback => Box::new(Fallback),
            Self::Preferred => {
                let near = move |coordinator: &usize| coordinator % ZONES == client % ZONES;
                Box::new(Preferred::new(
                    near,
                    LeastLoaded::with_random(chance()),
                    LeastLoaded::with_random(chance()),
                ))
            }
        }
    }
}
