//! Each in turn.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::Instant;

use crate::jitter::index_below;
use crate::{Candidates, Policy, RandomSource};

/// Takes the candidates in turn.
///
/// As long as the candidates stay the same their counts differ by at most one, however many
/// requests pick at once.
#[derive(Debug, Default)]
pub struct RoundRobin {
    next: AtomicUsize,
    // Further attempts have turns of their own. With the same turns a member that refuses each request
    // would be the first choice of each: its refusal takes the turn of the next one.
    next_retry: AtomicUsize,
}

/// More than anybody has members.
const MANY: usize = 1 << 20;

impl RoundRobin {
    /// Begins with a member by chance, each with the same probability.
    ///
    /// The default begins with the first. That is certain, but so do all clients: where many of them start, and each sends
    /// fewer requests than there are members, the first ones have all the work.
    pub fn random_start(jitter: &dyn RandomSource) -> Self {
        Self::starting_at(index_below(MANY, jitter).unwrap_or_default())
    }

    /// Begins with this member, counted from 0 in the order of the set. More than there are begin anew.
    pub fn starting_at(member: usize) -> Self {
        Self { next: AtomicUsize::new(member), next_retry: AtomicUsize::new(member) }
    }
}

impl<K, Req> Policy<K, Req> for RoundRobin {
    fn pick(&self, candidates: &Candidates<'_, K>, _: &Req, _: Instant) -> Option<usize> {
        // Relaxed: turns need to differ, not to be ordered with anything else.
        let turns = if candidates.is_retry() { &self.next_retry } else { &self.next };
        candidates.nth_in_turn(turns.fetch_add(1, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Members;
    use proptest::prelude::*;

    fn counts(members: &Members<usize>, out: Option<usize>, picks: usize, threads: usize) -> Vec<u64> {
        let policy = RoundRobin::default();
        let list = members.snapshot();
        let chosen: Vec<usize> = (0..list.len()).filter(|index| Some(*index) != out).collect();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    for _ in 0..picks / threads {
                        let candidates = Candidates::only(&list, chosen.clone(), false);
                        let index = policy.pick(&candidates, &(), Instant::now()).unwrap();
                        drop(candidates.get(index).clone().start_request());
                    }
                });
            }
        });
        list.iter().map(Member::requests).collect()
    }
    use crate::Member;

    #[test]
    fn counts_differ_by_at_most_one_under_concurrency() {
        let counts = counts(&Members::new([0, 1, 2]), None, 10_000, 4);
        assert_eq!(counts.iter().sum::<u64>(), 10_000);
        assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
    }

    #[test]
    fn clients_that_begin_with_different_members_ask_different_ones_at_any_time() {
        let list = Members::new([0, 1, 2]).snapshot();
        let clients: Vec<_> = (0..6).map(RoundRobin::starting_at).collect();
        for further in [false, true] {
            let candidates = Candidates::only(&list, vec![0, 1, 2], further);
            for _ in 0..4 {
                let mut asked = [0; 3];
                for client in &clients {
                    asked[client.pick(&candidates, &(), Instant::now()).unwrap()] += 1;
                }
                assert_eq!(asked, [2, 2, 2]);
            }
        }
    }

    #[test]
    fn a_beginning_by_chance_is_spread_over_all_members() {
        let members = Members::new([0, 1, 2]);
        let list = members.snapshot();
        let jitter = crate::SeededRandom::new(1);
        let mut begun = [0_u32; 3];
        for _ in 0..30_000 {
            let policy = RoundRobin::random_start(&jitter);
            begun[policy.pick(&Candidates::all(&list), &(), Instant::now()).unwrap()] += 1;
        }
        // Five standard deviations of a binomial distribution with n = 30 000, p = 1/3.
        let allowed = 5.0 * (30_000.0_f64 * 2.0 / 9.0).sqrt();
        assert!(begun.iter().all(|begun| (f64::from(*begun) - 10_000.0).abs() < allowed), "{begun:?}");
    }

    #[test]
    fn the_share_of_a_masked_member_spreads_over_all_others() {
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
