//! Single: one member as long as possible.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::Instant;

use crate::pick::candidates::Candidates;
use crate::pick::policy::Policy;
use crate::random_source::{RandomSource, SeededRandom, ThreadRandom, index_below};

/// No member was picked yet.
const NOT_PICKED: usize = usize::MAX;

/// Stays with one member, and moves to another only if it must.
///
/// It picks both randomly, so that many clients spread over all members. It moves if the member is not a candidate of a
/// first attempt: if it is ejected, draining, or excluded because it is overloaded. It does not move back. A retry goes
/// to another member, without moving: one failure is no reason to move.
#[derive(Debug)]
pub struct Single {
    slot: AtomicUsize,
    random: Arc<dyn RandomSource>,
}

impl Single {
    /// Uses the random generator of the current thread.
    pub fn new() -> Self {
        Self::with_random(Arc::new(ThreadRandom))
    }

    /// Picks the same members for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self::with_random(Arc::new(SeededRandom::new(seed)))
    }

    /// Uses this random source.
    pub fn with_random(random: Arc<dyn RandomSource>) -> Self {
        Self { slot: AtomicUsize::new(NOT_PICKED), random }
    }
}

impl Default for Single {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, Req> Policy<K, Req> for Single {
    fn pick(&self, candidates: &Candidates<'_, K>, _: &Req, _: Instant) -> Option<usize> {
        let pick_random = || index_below(candidates.len(), &*self.random);
        if candidates.is_retry() {
            return pick_random();
        }
        // Relaxed: only the slot itself is shared.
        let current = self.slot.load(Ordering::Relaxed);
        if let Some(index) = candidates.with_slot(current) {
            return Some(index);
        }
        let index = pick_random()?;
        let slot = candidates.get(index).slot();
        match self.slot.compare_exchange(current, slot, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => Some(index),
            // Of concurrent moves the first one decides.
            Err(moved) => candidates.with_slot(moved).or(Some(index)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members::set::Members;

    /// Returns the key that is picked from the members at these indices.
    fn pick(policy: &Single, members: &Members<usize>, there: &[usize], is_retry: bool) -> usize {
        let list = members.snapshot();
        let candidates = Candidates::only(&list, there, is_retry);
        let index = policy.pick(&candidates, &(), Instant::now()).unwrap();
        *candidates.get(index).key()
    }

    #[test]
    fn it_moves_only_when_it_must_and_not_back() {
        let (members, policy) = (Members::new(0..4), Single::seeded(1));
        let first = pick(&policy, &members, &[0, 1, 2, 3], false);
        for _ in 0..50 {
            assert_eq!(pick(&policy, &members, &[0, 1, 2, 3], false), first);
        }
        let others: Vec<usize> = (0..4).filter(|member| *member != first).collect();
        let second = pick(&policy, &members, &others, false);
        for _ in 0..50 {
            assert_eq!(pick(&policy, &members, &[0, 1, 2, 3], false), second);
        }
    }

    #[test]
    fn a_retry_does_not_move_it() {
        let (members, policy) = (Members::new(0..3), Single::seeded(1));
        let first = pick(&policy, &members, &[0, 1, 2], false);
        let others: Vec<usize> = (0..3).filter(|member| *member != first).collect();
        assert_ne!(pick(&policy, &members, &others, true), first);
        assert_eq!(pick(&policy, &members, &[0, 1, 2], false), first);
    }

    #[test]
    fn many_clients_spread_over_all_members_initially_and_after_a_move() {
        let members = Members::new(0..4);
        let (mut first, mut second) = ([0_u32; 4], [0_u32; 4]);
        for seed in 0..4_000 {
            let policy = Single::seeded(seed);
            first[pick(&policy, &members, &[0, 1, 2, 3], false)] += 1;
            if pick(&policy, &members, &[0, 1, 2, 3], false) == 0 {
                second[pick(&policy, &members, &[1, 2, 3], false)] += 1;
            }
        }
        // Five standard deviations of binomial distributions with n = 4 000 and 1 000.
        assert!(first.iter().all(|count| count.abs_diff(1_000) < 137), "{first:?}");
        assert_eq!(second[0], 0);
        let moved = first[0] / 3;
        assert!(second[1..].iter().all(|count| count.abs_diff(moved) < 75), "{second:?}");
    }

    #[test]
    fn concurrent_moves_go_to_the_same_member() {
        let (members, policy) = (Members::new(0..100), Single::new());
        let all: Vec<usize> = (0..100).collect();
        let picks: Vec<usize> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..4).map(|_| scope.spawn(|| pick(&policy, &members, &all, false))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(picks.iter().all(|member| *member == picks[0]), "{picks:?}");
    }
}
