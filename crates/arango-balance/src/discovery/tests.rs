use proptest::prelude::*;
use tokio::time::Duration;

use super::*;

const NOW_AND_THEN: Duration = Duration::from_secs(60);

/// A discovery, the clock beside it, and who is a member by the steps that it gave.
struct Run {
    discovery: DiscoveryState<&'static str>,
    now: Instant,
    members: Vec<&'static str>,
    tried_out: Vec<&'static str>,
    warnings: usize,
}

impl Run {
    fn of(seeds: &[&'static str]) -> Self {
        let now = Instant::now();
        let discovery = DiscoveryState::new(DiscoveryPolicy::default(), seeds.iter().copied(), now);
        Self { discovery, now, members: seeds.to_vec(), tried_out: Vec::new(), warnings: 0 }
    }

    fn take(&mut self, steps: Vec<DiscoveryStep<&'static str>>) {
        for step in steps {
            match step {
                DiscoveryStep::AddUnverified(key) => self.tried_out.push(key),
                DiscoveryStep::Admit(key) => {
                    assert!(!self.members.contains(&key));
                    self.tried_out.retain(|other| *other != key);
                    self.members.push(key);
                }
                DiscoveryStep::Remove(key) => {
                    self.members.retain(|other| *other != key);
                    self.tried_out.retain(|other| *other != key);
                }
                DiscoveryStep::SetShared(..) => {}
                DiscoveryStep::NoneUsable => self.warnings += 1,
            }
        }
    }

    /// Asks for a list at the time it is due, and is given this one; by whom.
    fn list(&mut self, list: &[&'static str]) -> &'static str {
        self.now = self.now.max(self.discovery.next_due);
        let by = self.discovery.refresh(&self.members, self.now, 0.5).unwrap();
        let steps = self.discovery.listed(&by, Some(list.to_vec()), self.now);
        self.take(steps);
        by
    }

    /// Finds out about all who are unknown, by this book.
    fn find_out(&mut self, book: &[(&'static str, &str)]) {
        loop {
            let unknown = self.discovery.unknown(self.now);
            if unknown.is_empty() {
                return;
            }
            for key in unknown {
                let entry = book.iter().find(|(name, _)| *name == key);
                let answer = match entry {
                    None => Err("nobody answers".to_owned()),
                    Some((_, "*")) => Ok(Identity::Shared),
                    Some((_, id)) => Ok(Identity::One((*id).to_owned())),
                };
                let steps = self.discovery.identified(&key, answer, self.now);
                self.take(steps);
            }
        }
    }

    /// A list and all that follows from it.
    fn round(&mut self, list: &[&'static str], book: &[(&'static str, &str)]) {
        self.list(list);
        self.find_out(book);
    }

    fn known(&self, key: &'static str) -> Option<MemberOrigin<&'static str>> {
        self.discovery.known(&key)
    }
}

/// Where each is who it is called.
const BOOK: [(&str, &str); 4] = [("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")];

#[test]
fn the_first_list_is_due_at_once_and_the_next_after_a_minute_more_or_less() {
    for (chance, secs) in [(0.0, 54), (0.5, 60), (1.0, 66)] {
        let mut run = Run::of(&["a"]);
        assert!(run.discovery.due() <= run.now);
        assert_eq!(run.discovery.refresh(&["a"], run.now, chance), Some("a"));
        assert_eq!(run.discovery.refresh(&["a"], run.now, chance), None, "one at a time");
        assert_eq!(run.discovery.due() - run.now, Duration::from_secs(secs));
    }
}

#[test]
fn whatever_happens_lists_are_two_seconds_apart() {
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
fn lists_are_asked_for_in_turn() {
    let mut run = Run::of(&["a", "b", "c"]);
    let by: Vec<_> = (0..4).map(|_| run.list(&["a", "b", "c"])).collect();
    assert_eq!(by, ["a", "b", "c", "a"]);
    run.now += NOW_AND_THEN;
    assert_eq!(run.discovery.refresh(&["c"], run.now, 0.5), Some("c"), "of those that are well");
}

#[test]
fn whoever_is_listed_and_answers_becomes_a_member_and_not_before() {
    let mut run = Run::of(&["a"]);
    run.list(&["a", "b"]);
    assert_eq!((run.members.as_slice(), run.tried_out.as_slice()), (&["a"][..], &["b"][..]));
    assert_eq!(run.known("b"), Some(MemberOrigin::Candidate(None)));
    assert_eq!(run.discovery.unknown(run.now), ["a"], "a seed may be the same");
    run.find_out(&BOOK);
    assert_eq!(run.members, ["a", "b"]);
    assert_eq!((run.known("a"), run.known("b")), (Some(MemberOrigin::Seed), Some(MemberOrigin::Discovered)));
}

#[test]
fn a_candidate_that_fails_is_tried_again_and_says_why_it_is_none() {
    let mut run = Run::of(&["a"]);
    run.round(&["a", "b", "c"], &BOOK[..2]);
    assert_eq!(run.members, ["a", "b"]);
    let why = RejectReason::Failed("nobody answers".to_owned());
    assert_eq!(run.known("c"), Some(MemberOrigin::Candidate(Some(why))));
    let mut pauses = Vec::new();
    for _ in 0..7 {
        pauses.push((run.discovery.due() - run.now).as_secs());
        let due = run.discovery.due();
        if due == run.discovery.next_due {
            run.round(&["a", "b", "c"], &BOOK[..2]);
        } else {
            run.now = due;
            run.find_out(&BOOK[..2]);
        }
    }
    assert_eq!(pauses[..5], [2, 4, 8, 16, 30], "until the next list");
    run.now += NOW_AND_THEN;
    run.round(&["a", "b", "c"], &BOOK);
    assert_eq!(run.members, ["a", "b", "c"]);
}

#[test]
fn a_candidate_that_lists_lack_is_forgotten_at_once() {
    let mut run = Run::of(&["a"]);
    run.round(&["a", "b"], &BOOK[..1]);
    run.list(&["a"]);
    assert_eq!((run.known("b"), run.tried_out.len()), (None, 0));
}

#[test]
fn a_member_goes_when_two_lists_in_a_row_lack_it_by_two_who_gave_them() {
    let mut run = Run::of(&["a", "b"]);
    run.round(&["a", "b", "c"], &BOOK);
    assert_eq!(run.list(&["a", "b"]), "b");
    assert!(run.members.contains(&"c"), "one list may be wrong");
    run.list(&["a", "b", "c"]);
    run.list(&["a", "b"]);
    assert!(run.members.contains(&"c"), "not in a row");
    run.list(&["a", "b"]);
    assert_eq!((run.members.as_slice(), run.known("c")), (&["a", "b"][..], None));
}

#[test]
fn two_lists_of_one_are_enough_only_if_nobody_else_could_give_one() {
    let mut run = Run::of(&["a", "b"]);
    run.round(&["a", "b", "c"], &BOOK);
    for _ in 0..3 {
        run.now += 2 * NOW_AND_THEN;
        // Two are well, and it is always the same one that gives a list.
        run.discovery.last_source = Some("b");
        assert_eq!(run.discovery.refresh(&["a", "b"], run.now, 0.5), Some("a"));
        let steps = run.discovery.listed(&"a", Some(vec!["a", "b"]), run.now);
        run.take(steps);
        assert!(run.members.contains(&"c"));
    }
    let mut run = Run::of(&["a"]);
    run.round(&["a", "b"], &BOOK);
    for _ in 0..4 {
        run.list(&["a"]);
    }
    assert_eq!(run.members, ["a"], "from two to one");
}

#[test]
fn seeds_stay_whatever_lists_say() {
    let mut run = Run::of(&["a", "b"]);
    for list in [&["c"][..], &["c"], &[], &["c"]] {
        run.round(list, &BOOK);
        assert!(run.members.starts_with(&["a", "b"]), "{:?}", run.members);
    }
}

#[test]
fn a_list_of_nobody_changes_nothing() {
    let mut run = Run::of(&["a"]);
    run.round(&["a", "b"], &BOOK);
    for _ in 0..4 {
        run.round(&[], &BOOK);
    }
    assert_eq!(run.members, ["a", "b"]);
}

#[test]
fn without_a_list_everything_stays_and_another_is_asked_soon_and_then_less_and_less_soon() {
    let mut run = Run::of(&["a"]);
    run.round(&["a", "b"], &BOOK);
    let mut pauses = Vec::new();
    let mut by = Vec::new();
    for _ in 0..7 {
        run.now = run.now.max(run.discovery.next_due);
        let asked = run.discovery.refresh(&run.members, run.now, 0.5).unwrap();
        let steps = run.discovery.listed(&asked, None, run.now);
        assert!(steps.is_empty());
        by.push(asked);
        pauses.push((run.discovery.due() - run.now).as_secs());
    }
    assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(by[..3], ["b", "a", "b"]);
    assert_eq!((run.members.as_slice(), run.discovery.failures()), (&["a", "b"][..], 7));
    run.list(&["a", "b"]);
    assert_eq!(run.discovery.failures(), 0);
}

#[test]
fn where_no_candidate_works_it_is_said_once_and_they_are_left_alone_for_long() {
    let mut run = Run::of(&["a"]);
    run.list(&["x", "y"]);
    let began = run.now;
    let until = |run: &mut Run, minutes: u64| {
        while run.now - began < Duration::from_secs(60 * minutes) {
            run.find_out(&BOOK);
            run.now = run.discovery.due();
            if run.now >= run.discovery.next_due {
                run.list(&["x", "y"]);
            }
        }
        let ListedState::Candidate { failures, .. } = run.discovery.listed_keys[0].state else {
            panic!("it is one")
        };
        (failures, run.warnings)
    };
    assert_eq!(until(&mut run, 9), (PROOF, 1), "not once more within ten minutes");
    assert_eq!(until(&mut run, 35), (PROOF + 3, 1), "and then every ten minutes, in silence");
    assert_eq!(run.members, ["a"]);
    run.now += Duration::from_secs(600);
    run.find_out(&[("a", "A"), ("x", "X")]);
    assert_eq!(run.members, ["a", "x"]);
    run.now += Duration::from_secs(3600);
    run.find_out(&[]);
    assert_eq!(run.warnings, 1);
}

#[test]
fn a_second_name_of_a_seed_or_of_another_is_no_member_and_no_failure() {
    let mut run = Run::of(&["a"]);
    run.round(&["x", "y", "z"], &[("a", "A"), ("x", "A"), ("y", "B"), ("z", "B")]);
    assert_eq!(run.members, ["a", "y"]);
    assert_eq!(run.known("x"), Some(MemberOrigin::Candidate(Some(RejectReason::SameAs("a")))));
    assert_eq!(run.known("z"), Some(MemberOrigin::Candidate(Some(RejectReason::SameAs("y")))));
    for _ in 0..5 {
        run.round(&["x", "y", "z"], &[("a", "A"), ("x", "A"), ("y", "B"), ("z", "B")]);
    }
    assert_eq!(run.warnings, 0);
}

#[test]
fn a_seed_that_comes_back_takes_the_place_of_its_second_name() {
    let mut run = Run::of(&["a", "b"]);
    run.round(&["x"], &[("b", "B"), ("x", "A")]);
    assert_eq!(run.members, ["a", "b", "x"], "the seed did not answer");
    run.round(&["x"], &[("a", "A"), ("b", "B"), ("x", "A")]);
    assert_eq!(run.members, ["a", "b"]);
    assert_eq!(run.known("x"), Some(MemberOrigin::Candidate(Some(RejectReason::SameAs("a")))));
}

#[test]
fn what_several_answer_under_is_nobodys_second_name() {
    let mut run = Run::of(&["lb"]);
    run.round(&["a", "b", "other-lb"], &[("lb", "*"), ("a", "A"), ("b", "B"), ("other-lb", "*")]);
    assert_eq!(run.members, ["lb", "a", "b", "other-lb"]);
}

#[test]
fn other_seeds_take_the_place_of_the_first_and_who_is_still_listed_stays() {
    let mut run = Run::of(&["a", "b"]);
    run.round(&["a", "c"], &BOOK);
    let members = run.discovery.replace_seeds(&["d", "c"], run.now);
    assert_eq!(members, ["d", "c", "a"], "b was in no list");
    assert_eq!((run.known("a"), run.known("b")), (Some(MemberOrigin::Discovered), None));
    assert_eq!(run.known("c"), Some(MemberOrigin::Seed), "a seed that is also found is one member");
    assert!(run.discovery.due() - run.now <= Duration::from_secs(2));
}

#[test]
fn the_own_list_of_a_member_does_not_count_against_it() {
    let mut run = Run::of(&["a"]);
    run.round(&["a", "b"], &BOOK);
    assert_eq!(run.members, ["a", "b"]);
    assert_eq!(run.list(&["a"]), "b", "its own list lacks it");
    assert_eq!(run.list(&["a"]), "a");
    assert_eq!(run.members, ["a", "b"], "only one list of another lacks it");
    run.list(&["a"]);
    assert_eq!(run.members, ["a"]);
}

#[test]
fn a_list_without_end_has_one() {
    let names: Vec<u32> = (1..10_000).collect();
    let now = Instant::now();
    let mut discovery = DiscoveryState::new(DiscoveryPolicy::default(), [0], now);
    discovery.refresh(&[0], now, 0.5);
    assert_eq!(discovery.listed(&0, Some(names), now).len(), MOST);
    assert!(discovery.unknown(now).len() <= AT_ONCE);
}

/// What may happen to a discovery.
#[derive(Debug, Clone)]
enum Happens {
    Lists(Vec<u8>),
    GivesNone,
    Nudge,
    Passes(u64),
    /// Who answers, as whom.
    FindOut(Vec<(u8, u8)>),
    Reseed(Vec<u8>),
}

fn happenings() -> impl Strategy<Value = Vec<Happens>> {
    let key = 0..8_u8;
    let one = prop_oneof![
        4 => prop::collection::vec(key.clone(), 0..8).prop_map(Happens::Lists),
        1 => Just(Happens::GivesNone),
        1 => Just(Happens::Nudge),
        2 => (0..100_u64).prop_map(Happens::Passes),
        4 => prop::collection::vec((key.clone(), 0..8_u8), 0..8).prop_map(Happens::FindOut),
        1 => prop::collection::vec(key, 1..4).prop_map(Happens::Reseed),
    ];
    prop::collection::vec(one, 0..60)
}

proptest! {
    /// Whatever is listed and whoever answers: seeds are members, each key is there once, nobody is a member who
    /// has not been found out about, and there is always a time to look next that is not lost in the future.
    #[test]
    fn seeds_are_never_lost_and_nobody_comes_in_unknown(happenings in happenings()) {
        let mut now = Instant::now();
        let mut seeds = vec![0_u8, 1];
        let mut discovery = DiscoveryState::new(DiscoveryPolicy::default(), seeds.clone(), now);
        let members = crate::Members::new(seeds.clone());
        let take = |steps: Vec<DiscoveryStep<u8>>, known: &[u8]| {
            for step in steps {
                match step {
                    DiscoveryStep::AddUnverified(key) => drop(members.add_unverified(key)),
                    DiscoveryStep::Admit(key) => {
                        assert!(known.contains(&key));
                        members.insert(key);
                    }
                    DiscoveryStep::Remove(key) => drop(members.remove(&key)),
                    DiscoveryStep::SetShared(..) | DiscoveryStep::NoneUsable => {}
                }
            }
        };
        let mut asked_at: Option<Instant> = None;
        for happens in happenings {
            match happens {
                Happens::Nudge => discovery.request_refresh(now),
                Happens::Passes(secs) => now += Duration::from_secs(secs),
                Happens::Lists(_) | Happens::GivesNone => {
                    let well: Vec<_> = members.snapshot().iter().map(|member| *member.key()).collect();
                    if let Some(by) = discovery.refresh(&well, now, 0.5) {
                        let least = Duration::from_secs(2);
                        prop_assert!(asked_at.is_none_or(|before| now - before >= least));
                        asked_at = Some(now);
                        let list = if let Happens::Lists(list) = happens { Some(list) } else { None };
                        take(discovery.listed(&by, list, now), &[]);
                    }
                }
                Happens::FindOut(book) => {
                    for key in discovery.unknown(now) {
                        let entry = book.iter().find(|(name, _)| *name == key);
                        let answer = match entry {
                            None => Err(String::new()),
                            Some((_, 0)) => Ok(Identity::Shared),
                            Some((_, id)) => Ok(Identity::One(id.to_string())),
                        };
                        let known: &[u8] = if answer.is_ok() { &[key] } else { &[] };
                        take(discovery.identified(&key, answer, now), known);
                    }
                }
                Happens::Reseed(keys) => {
                    seeds = keys;
                    seeds.dedup();
                    members.set(discovery.replace_seeds(&seeds, now));
                }
            }
            let there: Vec<_> = members.snapshot().iter().map(|member| *member.key()).collect();
            for seed in &seeds {
                prop_assert!(there.contains(seed), "{seed} of {there:?}");
                prop_assert_eq!(discovery.known(seed), Some(MemberOrigin::Seed));
            }
            for key in &there {
                prop_assert!(matches!(discovery.known(key), Some(MemberOrigin::Seed | MemberOrigin::Discovered)));
            }
            for member in members.unverified().iter() {
                prop_assert!(matches!(discovery.known(member.key()), Some(MemberOrigin::Candidate(_))));
            }
            prop_assert!(discovery.due() <= now + Duration::from_secs(67));
        }
    }
}
