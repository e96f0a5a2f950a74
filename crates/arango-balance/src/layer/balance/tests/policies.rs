//! Properties of every policy.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::pick::candidates::Candidates;
use crate::policy::fallback::Fallback;
use crate::policy::least_loaded::LeastLoaded;
use crate::policy::periodic::Periodic;
use crate::policy::preferred::Preferred;
use crate::policy::single::Single;

type AnyPolicy = Arc<dyn Policy<usize, ()>>;

fn every_policy(seed: u64) -> [(&'static str, AnyPolicy); 9] {
    let even = |member: &usize| member.is_multiple_of(2);
    [
        ("round robin", Arc::new(RoundRobin::default())),
        ("random", Arc::new(Random::seeded(seed))),
        ("least loaded", Arc::new(LeastLoaded::seeded(seed))),
        ("single", Arc::new(Single::seeded(seed))),
        ("fallback", Arc::new(Fallback)),
        ("periodic", Arc::new(Periodic::after_requests(3).or_after(Duration::from_millis(7)))),
        ("preferred", Arc::new(Preferred::new(even, LeastLoaded::seeded(seed), RoundRobin::default()))),
        (
            "preferred with a limit",
            Arc::new(Preferred::new(even, Fallback, Single::seeded(seed)).max_in_flight(2)),
        ),
        ("an Arc of a policy", Arc::new(Arc::new(RoundRobin::default()))),
    ]
}

proptest! {
    #[test]
    fn every_policy_picks_one_of_the_candidates(
        seed in any::<u64>(),
        sets in prop::collection::vec(prop::collection::btree_set(0_usize..12, 1..12), 1..40),
        is_retry in any::<bool>(),
        busy in prop::collection::vec(0_usize..4, 12),
    ) {
        let members = Members::new(0..12);
        members.measure_load();
        let list = members.snapshot();
        let _in_flight: Vec<_> = busy
            .iter()
            .zip(list.iter())
            .flat_map(|(requests, member)| (0..*requests).map(|_| member.clone().start_request()))
            .collect();
        for (name, policy) in every_policy(seed) {
            let mut now = Instant::now();
            for candidate_keys in &sets {
                now += Duration::from_millis(5);
                let part: Vec<usize> = candidate_keys.iter().copied().collect();
                let candidates = Candidates::only(&list, &part, is_retry);
                let index = policy.pick(&candidates, &(), now);
                prop_assert!(
                    index.is_some_and(|index| index < candidate_keys.len()),
                    "{name}: {index:?} of {candidate_keys:?}"
                );
                let picked = *candidates.get(index.unwrap()).key();
                prop_assert!(candidate_keys.contains(&picked), "{name}: {picked} of {candidate_keys:?}");
                list[picked].record(Signal::Success, now - Duration::from_millis(3));
            }
        }
    }

    #[test]
    fn no_policy_picks_a_tried_or_ejected_member_while_others_are_left(
        seed in any::<u64>(),
        members in 1_usize..8,
        ejected in 0_usize..8,
    ) {
        for (name, policy) in every_policy(seed) {
            let set = Members::builder().random_source(Arc::new(SeededRandom::new(seed))).build(0..members);
            let list = set.snapshot();
            // With more than half ejected, ejections would be disregarded.
            let ejected = ejected.min(members / 2);
            for member in list.iter().take(ejected) {
                for _ in 0..3 {
                    member.record(Signal::Unreachable, Instant::now());
                }
            }
            for _ in 0..10 {
                let mut tried = Vec::new();
                for attempt in 0..members {
                    let now = Instant::now();
                    let route = Route { tried: &tried, now: Some(now), ..Route::any() };
                    let picked = set.pick_with(&route, now, |candidates| policy.pick(candidates, &(), now));
                    let picked = *picked.unwrap().key();
                    prop_assert!(
                        attempt >= members - ejected || picked >= ejected,
                        "{name} picks {picked}, of {ejected} ejected"
                    );
                    tried.push(picked);
                }
                prop_assert_eq!(tried.iter().collect::<HashSet<_>>().len(), members, "{}: {:?}", name, tried);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_share_of_an_excluded_member_is_spread_over_all_others() {
    for (name, policy) in every_policy(1).into_iter().take(3) {
        let set = Members::new(0..5_usize);
        set.measure_load();
        let list = set.snapshot();
        let mut counts = [0_u32; 5];
        for _ in 0..20_000 {
            let now = Instant::now();
            let candidates = Candidates::only(&list, &[0, 2, 3, 4], false);
            let index = policy.pick(&candidates, &(), now).unwrap();
            counts[*candidates.get(index).key()] += 1;
        }
        assert_eq!(counts[1], 0);
        for member in [0, 2, 3, 4] {
            // Five standard deviations of a binomial distribution with n = 20 000, p = 1/4.
            assert!(counts[member].abs_diff(5_000) < 307, "{name}: {counts:?}");
        }
    }
}

#[test]
fn load_is_measured_only_for_policies_that_use_it() {
    for (name, policy) in every_policy(1) {
        let members = Members::new([1_usize]);
        drop(BalanceLayer::new(members.clone(), Arc::clone(&policy)));
        let measured = ["least loaded", "preferred"].contains(&name);
        assert_eq!(members.snapshot()[0].is_load_measured(), measured, "{name}");
    }
}

#[test]
fn without_candidates_no_policy_picks_any() {
    let list = Members::new(0..2).snapshot();
    for (name, policy) in every_policy(1) {
        let none = Candidates::only(&list, &[], false);
        assert_eq!(policy.pick(&none, &(), Instant::now()), None, "{name}");
    }
}

#[test]
fn policies_with_the_same_seed_make_the_same_choices_and_with_another_seed_other_choices() {
    let list = Members::new(0..12).snapshot();
    let picks = |policy: &dyn Policy<usize, ()>| -> Vec<Option<usize>> {
        let all = Candidates::all(&list);
        (0..100).map(|_| policy.pick(&all, &(), Instant::now())).collect()
    };
    assert_eq!(picks(&LeastLoaded::seeded(1)), picks(&LeastLoaded::seeded(1)));
    assert_ne!(picks(&LeastLoaded::seeded(1)), picks(&LeastLoaded::seeded(2)));
    assert_eq!(picks(&Random::seeded(1)), picks(&Random::seeded(1)));
    // `Single` picks one member and keeps it, so only first picks are compared.
    let single = |seed: u64| picks(&Single::seeded(seed))[0];
    let first: Vec<_> = (0..20).map(single).collect();
    assert_eq!(first, (0..20).map(single).collect::<Vec<_>>());
}
