use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::health::policy::HealthPolicy;
use crate::health::probe_result::ProbeResult;
use crate::health::signal::Signal;
use crate::members::set::Members;
use crate::members::timing::Timing;
use crate::pick::route::Route;
use crate::random_source::SeededRandom;

/// An event of a member.
#[derive(Debug, Clone, Copy)]
enum Event {
    Record(Signal),
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
    ];
    prop_oneof![
        6 => signal.prop_map(Event::Record),
        1 => Just(Event::Probed),
        1 => Just(Event::Removed),
        1 => Just(Event::Added),
    ]
}

/// Returns a set after these events, and the time of the last one.
fn after(events: &[(prop::sample::Index, Event)]) -> (Members<usize>, Instant) {
    let policy = HealthPolicy { consecutive_connect_failures: 1, ..HealthPolicy::default() };
    let members = Members::builder().health(policy).build(0..6);
    let mut now = Instant::now();
    for (which, event) in events {
        now += Duration::from_millis(300);
        let list = members.snapshot();
        let member = which.get(list.as_slice());
        match event {
            Event::Record(signal) => member.record(*signal, Timing::since(now).at(now)),
            Event::Probed => {
                if let Some(due) = member.status().next_probe {
                    member.record_probe_at(due, ProbeResult::Available, now);
                }
            }
            Event::Removed if list.len() > 1 => drop(members.remove(member.key())),
            Event::Removed => {}
            Event::Added => {
                drop(members.insert(100 + list.iter().map(|member| *member.key()).max().unwrap()));
            }
        }
    }
    (members, now)
}

proptest! {
    #[test]
    fn reading_only_degraded_members_gives_the_same_result_as_reading_all(
        events in prop::collection::vec((any::<prop::sample::Index>(), event()), 0..30),
        tried in prop::sample::subsequence((0..6).collect::<Vec<usize>>(), 0..6),
        seed: u64,
    ) {
        let (members, now) = after(&events);
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
}
