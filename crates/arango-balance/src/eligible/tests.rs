use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::{HealthPolicy, Members, ProbeResult, Route, SeededRandom, Signal};

/// What happens to a member.
#[derive(Debug, Clone, Copy)]
enum Event {
    Told(Signal),
    /// Its term, if it has one, is over, and it is found well.
    Found,
    Removed,
    /// Another one comes, into the slot of one that has gone if there is such a one.
    Joined,
}

fn event() -> impl Strategy<Value = Event> {
    let verdict = prop_oneof![
        Just(Signal::Success),
        Just(Signal::Overloaded),
        Just(Signal::Draining),
        Just(Signal::Unreachable),
    ];
    prop_oneof![
        6 => verdict.prop_map(Event::Told),
        1 => Just(Event::Found),
        1 => Just(Event::Removed),
        1 => Just(Event::Joined),
    ]
}

/// A set to which all that has happened, and when the last of it did.
fn after(events: &[(prop::sample::Index, Event)]) -> (Members<usize>, Instant) {
    let policy = HealthPolicy { consecutive_connect_failures: 1, ..HealthPolicy::default() };
    let members = Members::builder().health(policy).build(0..6);
    let mut now = Instant::now();
    for (which, event) in events {
        now += Duration::from_millis(300);
        let list = members.snapshot();
        let member = which.get(list.as_slice());
        match event {
            Event::Told(verdict) => member.record_at(*verdict, now, now),
            Event::Found => {
                if let Some(due) = member.status().next_probe {
                    member.record_probe_at(due, ProbeResult::Available, now);
                }
            }
            Event::Removed if list.len() > 1 => drop(members.remove(member.key())),
            Event::Removed => {}
            Event::Joined => drop(members.insert(100 + list.iter().map(|one| *one.key()).max().unwrap())),
        }
    }
    (members, now)
}

proptest! {
    #[test]
    fn whoever_is_not_looked_at_would_have_been_let_in_if_it_had_been(
        events in prop::collection::vec((any::<prop::sample::Index>(), event()), 0..30),
        tried in prop::sample::subsequence((0..6).collect::<Vec<usize>>(), 0..6),
        seed: u64,
    ) {
        let (members, now) = after(&events);
        let list = members.snapshot();
        let all: Vec<usize> = (0..list.len()).collect();
        let of_all = excluded(&list, &all, &tried, now, &SeededRandom::new(seed));
        prop_assert!(of_all.len() < list.len(), "somebody is left");
        let apart: Vec<usize> = all.into_iter().filter(|&place| list[place].is_degraded()).collect();
        prop_assert_eq!(&excluded(&list, &apart, &tried, now, &SeededRandom::new(seed)), &of_all);

        // The set looks at the same ones.
        let mut seen = 0;
        members.pick_with(&Route { tried: &tried, ..Route::any() }, now, |candidates| {
            seen = candidates.len();
            None
        });
        // By chance of its own, where weights are not the same.
        if list.iter().all(|member| member.weight(now) >= 1.0) {
            prop_assert_eq!(seen, list.len() - of_all.len());
        }
    }
}
