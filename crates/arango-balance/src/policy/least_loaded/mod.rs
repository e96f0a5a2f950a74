//! Least loaded: power of two choices.

use std::sync::Arc;

use tokio::time::Instant;

use crate::pick::candidates::Candidates;
use crate::pick::policy::Policy;
use crate::random_source::{RandomSource, SeededRandom, ThreadRandom, index_below};

/// Picks two random candidates, and of these the one with less load.
///
/// That is the one that is expected to respond sooner. It depends on requests in flight, latency, the queue time that
/// the member reports and its failure ratio; see [`Load`](crate::Load). A member that fails at once does not look fast.
///
/// Two are enough. A policy that compares all members sends all requests to the same one until its measures change, and
/// so do all other clients. A member that was much slower than the others gets requests again when its measures have
/// decayed: within a minute it is known to be as fast as the others again.
///
/// Only requests in flight count if the outcome of attempts is not recorded: see
/// [`Member::record`](crate::Member::record).
#[derive(Debug, Clone)]
pub struct LeastLoaded {
    random: Arc<dyn RandomSource>,
}

impl LeastLoaded {
    /// Uses the random generator of the current thread.
    pub fn new() -> Self {
        Self::with_random(Arc::new(ThreadRandom))
    }

    /// Compares the same candidates for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self::with_random(Arc::new(SeededRandom::new(seed)))
    }

    /// Uses this random source.
    pub fn with_random(random: Arc<dyn RandomSource>) -> Self {
        Self { random }
    }
}

impl Default for LeastLoaded {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, Req> Policy<K, Req> for LeastLoaded {
    fn pick(&self, candidates: &Candidates<'_, K>, _: &Req, now: Instant) -> Option<usize> {
        let Some((first, second)) = two_below(candidates.len(), &*self.random) else {
            return candidates.nth_in_turn(0);
        };
        let (one, other) = (candidates.get(first).load(now), candidates.get(second).load(now));
        // If they are equal it is the first: the order of the pair is random.
        Some(if other.cost(&one) < one.cost(&other) { second } else { first })
    }

    fn wants_load(&self) -> bool {
        true
    }
}

/// Returns two different indices in random order, from one random number; each pair has the same probability.
///
/// `None` if there are fewer than two members.
fn two_below(members: usize, random: &dyn RandomSource) -> Option<(usize, usize)> {
    let others = members.saturating_sub(1);
    let pair = index_below(members * others, random)?;
    let (first, second) = (pair / others, pair % others);
    Some((first, if second < first { second } else { second + 1 }))
}

#[cfg(test)]
mod tests;
