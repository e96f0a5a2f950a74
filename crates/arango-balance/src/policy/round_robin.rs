//! Round robin: each member in turn.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::Instant;

use crate::pick::candidates::Candidates;
use crate::pick::policy::Policy;
use crate::random_source::{RandomSource, index_below};

/// Picks the candidates in turn.
///
/// As long as the candidates stay the same their counts differ by at most one, with any number of concurrent requests.
#[derive(Debug, Default)]
pub struct RoundRobin {
    next: AtomicUsize,
    // Retries have separate turns. With the same turns a member that rejects each request would be the first pick of
    // each, because the retry takes the turn of the next member.
    next_retry: AtomicUsize,
}

/// More than any number of members.
const START_RANGE: usize = 1 << 20;

impl RoundRobin {
    /// Starts with a random member, uniformly distributed.
    ///
    /// The default starts with the first. That is deterministic, but all clients do so: if there are many, and each
    /// sends fewer requests than there are members, the first members get all the load.
    pub fn random_start(random: &dyn RandomSource) -> Self {
        Self::starting_at(index_below(START_RANGE, random).unwrap_or_default())
    }

    /// Starts with the member at this index, modulo the number of members.
    ///
    /// Indices count from 0 in the order of the set.
    pub fn starting_at(member: usize) -> Self {
        Self { next: AtomicUsize::new(member), next_retry: AtomicUsize::new(member) }
    }
}

impl<K, Req> Policy<K, Req> for RoundRobin {
    fn pick(&self, candidates: &Candidates<'_, K>, _: &Req, _: Instant) -> Option<usize> {
        // Relaxed: turns must differ, and need no order with anything else.
        let turns = if candidates.is_retry() { &self.next_retry } else { &self.next };
        candidates.nth_in_turn(turns.fetch_add(1, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members::set::Members;
    use proptest::prelude::*;

    fn counts(members: &Members<usize>, out: Option<usize>, picks: usize, threads: usize) -> Vec<u64> {
        let policy = RoundRobin::default();
        let list = members.snapshot();
        let chosen: Vec<usize> = (0..list.len()).filter(|index| Some(*index) != out).collect();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    for _ in 0..picks / threads {
                        let candidates = Candidates::only(&list, &chosen, false);
                        let index = policy.pick(&candidates, &(), Instant::now()).unwrap();
                        drop(candidates.get(index).clone().start_request());
                    }
                });
            }
        });
        list.iter().map(Member::requests).collect()
    }
    use crate::members::member::Member;

    #[test]
    fn counts_differ_by_at_most_one_under_concurrency() {
        let counts = counts(&Members::new([0, 1, 2]), None, 10_000, 4);
        assert_eq!(counts.iter().sum::<u64>(), 10_000);
        assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
    }

    #[test]
    fn clients_with_different_starts_pick_different_members_at_any_time() {
        let list = Members::new([0, 1, 2]).snapshot();
        let clients: Vec<_> = (0..6).map(RoundRobin::starting_at).collect();
        for is_retry in [false, true] {
            let candidates = Candidates::only(&list, &[0, 1, 2], is_retry);
            for _ in 0..4 {
                let mut counts = [0; 3];
                for client in &clients {
                    counts[client.pick(&candidates, &(), Instant::now()).unwrap()] += 1;
                }
                assert_eq!(counts, [2, 2, 2]);
            }
        }
    }

    #[test]
    fn random_starts_are_spread_over_all_members() {
        let members = Members::new([0, 1, 2]);
        let list = members.snapshot();
        let random = crate::random_source::SeededRandom::new(1);
        let mut counts = [0_u32; 3];
        for _ in 0..30_000 {
            let policy = RoundRobin::random_start(&random);
            counts[policy.pick(&Candidates::all(&list), &(), Instant::now()).unwrap()] += 1;
        }
        // Five standard deviations of a binomial distribution with n = 30 000, p = 1/3.
        let allowed = 5.0 * (30_000.0_f64 * 2.0 / 9.0).sqrt();
        assert!(counts.iter().all(|count| (f64::from(*count) - 10_000.0).abs() < allowed), "{counts:?}");
    }

    #[test]
    fn the_share_of_an_excluded_member_spreads_over_all_others() {
        let mut counts = counts(&Members::new([0, 1, 2, 3]), Some(1), 10_000, 4);
        assert_eq!(counts.remove(1), 0);
        assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
    }

    proptest! {
        #[test]
        fn any_number_of_picks_over_any_number_of_members_is_even(members in 1_usize..20, picks in 0_usize..500) {
            let counts = counts(&Members::new(0..members), None, picks, 1);
            prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1);
        }
    }
}
