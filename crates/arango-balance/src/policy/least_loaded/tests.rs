use std::collections::BinaryHeap;
use std::time::Duration;

use super::*;
use crate::health::signal::Signal;
use crate::members::in_flight::InFlight;
use crate::members::set::Members;

#[test]
fn every_ordered_pair_of_different_indices_is_equally_likely() {
    #[derive(Debug)]
    struct Throw(f64);
    impl RandomSource for Throw {
        fn next_f64(&self) -> f64 {
            self.0
        }
    }
    for members in 2..6_u32 {
        let size = members as usize;
        let pairs = members * (members - 1);
        let mut seen = std::collections::HashSet::new();
        for pair in 0..pairs {
            let throw = Throw((f64::from(pair) + 0.5) / f64::from(pairs));
            let (first, second) = two_below(size, &throw).unwrap();
            assert!(first < size && second < size && first != second);
            assert!(seen.insert((first, second)));
        }
        assert!(two_below(size, &Throw(1.0 - f64::EPSILON / 2.0)).unwrap().0 < size);
    }
    assert_eq!([two_below(0, &Throw(0.5)), two_below(1, &Throw(0.5))], [None, None]);
}

/// A request in flight: when it started and ends, and at which member.
struct Running {
    ends: Instant,
    started: Instant,
    member: usize,
    in_flight: InFlight<usize>,
}

impl PartialEq for Running {
    fn eq(&self, other: &Self) -> bool {
        self.ends == other.ends
    }
}
impl Eq for Running {}
impl PartialOrd for Running {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Running {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.ends.cmp(&self.ends)
    }
}

/// Sends requests, `at_once` of them concurrently, to members with the given latency and outcome.
///
/// Returns how many each member was sent.
async fn run(at_once: usize, requests: usize, members: &[(Duration, Signal)]) -> Vec<u64> {
    let set = Members::new(0..members.len());
    set.measure_load();
    let (list, policy) = (set.snapshot(), LeastLoaded::seeded(1));
    let mut running: BinaryHeap<Running> = BinaryHeap::new();
    for _ in 0..requests {
        if running.len() == at_once {
            let ended: Running = running.pop().unwrap();
            tokio::time::advance(ended.ends.saturating_duration_since(Instant::now())).await;
            list[ended.member].record(members[ended.member].1, ended.started);
            drop(ended.in_flight);
        }
        let now = Instant::now();
        let member = policy.pick(&Candidates::all(&list), &(), now).unwrap();
        running.push(Running {
            ends: now + members[member].0,
            started: now,
            member,
            in_flight: list[member].clone().start_request().unwrap(),
        });
    }
    list.iter().map(crate::members::member::Member::requests).collect()
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[tokio::test(start_paused = true)]
async fn equal_members_get_equal_shares_within_a_twentieth() {
    let counts = run(16, 20_000, &[(millis(5), Signal::Success); 4]).await;
    assert!(counts.iter().all(|count| count.abs_diff(5_000) < 250), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_member_ten_times_as_slow_gets_about_a_tenth_or_less_but_some() {
    let counts = run(
        16,
        20_000,
        &[(millis(5), Signal::Success), (millis(5), Signal::Success), (millis(50), Signal::Success)],
    )
    .await;
    assert!(counts[2] <= counts[0] / 8 && counts[2] <= counts[1] / 8, "{counts:?}");
    assert!(counts[2] > 0, "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_member_that_fails_at_once_attracts_no_requests() {
    // The only signal of a failure for which a member is not ejected.
    let counts = run(
        16,
        20_000,
        &[(millis(5), Signal::Success), (millis(5), Signal::Success), (millis(0), Signal::Overloaded)],
    )
    .await;
    assert!(counts[2] <= 20_000 / 50, "{counts:?}");
}
