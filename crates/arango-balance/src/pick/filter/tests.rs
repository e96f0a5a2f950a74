use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::health::policy::HealthPolicy;
use crate::health::probe_result::ProbeResult;
use crate::health::signal::Signal;
use crate::members::in_flight::InFlight;
use crate::members::set::Members;
use crate::members::timing::Timing;
use crate::pick::route::Route;
use crate::random_source::SeededRandom;

/// An event of a member.
#[derive(Debug, Clone, Copy)]
enum Event {
    Record(Signal),
    /// It gets a request, which stays in flight.
    Sent,
    /// If a probe is due, it finds the member available.
    Probed,
    Removed,
    /// Another member is added, in the slot of a removed one if there is one.
    Added,
}

fn event() -> impl Strategy<Value = Event> {
    let signal = prop_oneof![
        Just(Signal::Success),
        Just(Signal::Overloaded),
        Just(Signal::Draining),
        Just(Signal::Unreachable),
        Just(Signal::GatewayError),
    ];
    prop_oneof![
        6 => signal.prop_map(Event::Record),
        1 => Just(Event::Sent),
        2 => Just(Event::Probed),
        1 => Just(Event::Removed),
        1 => Just(Event::Added),
    ]
}

/// A set after some events.
struct Run {
    members: Members<usize>,
    in_flight: Vec<InFlight<usize>>,
    /// The time of the last event.
    now: Instant,
}

/// Returns a set after these events.
fn after(events: &[(prop::sample::Index, Event)], slow_start: Duration) -> Run {
    let policy = HealthPolicy {
        consecutive_connect_failures: 1,
        consecutive_gateway_failures: 1,
        slow_start,
        slow_start_new: slow_start,
        ..HealthPolicy::default()
    };
    let members = Members::builder().health(policy).build(0..6);
    let mut run = Run { members, in_flight: Vec::new(), now: Instant::now() };
    for (which, event) in events {
        run.now += Duration::from_millis(300);
        let (list, now) = (run.members.snapshot(), run.now);
        let member = which.get(list.as_slice());
        match event {
            Event::Record(signal) => member.record(*signal, Timing::since(now).at(now)),
            Event::Sent => run.in_flight.extend(member.clone().start_request()),
            Event::Probed => {
                if let Some(due) = member.status().next_probe {
                    member.record_probe_at(due, ProbeResult::Available, now);
                }
            }
            Event::Removed if list.len() > 1 => drop(run.members.remove(member.key())),
            Event::Removed => {}
            Event::Added => {
                drop(run.members.insert(100 + list.iter().map(|member| *member.key()).max().unwrap()));
            }
        }
    }
    run
}

/// Returns the list indices of the members that the rules leave, before weights are considered.
fn allowed(list: &[Member<usize>], tried: &[usize]) -> Vec<usize> {
    let those = |indices: &[usize], matches: &dyn Fn(&Member<usize>) -> bool| -> Vec<usize> {
        indices.iter().copied().filter(|&index| matches(&list[index])).collect()
    };
    let or_all = |some: Vec<usize>, all: Vec<usize>| if some.is_empty() { all } else { some };
    let all: Vec<usize> = (0..list.len()).collect();
    let untried = or_all(those(&all, &|member| !tried.contains(member.key())), all);
    let open = those(&untried, &|member| member.health().accepts_request());
    let ejected = list.iter().filter(|member| member.state() == MemberState::Ejected).count();
    let left = if open.is_empty() || 2 * ejected > list.len() {
        let oldest = untried.iter().map(|&index| list[index].last_failed()).min().unwrap();
        those(&untried, &|member| member.last_failed() == oldest)
    } else {
        open
    };
    or_all(those(&left, &|member| member.state() != MemberState::Draining), left)
}

proptest! {
    #[test]
    fn reading_only_degraded_members_gives_the_same_result_as_reading_all(
        events in prop::collection::vec((any::<prop::sample::Index>(), event()), 0..30),
        tried in prop::sample::subsequence((0..6).collect::<Vec<usize>>(), 0..6),
        seed: u64,
    ) {
        let Run { members, in_flight: _in_flight, now } = after(&events, Duration::from_secs(2));
        let list = members.snapshot();
        let all: Vec<usize> = (0..list.len()).collect();
        let of_all = excluded(&list, all.iter().copied().collect(), &tried, now, &SeededRandom::new(seed));
        prop_assert!(of_all.len() < list.len(), "at least one member is left");
        let degraded: Few<usize> = all.into_iter().filter(|&list_index| list[list_index].is_degraded()).collect();
        prop_assert_eq!(&excluded(&list, degraded, &tried, now, &SeededRandom::new(seed))[..], &of_all[..]);

        // Picking from the set excludes the same members.
        let mut len = 0;
        members.pick_with(&Route { tried: &tried, ..Route::any() }, now, |candidates| {
            len = candidates.len();
            None
        });
        // If weights differ, the random source of the set yields another selection.
        if list.iter().all(|member| member.weight(now) >= 1.0) {
            prop_assert_eq!(len, list.len() - of_all.len());
        }
    }

    #[test]
    fn exactly_those_members_are_excluded_that_the_rules_exclude(
        events in prop::collection::vec((any::<prop::sample::Index>(), event()), 0..30),
        tried in prop::sample::subsequence((0..6).collect::<Vec<usize>>(), 0..6),
        seed: u64,
    ) {
        let Run { members, in_flight: _in_flight, now } = after(&events, Duration::ZERO);
        let list = members.snapshot();
        let degraded = members.0.degraded(&list);
        let out = excluded(&list, degraded, &tried, now, &SeededRandom::new(seed));
        let left: Vec<usize> = (0..list.len()).filter(|index| !out.contains(index)).collect();
        let allowed = allowed(&list, &tried);
        let highest = allowed.iter().map(|&index| list[index].weight(now)).fold(0.0, f64::max);
        for index in 0..list.len() {
            let (is_left, is_allowed) = (left.contains(&index), allowed.contains(&index));
            prop_assert!(is_allowed || !is_left, "{index} of {list:?}: {left:?}");
            if is_allowed && list[index].weight(now) >= highest {
                prop_assert!(is_left, "{index} has the highest weight of {list:?}: {left:?}");
            } else if !tried.is_empty() {
                prop_assert!(!is_left, "a retry goes to the highest weight of {list:?}: {left:?}");
            }
        }
    }
}
