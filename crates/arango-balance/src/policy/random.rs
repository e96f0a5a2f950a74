//! Random: each member with the same probability.

use std::sync::Arc;

use tokio::time::Instant;

use crate::pick::candidates::Candidates;
use crate::pick::policy::Policy;
use crate::random_source::{RandomSource, SeededRandom, ThreadRandom, index_below};

/// Picks a random candidate, uniformly distributed.
#[derive(Debug, Clone)]
pub struct Random {
    random: Arc<dyn RandomSource>,
}

impl Random {
    /// Uses the random generator of the current thread.
    pub fn new() -> Self {
        Self::with_random(Arc::new(ThreadRandom))
    }

    /// Picks the same candidates for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self::with_random(Arc::new(SeededRandom::new(seed)))
    }

    /// Uses this random source.
    pub fn with_random(random: Arc<dyn RandomSource>) -> Self {
        Self { random }
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, Req> Policy<K, Req> for Random {
    fn pick(&self, candidates: &Candidates<'_, K>, _: &Req, _: Instant) -> Option<usize> {
        index_below(candidates.len(), &*self.random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members::set::Members;

    fn picks(policy: &Random, members: usize, picks: usize) -> Vec<usize> {
        let list = Members::new(0..members).snapshot();
        let candidates = Candidates::all(&list);
        (0..picks).map(|_| policy.pick(&candidates, &(), Instant::now()).unwrap()).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_choices() {
        assert_eq!(picks(&Random::seeded(1), 5, 100), picks(&Random::seeded(1), 5, 100));
        assert_ne!(picks(&Random::seeded(1), 5, 100), picks(&Random::seeded(2), 5, 100));
    }

    #[test]
    fn every_member_gets_its_share_within_five_standard_deviations() {
        let mut counts = [0_u32; 4];
        for index in picks(&Random::seeded(3), 4, 40_000) {
            counts[index] += 1;
        }
        // Five standard deviations of a binomial distribution with n = 40 000, p = 1/4.
        let allowed = 5.0 * (40_000.0_f64 * 0.25 * 0.75).sqrt();
        for count in counts {
            assert!((f64::from(count) - 10_000.0).abs() < allowed, "{counts:?}");
        }
    }

    #[test]
    fn a_source_that_returns_almost_one_never_exceeds_the_last_index() {
        #[derive(Debug)]
        struct Most;
        impl RandomSource for Most {
            fn next_f64(&self) -> f64 {
                1.0 - f64::EPSILON / 2.0
            }
        }
        assert_eq!(picks(&Random::with_random(Arc::new(Most)), 3, 1), [2]);
    }
}
