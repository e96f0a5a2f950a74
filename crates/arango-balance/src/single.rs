//! One, for as long as it can be asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::Instant;

use crate::jitter::index_below;
use crate::{Candidates, Policy, RandomSource, SeededRandom, ThreadRandom};

/// Nobody was picked yet.
const NOBODY: usize = usize::MAX;

/// Stays with one member, and moves to another only when it must.
///
/// It is found by chance, and so is the next one, so that many clients spread over all. It must move when the member is
/// not to be asked at first: it was ejected, is about to go, or is spared because it has too much to do. It does not
/// move back. A further attempt goes elsewhere, for that once: one failure is no reason to move.
#[derive(Debug)]
pub struct Single {
    slot: AtomicUsize,
    random: Arc<dyn RandomSource>,
}

impl Single {
    /// Leaves it to the generator of the current thread which one.
    pub fn new() -> Self {
        Self::with_random(Arc::new(ThreadRandom))
    }

    /// Finds the same ones for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self::with_random(Arc::new(SeededRandom::new(seed)))
    }

    /// Leaves it to `jitter` which one.
    pub fn with_random(jitter: Arc<dyn RandomSource>) -> Self {
        Self { slot: AtomicUsize::new(NOBODY), random: jitter }
    }
}

impl Default for Single {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, Req> Policy<K, Req> for Single {
    fn pick(&self, candidates: &Candidates<'_, K>, _: &Req, _: Instant) -> Option<usize> {
        let by_chance = || index_below(candidates.len(), &*self.random);
        if candidates.is_retry() {
            return by_chance();
        }
        // Relaxed: the slot is all there is.
        let stays = self.slot.load(Ordering::Relaxed);
        if let Some(index) = candidates.with_slot(stays) {
            return Some(index);
        }
        let index = by_chance()?;
        let slot = candidates.get(index).slot();
        match self.slot.compare_exchange(stays, slot, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => Some(index),
            // Of those who find it gone at once the first decides.
            Err(moved) => candidates.with_slot(moved).or(Some(index)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Members;

    /// What is picked when these are there.
    fn pick(policy: &Single, members: &Members<usize>, there: &[usize], further: bool) -> usize {
        let list = members.snapshot();
        let candidates = Candidates::only(&list, there.to_vec(), further);
        let index = policy.pick(&candidates, &(), Instant::now()).unwrap();
        *candidates.get(index).key()
    }

    #[test]
    fn it_moves_when_it_must_and_not_back() {
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
    fn a_further_attempt_does_not_move_it() {
        let (members, policy) = (Members::new(0..3), Single::seeded(1));
        let first = pick(&policy, &members, &[0, 1, 2], false);
        let others: Vec<usize> = (0..3).filter(|member| *member != first).collect();
        assert_ne!(pick(&policy, &members, &others, true), first);
        assert_eq!(pick(&policy, &members, &[0, 1, 2], false), first);
    }

    #[test]
    fn many_clients_spread_over_all_and_so_do_those_that_move() {
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
    fn all_who_find_it_gone_at_once_move_to_the_same_one() {
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
