use proptest::prelude::*;
use tokio::time::Duration;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

/// A discovery, its clock, and the members that follow from its steps.
struct Run {
    discovery: DiscoveryState<&'static str>,
    now: Instant,
    members: Vec<&'static str>,
    unverified: Vec<&'static str>,
    shared: Vec<&'static str>,
    warnings: usize,
}

impl Run {
    fn of(seeds: &[&'static str]) -> Self {
        let now = Instant::now();
        let discovery = DiscoveryState::new(DiscoveryPolicy::default(), seeds.iter().copied(), now);
        let (unverified, shared) = (Vec::new(), Vec::new());
        Self { discovery, now, members: seeds.to_vec(), unverified, shared, warnings: 0 }
    }

    fn apply(&mut self, steps: Vec<DiscoveryStep<&'static str>>) {
        for step in steps {
            match step {
                DiscoveryStep::AddUnverified(key) => self.unverified.push(key),
                DiscoveryStep::Admit(key) => {
                    assert!(!self.members.contains(&key));
                    self.unverified.retain(|other| *other != key);
                    self.members.push(key);
                }
                DiscoveryStep::Remove(key) => {
                    self.members.retain(|other| *other != key);
                    self.unverified.retain(|other| *other != key);
                }
                DiscoveryStep::SetShared(key, shared) => {
                    self.shared.retain(|other| *other != key);
                    self.shared.extend(shared.then_some(key));
                }
                DiscoveryStep::NoneUsable => self.warnings += 1,
            }
        }
    }

    /// Requests a list when it is due, and applies this one; returns its source.
    fn list(&mut self, list: &[&'static str]) -> &'static str {
        self.now = self.now.max(self.discovery.next_due);
        let source = self.discovery.refresh(&self.members, self.now, 0.5).unwrap();
        let steps = self.discovery.listed(&source, Some(list.to_vec()), self.now);
        self.apply(steps);
        source
    }

    /// Identifies all unknown keys by these identities.
    fn identify(&mut self, identities: &[(&'static str, &str)]) {
        loop {
            let unknown = self.discovery.next_to_identify(self.now);
            if unknown.is_empty() {
                return;
            }
            for key in unknown {
                let entry = identities.iter().find(|(name, _)| *name == key);
                let result = match entry {
                    None => Err("no response".to_owned()),
                    Some((_, "*")) => Ok(Identity::Shared),
                    Some((_, id)) => Ok(Identity::One((*id).to_owned())),
                };
                let steps = self.discovery.identified(&key, result, self.now);
                self.apply(steps);
            }
        }
    }

    /// Applies a list and identifies the keys that are unknown then.
    fn round(&mut self, list: &[&'static str], identities: &[(&'static str, &str)]) {
        self.list(list);
        self.identify(identities);
    }

    fn known(&self, key: &'static str) -> Option<MemberOrigin<&'static str>> {
        self.discovery.origin(&key)
    }
}

/// Identities by key.
const IDENTITIES: [(&str, &str); 4] = [("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")];

#[test]
fn the_first_list_is_due_at_once_and_the_next_after_about_a_minute() {
    for (random, secs) in [(0.0, 54), (0.5, 60), (1.0, 66)] {
        let mut run = Run::of(&["a"]);
        assert!(run.discovery.due() <= run.now);
        assert_eq!(run.discovery.refresh(&["a"], run.now, random), Some("a"));
        assert_eq!(run.discovery.refresh(&["a"], run.now, random), None, "one at a time");
        assert_eq!(run.discovery.due() - run.now, Duration::from_secs(secs));
    }
}

#[test]
fn lists_are_always_at_least_two_seconds_apart() {
    let mut run = Run::of(&["a"]);
    run.list(&["a"]);
    run.discovery.request_refresh(run.now);
    assert_eq!(run.discovery.due() - run.now, Duration::from_secs(2));
    run.now += Duration::from_secs(30);
    for _ in 0..3 {
        run.discovery.request_refresh(run.now);
    }
    assert!(run.discovery.refresh(&["a"], run.now, 0.5).is_some());
    assert_eq!(run.discovery.refresh(&["a"], run.now + Duration::from_secs(3), 0.5), None, "once");
}

#[test]
fn no_other_setting_makes_lists_more_frequent_than_the_minimum_interval() {
    let base = DiscoveryPolicy::default();
    for policy in [base.clone().jitter(1.0), base.interval(Duration::from_secs(1))] {
        let mut run = Run::of(&["a"]);
        run.discovery = DiscoveryState::new(policy, ["a"], run.now);
        for list in [Some(vec!["a"]), None] {
            run.now = run.discovery.due();
            assert!(run.discovery.refresh(&["a"], run.now, 0.0).is_some());
            run.discovery.listed(&"a", list, run.now);
            assert!(run.discovery.next_due >= run.now + Duration::from_secs(2), "{:?}", run.discovery.policy);
        }
    }
}

#[test]
fn lists_are_requested_from_members_in_turn() {
    let mut run = Run::of(&["a", "b", "c"]);
    let sources: Vec<_> = (0..4).map(|_| run.list(&["a", "b", "c"])).collect();
    assert_eq!(sources, ["a", "b", "c", "a"]);
    run.now += MINUTE;
    assert_eq!(run.discovery.refresh(&["c"], run.now, 0.5), Some("c"), "from a healthy one");
}

#[test]
fn a_listed_key_becomes_a_member_only_when_it_is_identified() {
    let mut run = Run::of(&["a"]);
    run.list(&["a", "b"]);
    assert_eq!((run.members.as_slice(), run.unverified.as_slice()), (&["a"][..], &["b"][..]));
    assert_eq!(run.known("b"), Some(MemberOrigin::Unverified(None)));
    assert_eq!(run.discovery.next_to_identify(run.now), ["a"], "a seed may have the same identity");
    run.identify(&IDENTITIES);
    assert_eq!(run.members, ["a", "b"]);
    assert_eq!((run.known("a"), run.known("b")), (Some(MemberOrigin::Seed), Some(MemberOrigin::Discovered)));
}

#[test]
fn an_unverified_member_that_fails_is_tried_again_and_has_a_reason() {
    let mut run = Run::of(&["a"]);
    run.round(&["a", "b", "c"], &IDENTITIES[..2]);
    assert_eq!(run.members, ["a", "b"]);
    let reason = RejectReason::Failed("no response".to_owned());
    assert_eq!(run.known("c"), Some(MemberOrigin::Unverified(Some(reason))));
    let mut delays = Vec::new();
    for _ in 0..7 {
        delays.push((run.discovery.due() - run.now).as_secs());
        let due = run.discovery.due();
        if due == run.discovery.next_due {
            run.round(&["a", "b", "c"], &IDENTITIES[..2]);
        } else {
            run.now = due;
            run.identify(&IDENTITIES[..2]);
        }
    }
    assert_eq!(delays[..5], [2, 4, 8, 16, 30], "until the next list");
    run.now += MINUTE;
    run.round(&["a", "b", "c"], &IDENTITIES);
    assert_eq!(run.members, ["a", "b", "c"]);
}

#[test]
fn an_unverified_member_that_a_list_lacks_is_removed_at_once() {
    let mut run = Run::of(&["a"]);
    run.round(&["a", "b"], &IDENTITIES[..1]);
    run.list(&["a"]);
    assert_eq!((run.known("b"), run.unverified.len()), (None, 0));
}

#[test]
fn a_member_is_removed_when_two_consecutive_lists_from_two_members_lack_it() {
    let mut run = Run::of(&["a", "b"]);
    run.round(&["a", "b", "c"], &IDENTITIES);
    assert_eq!(run.list(&["a", "b"]), "b");
    assert!(run.members.contains(&"c"), "one list may be wrong");
    run.list(&["a", "b", "c"]);
    run.list(&["a", "b"]);
    assert!(run.members.contains(&"c"), "the lists are not consecutive");
    run.list(&["a", "b"]);
    assert_eq!((run.members.as_slice(), run.known("c")), (&["a", "b"][..], None));
}

#[test]
fn two_lists_from_one_member_are_enough_only_if_there_is_no_other_source() {
    let mut run = Run::of(&["a", "b"]);
    run.round(&["a", "b", "c"], &IDENTITIES);
    for _ in 0..3 {
        run.now += 2 * MINUTE;
        // Two are healthy, and the list always comes from the same one.
        run.discovery.last_source = Some("b");
        assert_eq!(run.discovery.refresh(&["a", "b"], run.now, 0.5), Some("a"));
        let steps = run.discovery.listed(&"a", Some(vec!["a", "b"]), run.now);
        run.apply(steps);
        assert!(run.members.contains(&"c"));
    }
    let mut run = Run::of(&["a"]);
    run.round(&["a", "b"], &IDENTITIES);
    for _ in 0..4 {
        run.list(&["a"]);
    }
    assert_eq!(run.members, ["a"], "from two to one");
}

#[test]
fn one_member_alone_cannot_remove_others_that_could_contradict_it() {
    for healthy in [&["a", "b", "c"][..], &["a", "b"]] {
        let mut run = Run::of(&["a"]);
        run.round(&["a", "b", "c"], &IDENTITIES);
        for _ in 0..20 {
            run.now = run.now.max(run.discovery.next_due);
            let source = run.discovery.refresh(healthy, run.now, 0.5).unwrap();
            let list = if source == "a" { vec!["a"] } else { vec!["a", "b", "c"] };
            let steps = run.discovery.listed(&source, Some(list), run.now);
            run.apply(steps);
            assert_eq!(run.members, ["a", "b", "c"], "after the list of {source}");
        }
        // If all agree, both are removed.
        for _ in 0..4 {
            run.list(&["a"]);
        }
        assert_eq!(run.members, ["a"]);
    }
}

#[test]
fn seeds_stay_regardless_of_lists() {
    let mut run = Run::of(&["a", "b"]);
    for list in [&["c"][..], &["c"], &[], &["c"]] {
        run.round(list, &IDENTITIES);
        assert!(run.members.starts_with(&["a", "b"]), "{:?}", run.members);
    }
}

#[test]
fn an_empty_list_changes_nothing() {
    let mut run = Run::of(&["a"]);
    run.round(&["a", "b"], &IDENTITIES);
    for _ in 0..4 {
        run.round(&[], &IDENTITIES);
    }
    assert_eq!(run.members, ["a", "b"]);
}

#[test]
fn without_a_list_members_stay_and_another_source_is_tried_with_growing_delays() {
    let mut run = Run::of(&["a"]);
    run.round(&["a", "b"], &IDENTITIES);
    let mut delays = Vec::new();
    let mut sources = Vec::new();
    for _ in 0..7 {
        run.now = run.now.max(run.discovery.next_due);
        let source = run.discovery.refresh(&run.members, run.now, 0.5).unwrap();
        let steps = run.discovery.listed(&source, None, run.now);
        assert!(steps.is_empty());
        sources.push(source);
        delays.push((run.discovery.due() - run.now).as_secs());
    }
    assert_eq!(delays, [2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(sources[..3], ["b", "a", "b"]);
    assert_eq!((run.members.as_slice(), run.discovery.failures()), (&["a", "b"][..], 7));
    run.list(&["a", "b"]);
    assert_eq!(run.discovery.failures(), 0);
}

#[test]
fn if_no_unverified_member_is_usable_one_warning_is_logged_and_they_are_postponed() {
    let mut run = Run::of(&["a"]);
    run.list(&["x", "y"]);
    let started = run.now;
    let until = |run: &mut Run, minutes: u64| {
        while run.now - started < Duration::from_secs(60 * minutes) {
            run.identify(&IDENTITIES);
            run.now = run.discovery.due();
            if run.now >= run.discovery.next_due {
                run.list(&["x", "y"]);
            }
        }
        let ListedState::Unverified { failures, .. } = run.discovery.listed_keys[0].state else {
            panic!("it is unverified")
        };
        (failures, run.warnings)
    };
    assert_eq!(until(&mut run, 9), (MIN_FAILURES, 1), "no other attempt within ten minutes");
    assert_eq!(until(&mut run, 35), (MIN_FAILURES + 3, 1), "then every ten minutes, without a warning");
    assert_eq!(run.members, ["a"]);
    run.now += Duration::from_secs(600);
    run.identify(&[("a", "A"), ("x", "X")]);
    assert_eq!(run.members, ["a", "x"]);
    run.now += Duration::from_secs(3600);
    run.identify(&[]);
    assert_eq!(run.warnings, 1);
}

#[test]
fn a_second_key_of_the_same_identity_is_no_member_and_no_failure() {
    let mut run = Run::of(&["a"]);
    run.round(&["x", "y", "z"], &[("a", "A"), ("x", "A"), ("y", "B"), ("z", "B")]);
    assert_eq!(run.members, ["a", "y"]);
    assert_eq!(run.known("x"), Some(MemberOrigin::Unverified(Some(RejectReason::SameAs("a")))));
    assert_eq!(run.known("z"), Some(MemberOrigin::Unverified(Some(RejectReason::SameAs("y")))));
    for _ in 0..5 {
        run.round(&["x", "y", "z"], &[("a", "A"), ("x", "A"), ("y", "B"), ("z", "B")]);
    }
    assert_eq!(run.warnings, 0);
}

#[test]
fn a_seed_that_responds_again_replaces_the_member_with_its_identity() {
    let mut run = Run::of(&["a", "b"]);
    run.round(&["x"], &[("b", "B"), ("x", "A")]);
    assert_eq!(run.members, ["a", "b", "x"], "the seed did not respond");
    run.round(&["x"], &[("a", "A"), ("b", "B"), ("x", "A")]);
    assert_eq!(run.members, ["a", "b"]);
    assert_eq!(run.known("x"), Some(MemberOrigin::Unverified(Some(RejectReason::SameAs("a")))));
}

#[test]
fn a_shared_key_has_the_identity_of_no_other() {
    let mut run = Run::of(&["lb"]);
    run.round(&["a", "b", "other-lb"], &[("lb", "*"), ("a", "A"), ("b", "B"), ("other-lb", "*")]);
    assert_eq!(run.members, ["lb", "a", "b", "other-lb"]);
}

#[test]
fn a_shared_seed_that_is_sometimes_seen_as_one_member_stays_shared() {
    let mut run = Run::of(&["lb"]);
    let list = ["a", "b"];
    let identities = |lb: &'static str| [("lb", lb), ("a", "A"), ("b", "B")];
    run.round(&list, &identities("*"));
    // Both queries reached the same member, and on one occasion the next ones did so, too.
    for lb in ["A", "*", "B", "B", "*", "A", "B", "A", "B", "A", "B", "A", "B"] {
        run.round(&list, &identities(lb));
        assert_eq!((&run.members[..], &run.shared[..]), (&["lb", "a", "b"][..], &["lb"][..]), "as {lb}");
    }
    // Neither no answer nor other seeds beside it show anything about it.
    run.round(&list, &identities("*")[1..]);
    run.discovery.replace_seeds(&["lb", "c"], run.now);
    run.round(&list, &identities("A"));
    assert_eq!(run.shared, ["lb"]);
}

#[test]
fn a_seed_is_no_longer_shared_once_only_one_member_responds() {
    let mut run = Run::of(&["lb"]);
    let identities = |lb: &'static str| [("lb", lb), ("a", "A"), ("b", "B")];
    run.round(&["a", "b"], &identities("*"));
    let mut rounds = 0;
    while run.shared == ["lb"] {
        run.round(&["a", "b"], &identities("A"));
        rounds += 1;
    }
    assert_eq!((rounds, &run.members[..]), (SAME_TO_END_SHARED, &["lb", "b"][..]));
    // From then on each identity counts at once.
    run.round(&["a", "b"], &identities("B"));
    assert_eq!(run.members, ["lb", "a"]);
}

#[test]
fn new_seeds_replace_the_former_ones_and_listed_former_seeds_stay() {
    let mut run = Run::of(&["a", "b"]);
    run.round(&["a", "c"], &IDENTITIES);
    let members = run.discovery.replace_seeds(&["d", "c"], run.now);
    assert_eq!(members, ["d", "c", "a"], "b was not listed");
    assert_eq!((run.known("a"), run.known("b")), (Some(MemberOrigin::Discovered), None));
    assert_eq!(run.known("c"), Some(MemberOrigin::Seed), "a seed that is also listed is one member");
    assert!(run.discovery.due() - run.now <= Duration::from_secs(2));
}

#[test]
fn a_member_that_its_own_list_lacks_is_not_removed_for_it() {
    let mut run = Run::of(&["a"]);
    run.round(&["a", "b"], &IDENTITIES);
    assert_eq!(run.members, ["a", "b"]);
    assert_eq!(run.list(&["a"]), "b", "its own list lacks it");
    assert_eq!(run.list(&["a"]), "a");
    assert_eq!(run.members, ["a", "b"], "only one list from another lacks it");
    run.list(&["a"]);
    assert_eq!(run.members, ["a"]);
}

#[test]
fn the_length_of_a_list_is_limited() {
    let names: Vec<u32> = (1..10_000).collect();
    let now = Instant::now();
    let mut discovery = DiscoveryState::new(DiscoveryPolicy::default(), [0], now);
    discovery.refresh(&[0], now, 0.5);
    assert_eq!(discovery.listed(&0, Some(names), now).len(), MAX_LISTED_KEYS);
    assert!(discovery.next_to_identify(now).len() <= MAX_CONCURRENT);
}

/// An event of a discovery.
#[derive(Debug, Clone)]
enum Event {
    List(Vec<u8>),
    NoList,
    RequestRefresh,
    Pass(u64),
    /// Keys that respond, and their identities.
    Identify(Vec<(u8, u8)>),
    ReplaceSeeds(Vec<u8>),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let key = 0..8_u8;
    let event = prop_oneof![
        4 => prop::collection::vec(key.clone(), 0..8).prop_map(Event::List),
        1 => Just(Event::NoList),
        1 => Just(Event::RequestRefresh),
        2 => (0..100_u64).prop_map(Event::Pass),
        4 => prop::collection::vec((key.clone(), 0..8_u8), 0..8).prop_map(Event::Identify),
        1 => prop::collection::vec(key, 1..4).prop_map(Event::ReplaceSeeds),
    ];
    prop::collection::vec(event, 0..60)
}

proptest! {
    /// With any lists and identities: seeds are members, each key is listed once, no key is a member before it was
    /// identified, and the next step is always due within a bounded time.
    #[test]
    fn seeds_are_never_lost_and_no_key_becomes_a_member_unidentified(events in events()) {
        let mut now = Instant::now();
        let mut seeds = vec![0_u8, 1];
        let mut discovery = DiscoveryState::new(DiscoveryPolicy::default(), seeds.clone(), now);
        let members = crate::members::set::Members::new(seeds.clone());
        let apply = |steps: Vec<DiscoveryStep<u8>>, identified: &[u8]| {
            for step in steps {
                match step {
                    DiscoveryStep::AddUnverified(key) => drop(members.add_unverified(key)),
                    DiscoveryStep::Admit(key) => {
                        assert!(identified.contains(&key));
                        members.insert(key);
                    }
                    DiscoveryStep::Remove(key) => drop(members.remove(&key)),
                    DiscoveryStep::SetShared(..) | DiscoveryStep::NoneUsable => {}
                }
            }
        };
        let mut requested_at: Option<Instant> = None;
        for event in events {
            match event {
                Event::RequestRefresh => discovery.request_refresh(now),
                Event::Pass(secs) => now += Duration::from_secs(secs),
                Event::List(_) | Event::NoList => {
                    let healthy: Vec<_> = members.snapshot().iter().map(|member| *member.key()).collect();
                    if let Some(source) = discovery.refresh(&healthy, now, 0.5) {
                        let least = Duration::from_secs(2);
                        prop_assert!(requested_at.is_none_or(|before| now - before >= least));
                        requested_at = Some(now);
                        let list = if let Event::List(list) = event { Some(list) } else { None };
                        apply(discovery.listed(&source, list, now), &[]);
                    }
                }
                Event::Identify(identities) => {
                    for key in discovery.next_to_identify(now) {
                        let entry = identities.iter().find(|(name, _)| *name == key);
                        let result = match entry {
                            None => Err(String::new()),
                            Some((_, 0)) => Ok(Identity::Shared),
                            Some((_, id)) => Ok(Identity::One(id.to_string())),
                        };
                        let identified: &[u8] = if result.is_ok() { &[key] } else { &[] };
                        apply(discovery.identified(&key, result, now), identified);
                    }
                }
                Event::ReplaceSeeds(keys) => {
                    seeds = keys;
                    seeds.dedup();
                    members.set(discovery.replace_seeds(&seeds, now));
                }
            }
            let current: Vec<_> = members.snapshot().iter().map(|member| *member.key()).collect();
            for seed in &seeds {
                prop_assert!(current.contains(seed), "{seed} of {current:?}");
                prop_assert_eq!(discovery.origin(seed), Some(MemberOrigin::Seed));
            }
            for key in &current {
                prop_assert!(matches!(discovery.origin(key), Some(MemberOrigin::Seed | MemberOrigin::Discovered)));
            }
            for member in members.unverified().iter() {
                prop_assert!(matches!(discovery.origin(member.key()), Some(MemberOrigin::Unverified(_))));
            }
            prop_assert!(discovery.due() <= now + Duration::from_secs(67));
        }
    }
}
