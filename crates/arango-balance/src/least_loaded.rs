//! Whoever has less to do.

use std::sync::Arc;

use tokio::time::Instant;

use crate::jitter::index_below;
use crate::{Candidates, Policy, RandomSource, SeededRandom, ThreadRandom};

/// Takes two candidates by chance, and of these the one that has less to do.
///
/// That is the one which would answer sooner: by the requests that it has not answered yet, by how long its answers
/// take, by how long it says that requests wait in its queue, and by how many of its answers are failures; see
/// [`Load`](crate::Load). A member that fails at once is not taken to be fast.
///
/// Two are enough: who looks at all of them sends all requests to the same one until its measures change, and so do
/// all the other clients. One that is much slower than the others is asked again when its measures have faded, so
/// it is found out within a minute that it is as fast as the others again.
///
/// Nothing but requests in flight counts where nobody reports what comes of them: see
/// [`Member::report`](crate::Member::report).
#[derive(Debug, Clone)]
pub struct LeastLoaded {
    random: Arc<dyn RandomSource>,
}

impl LeastLoaded {
    /// Leaves it to the generator of the current thread which two are looked at.
    pub fn new() -> Self {
        Self::with_random(Arc::new(ThreadRandom))
    }

    /// Looks at the same two for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self::with_random(Arc::new(SeededRandom::new(seed)))
    }

    /// Leaves it to `jitter` which two are looked at.
    pub fn with_random(jitter: Arc<dyn RandomSource>) -> Self {
        Self { random: jitter }
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
        // Of two alike it is the first, which is either as often as not.
        Some(if other.cost(&one) < one.cost(&other) { second } else { first })
    }

    fn wants_load(&self) -> bool {
        true
    }
}

/// Two different indices, in either order, each pair with the same probability, by one throw; `None` if there are not
/// two.
fn two_below(members: usize, jitter: &dyn RandomSource) -> Option<(usize, usize)> {
    let others = members.saturating_sub(1);
    let pair = index_below(members * others, jitter)?;
    let (first, second) = (pair / others, pair % others);
    Some((first, if second < first { second } else { second + 1 }))
}

#[cfg(test)]
mod tests;
